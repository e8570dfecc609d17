"""When and from where the users of a profile may log in: login hours and address ranges (ProfileLoginHours, ProfileLoginIpRange).

The hours are minutes of the day in UTC, the time zone of every org of this landscape. Where a profile has hours for any day, a day
without is one on which nobody logs in (assumed).
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime

from localorg.store import Store

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_OF_A_DAY = 24 * 60
Hours = dict[str, tuple[int, int]]
Range = dict[str, str]


def login_hours(store: Store, org: str, profile_id: str) -> Hours:
    """Return a profile's hours by day, `{"monday": (480, 1020)}`; empty when its users may log in at any time."""
    rows = store.all("SELECT day, first, last FROM _LoginHours WHERE org = ? AND profile_id = ?", (org, profile_id))
    found = {row["day"]: (row["first"], row["last"]) for row in rows}
    return {day: found[day] for day in DAYS if day in found}


def set_login_hours(store: Store, org: str, profile_id: str, hours: Hours) -> None:
    """Put hours in place of those that a profile has."""
    store.do("DELETE FROM _LoginHours WHERE org = ? AND profile_id = ?", (org, profile_id))
    for day, (first, last) in hours.items():
        store.put("_LoginHours", {"org": org, "profile_id": profile_id, "day": day, "first": first, "last": last})


def ip_ranges(store: Store, org: str, profile_id: str) -> list[Range]:
    """Return a profile's address ranges as `{"low", "high", "description"}`; none when its users may come from anywhere."""
    statement = "SELECT low, high, description FROM _IpRange WHERE org = ? AND profile_id = ? ORDER BY rowid"
    return store.all(statement, (org, profile_id))


def set_ip_ranges(store: Store, org: str, profile_id: str, ranges: list[Range]) -> None:
    """Put ranges in place of those that a profile has."""
    store.do("DELETE FROM _IpRange WHERE org = ? AND profile_id = ?", (org, profile_id))
    for each in ranges:
        store.put("_IpRange", {"org": org, "profile_id": profile_id, **each})


def is_open(hours: Hours, now: float) -> bool:
    """Tell whether a login at that time is within the hours. The last minute is not one of them."""
    moment = datetime.fromtimestamp(now, UTC)
    first, last = hours.get(DAYS[moment.weekday()], (0, 0))
    return not hours or first <= moment.hour * 60 + moment.minute < last


def is_inside(ranges: list[Range], address: str) -> bool:
    """Tell whether an address is in one of the ranges, or there are none."""
    given = ipaddress.ip_address(address)
    bounds = [(ipaddress.ip_address(each["low"]), ipaddress.ip_address(each["high"])) for each in ranges]
    return not ranges or any(
        low.version == given.version and int(low) <= int(given) <= int(high) for low, high in bounds
    )
