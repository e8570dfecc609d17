"""The Metadata field of a Profile: what the Tooling API tells of it in one record, by the elements of the WSDL.

Every element is there: a list is empty, anything else null, where the profile has nothing (as the Tooling API writes complex values;
from memory).
"""

from __future__ import annotations

from typing import Any

from localorg.identity.login_restrictions import DAYS, ip_ranges, login_hours
from localorg.identity.profiles import own_set
from localorg.sobjects.reference import PERMISSIONS
from localorg.store import Store

_EMPTY_LISTS = (
    "applicationVisibilities",
    "classAccesses",
    "customPermissions",
    "externalDataSourceAccesses",
    "fieldPermissions",
    "objectPermissions",
    "pageAccesses",
    "profileActionOverrides",
    "recordTypeVisibilities",
    "servicePresenceStatusAccesses",
    "tabVisibilities",
)


def profile_metadata(store: Store, org: str, profile_id: str) -> dict[str, Any]:
    """Return a profile's metadata: login hours, address ranges and permissions; a profile has nothing else here."""
    profile = store.get(org, "Profile", profile_id) or {}
    licence = store.get(org, "UserLicense", profile.get("UserLicenseId", "")) or {}
    own = own_set(store, org, profile_id) or {}
    return {
        **{name: [] for name in _EMPTY_LISTS},
        "custom": bool(own.get("IsCustom")),
        "description": profile.get("Description"),
        "loginHours": _hours(store, org, profile_id),
        "loginIpRanges": [
            {"description": each["description"], "endAddress": each["high"], "startAddress": each["low"]}
            for each in ip_ranges(store, org, profile_id)
        ],
        "userLicense": licence.get("Name"),
        "userPermissions": [{"enabled": True, "name": each} for each in PERMISSIONS if own.get(f"Permissions{each}")],
    }


def _hours(store: Store, org: str, profile_id: str) -> dict[str, str | None] | None:
    """Return the hours as text, as the WSDL has them; null when there are none."""
    hours = login_hours(store, org, profile_id)
    shown: dict[str, str | None] = {}
    for day in DAYS if hours else ():
        first, last = hours.get(day, (None, None))
        shown[f"{day}Start"] = None if first is None else str(first)
        shown[f"{day}End"] = None if last is None else str(last)
    return shown or None
