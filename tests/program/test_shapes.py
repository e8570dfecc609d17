"""Shapes of real apps taken over by the whole program: the preview shows the ownership line alone, nothing is lost, drift finds nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from orgkey.identity.key_pair import certify, generate_key
from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok
from tests.provider.shape_in_org import put_there, what_is_there
from tests.provider.shapes import CONNECTED_SHAPES, EXTERNAL_SHAPES, PERMISSION_SET_SHAPES, Shape

SUCCESS = "https://login.salesforce.com/services/oauth2/success"
TAKEN_OVER: dict[str, tuple[Shape, dict[str, Any], dict[str, Any]]] = {
    "External Client App that admits two sets": (
        EXTERNAL_SHAPES["two sets admitted, without blanks"],
        {"kind": "external", "permissionSets": ["Viz_Other"], "isNamedUserJwtEnabled": True},
        {"name": "VizVoice_Access", "label": "Viz voice access"},
    ),
    "Connected App that shows labels": (
        CONNECTED_SHAPES["a CI app that shows labels of sets and profiles"],
        {
            "kind": "connected",
            "label": "sfdx travis ci",
            "scopes": ["Web", "Api", "RefreshToken"],
            "callbackUrls": ["http://localhost:1717/OauthRedirect"],
            "profiles": ["System Administrator"],
        },
        {"name": "sfdx_travis_ci", "label": "sfdx travis ci"},
    ),
}


@pytest.mark.parametrize(("shape", "app", "permission_set"), TAKEN_OVER.values(), ids=TAKEN_OVER)
def test_a_real_app_is_taken_over_by_the_ownership_line_alone(
    stack: Stack,
    config: dict[str, Any],
    org: Org,
    landscape: Landscape,
    shape: Shape,
    app: dict[str, Any],
    permission_set: dict[str, Any],
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    pair = certify(generate_key(2048), subject="CN=ci", validity_days=90, now=datetime.now(UTC))
    put_there(org, shape, pair.certificate.pem)
    org.assign(permission_set["name"], org.user("ci"))
    config |= {
        "orgkey:app": {"name": shape.name, "contactEmail": "ops@acme.com", "protect": False, **app},
        "orgkey:permissionSet": permission_set,
        "orgkey:key": {"consumerKey": shape.key, "certificatePem": pair.certificate.pem},
        "orgkey:import": {"app": True, "permissionSet": True, "assignments": True},
    }
    stack.configure(config)
    stack.set_secret("orgkey:key.privateKeyPem", pair.private_key_pem)
    before = what_is_there(org, shape)
    text = ok(stack.pulumi("preview", "--diff", "--stack", "t")).text
    kind = "ConnectedApp" if app["kind"] == "connected" else "ExternalClientApp"
    _, update = text.split(f"salesforce:index:{kind}: (update)")
    assert re.findall(r"^\s+[~+-] (\w+)\s*:", update.split("salesforce:index:JwtGrant")[0], re.MULTILINE) == [
        "managedBy"
    ], text
    ok(stack.up())
    held = what_is_there(org, shape)
    lost = {member: document - held[member] for member, document in before.items()}
    assert {path for document in lost.values() for path, _ in document} <= {"description"}, lost
    assert stack.drift().code == 0
    assert stack.outputs()["verified"] is True
    assert "7 unchanged" in ok(stack.up()).text


def test_a_permission_set_with_access_of_every_kind_is_taken_over_as_it_is(
    stack: Stack, config: dict[str, Any], org: Org
) -> None:
    shape = PERMISSION_SET_SHAPES["with access to everything that one can have access to"]
    put_there(org, shape, "")
    before = what_is_there(org, shape)
    config |= {
        "orgkey:permissionSet": {"name": "Wide", "label": "Wide", "description": "Für alles"},
        "orgkey:import": {"permissionSet": True},
    }
    config["orgkey:permissionSet"]["userPermissions"] = ["ApiEnabled", "ViewEncryptedData", "ViewSetup"]
    stack.configure(config)
    ok(stack.up())
    held = what_is_there(org, shape)
    assert {path for member in before for path, _ in before[member] - held[member]} <= {"description"}
    assert stack.drift().code == 0
