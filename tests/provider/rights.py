"""An administrator whose permissions a test chooses."""

from __future__ import annotations

from tests.landscape import Org

_DATA = "/services/data/v67.0/sobjects"


def may_only(org: Org, *permissions: str) -> None:
    """Leave the org's administrator these permissions alone: by a permission set, beside a profile that allows next to nothing."""
    flags = {f"Permissions{name}": True for name in permissions}
    set_id = _made(org, "PermissionSet", {"Name": "Rights", "Label": "Rights", **flags})
    (admin,) = org.query(f"SELECT Id FROM User WHERE Username = '{org.username}'")
    (least,) = org.query("SELECT Id FROM Profile WHERE Name = 'Minimum Access - Salesforce'")
    _made(org, "PermissionSetAssignment", {"AssigneeId": admin["Id"], "PermissionSetId": set_id})
    changed = org.call("PATCH", f"{_DATA}/User/{admin['Id']}", json={"ProfileId": least["Id"]})
    assert changed.status_code == 204, changed.text


def _made(org: Org, kind: str, record: dict[str, object]) -> str:
    answer = org.call("POST", f"{_DATA}/{kind}", json=record)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
