"""Whether an org lets a login make Connected Apps: since Spring '26 most do not (platform notes 2.1), and nothing but a deploy tells.

So a check-only deploy is sent, which changes nothing, and only where somebody wants a new Connected App.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

from orgkey.metadata.bundle import deployment
from orgkey.metadata.members import Resource, member_names
from orgkey.metadata.render import render
from orgkey.salesforce.deploy_job import deploy
from orgkey.salesforce.error_table import DEPLOY, find_row
from orgkey.salesforce.errors import DeployFailedError, RefusedError
from orgkey.salesforce.read import Snapshot
from orgkey.start.wishes import DraftError

_SECONDS = 60.0
_BITS = 2048
_REFUSAL = "you can't create a connected app"


def try_a_connected_app(snapshot: Snapshot, name: str, contact_email: str) -> Iterator[str]:
    """Let the org judge; yields what it has against this app besides, raises DraftError where it lets nobody make one."""
    from orgkey.identity.key_pair import certify, generate_key

    org = snapshot.org
    now = datetime.fromtimestamp(org.clock.now(), UTC)
    throw_away = certify(generate_key(_BITS), subject="CN=check", validity_days=1, now=now).certificate.pem
    kind, version = Resource.CONNECTED_APP, org.connection.api_version
    settings = {
        "name": name,
        "label": name,
        "contactEmail": contact_email,
        "certificatePem": throw_away,
        "consumerKey": secrets.token_hex(32),
    }
    members = render(kind, settings, member_names(kind, name), api_version=float(version))
    try:
        deploy(org, deployment(members, api_version=version), seconds=_SECONDS, check_only=True)
    except DeployFailedError as error:
        for problem in error.problems:
            if _REFUSAL in problem.lower():
                row = find_row(DEPLOY, "", problem)
                why = row.meaning if row else problem
                raise DraftError(
                    [f"--kind connected: {why}. Leave --kind out: an External Client App does the same."]
                ) from None
        yield f"the org judged the app by a check-only deploy and has something against it: {'; '.join(error.problems)}"
    except RefusedError as refusal:
        yield f"whether the org lets anybody make a Connected App is not known: it takes no check-only deploy ({refusal.in_short})"
