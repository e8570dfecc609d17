"""The whole path once: deploy, assign, grant, look."""

from __future__ import annotations

from tests.localorg.bundles import ExternalApp, Keys
from tests.localorg.landscape_client import OrgClient


def test_a_deployed_app_grants_a_token_to_an_assigned_user(org: OrgClient, keys: Keys) -> None:
    app = ExternalApp(keys)

    deployed = org.deploy(app.package())
    assert deployed["status"] == "Succeeded", deployed["details"]["componentFailures"]
    assert org.assign(app.set_name, "ci").status_code == 201
    granted = org.grant(app.assertion(org.username("ci"), org.url))

    assert granted.status_code == 200, granted.text
    user = org.as_user(granted.json()["access_token"])
    assert user.call("GET", "/services/oauth2/userinfo").json()["preferred_username"] == org.username("ci")
    assert user.query("SELECT Id FROM Organization")[0]["Id"] == org.about["orgId"]
