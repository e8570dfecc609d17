"""orgkey: password-less Salesforce access for one org, as a Pulumi program. The stack file says everything; see README.md."""

import pulumi

from orgkey.components.jwt_bearer_access import JwtBearerAccess
from orgkey.stack_file.arguments import arguments_of
from orgkey.stack_file.settings import SettingsError, load, stack_config

try:
    settings = load(stack_config(), project=pulumi.get_project(), stack=pulumi.get_stack())
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None

access = JwtBearerAccess("access", arguments_of(settings))
for note in settings.notes:
    pulumi.log.warn(note, access)

for name, value in access.outputs().items():
    pulumi.export(name, value)
