"""A Pulumi program with several components, each with an app of its own.

The stack file's `test:components` lists them: name, app, user, more settings and, for one with a provider of its own, that provider's
name and settings.
"""

import json

import pulumi

from orgkey.components.jwt_bearer_access import JwtBearerAccess
from orgkey.stack_file.arguments import arguments_of
from orgkey.stack_file.settings import load, stack_config

config = stack_config()
components = json.loads(config.pop("test:components"))
for each in components:
    connection = {f"salesforce:{name}": value for name, value in each.get("connection", {}).items()}
    kept = {key: value for key, value in config.items() if not (connection and key.startswith("salesforce:"))}
    own = {key: value if isinstance(value, str) else json.dumps(value) for key, value in connection.items()}
    settings = load(
        {
            **kept,
            **own,
            "orgkey:app": json.dumps({"name": each["app"], "contactEmail": "ops@acme.com"}),
            "orgkey:users": json.dumps([each["user"]]),
            **{key: json.dumps(value) for key, value in each.get("config", {}).items()},
        },
        project=pulumi.get_project(),
        stack=pulumi.get_stack(),
    )
    options = None
    if connection:
        given = {key.removeprefix("salesforce:"): value for key, value in own.items()}
        options = pulumi.ResourceOptions(providers=[pulumi.ProviderResource("salesforce", each["provider"], given)])
    JwtBearerAccess(each["name"], arguments_of(settings), options)
