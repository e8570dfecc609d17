"""Switches for what the platform's sources leave open, and for how slow or strict an org is.

The default of each is what a real org of late 2026 does. A value holds for the landscape, or for one org.
"notes 4.5" is a section of docs/platform-notes.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from localorg.errors import LandscapeError
from localorg.store import Store

EVERYWHERE = "*"
Value = bool | float | int | str


@dataclass(frozen=True)
class Knob:
    """One switch: name, default (which also gives the type), meaning, allowed words if it is one of a few."""

    name: str
    default: Value
    meaning: str
    words: tuple[str, ...] = ()


KNOBS: dict[str, Knob] = {
    each.name: each
    for each in (
        Knob("deploy_time", 0.0, "seconds a deploy runs once it is its turn"),
        Knob("retrieve_time", 0.0, "seconds a retrieve runs"),
        Knob("propagation_delay", 0.0, "seconds until the login servers see a change of an app (notes 4.6: 2-10 min)"),
        Knob("latency", 0.0, "seconds added to every request (real ones: the clock does not move them)"),
        Knob("connected_app_creation", default=False, meaning="whether new Connected Apps may be created (notes 2.1)"),
        Knob(
            "connected_app_key_on_update",
            "same",
            "a consumerKey in the XML of an existing Connected App: refuse always, accept the same one, or ignore",
            ("refuse", "same", "ignore"),
        ),
        Knob(
            "certificate_returned",
            default=True,
            meaning="whether reads and retrieves return an app's certificate (notes 1.4)",
        ),
        Knob(
            "strict_exp", default=False, meaning="refuse assertions that expire more than 3 minutes ahead (notes 4.2)"
        ),
        Knob("exp_skew", 30.0, "seconds by which an assertion may be late"),
        Knob("classic_aud", default=False, meaning="refuse the My Domain as audience, as before 2025 (notes 4.1)"),
        Knob(
            "refuse_expired_certificate",
            default=False,
            meaning="whether the app certificate's end date stops a grant (notes 1.4)",
        ),
        Knob(
            "reuse_session",
            default=True,
            meaning="answer a repeated grant of one user and app with the same token (notes 4.4)",
        ),
        Knob(
            "rotate_refresh_tokens",
            default=False,
            meaning="each use of a refresh token answers a new one and ends the old one (notes 6.2)",
        ),
        Knob("session_timeout", 7200.0, "seconds of idleness after which a session ends, where the app says nothing"),
        Knob("login_rate", 3600, "logins per user and hour; 0 switches the counter off (notes 8)"),
        Knob(
            "inactive_user_form",
            "inactive_user",
            "how an inactive user is refused (notes 4.5)",
            ("inactive_user", "invalid_grant"),
        ),
        Knob("daily_requests", 100_000, "API requests per day, shown in Sforce-Limit-Info; above it, 403"),
        Knob("oldest_version", 31, "oldest API version that answers (notes 6.1)"),
        Knob("newest_version", 68, "newest API version (notes 7: Winter '27)"),
        Knob(
            "refresh_copies_apps",
            default=True,
            meaning="a sandbox refresh copies production's apps (sources differ, notes 1.9)",
        ),
        Knob(
            "refresh_copies_assignments",
            default=True,
            meaning="a sandbox refresh copies permission set assignments (assumed)",
        ),
        Knob(
            "defaults_returned",
            default=True,
            meaning="reads and retrieves return every default that an org fills in (real orgs do, notes 2.3)",
        ),
        Knob(
            "connected_app_links_shown",
            "label",
            "how a Connected App's permissionSetName is returned (real orgs: label, notes 1.6)",
            ("name", "label"),
        ),
        Knob(
            "connected_app_links_taken",
            "both",
            "what a Connected App's permissionSetName may hold; with label, a name links nothing (sources differ, notes 1.6)",
            ("both", "label"),
        ),
        Knob(
            "disordered_elements",
            "drop",
            "elements that come after a later one of the WSDL: drop or refuse (sources differ, notes 2.4)",
            ("drop", "refuse"),
        ),
        Knob(
            "pkce_springs_back",
            default=False,
            meaning="isPkceRequired false on an External Client App reads back true (sources differ)",
        ),
        Knob(
            "foreign_signature",
            "invalid_client",
            "how a signature of another key is refused (notes 4.5): invalid_client is what most reports have",
            ("invalid_client", "invalid_grant"),
        ),
        Knob(
            "held_permission_set_deletable",
            default=False,
            meaning="a permission set that users hold or groups have can be deleted (no org allows it, notes 3.1)",
        ),
        Knob(
            "eca_test_audience",
            "refuse",
            "the audience test.salesforce.com for an External Client App (sources differ, notes 4.1)",
            ("refuse", "accept"),
        ),
        Knob(
            "refresh_breaks_eca",
            default=False,
            meaning="a sandbox refresh leaves External Client Apps without their OAuth settings (some do, notes 1.9)",
        ),
        Knob(
            "eca_in_tooling",
            default=False,
            meaning="the Tooling API answers queries of ExternalClientApplication too (sources differ, notes 3.4)",
        ),
        Knob(
            "broken_eca_mendable",
            default=True,
            meaning="an External Client App that has lost its OAuth settings takes new ones (open, notes 2.4)",
        ),
        Knob("query_page", 2000, "rows per page of a query"),
        Knob("streaming_timeout", 110.0, "seconds for which the Streaming API holds a connect (real ones, notes 6.4)"),
        Knob(
            "streaming_keeps_session",
            default=True,
            meaning="a session lives on while a client of the Streaming API is connected with it (notes 6.4)",
        ),
        Knob("platform_events", "*", "API names of the platform events there are, with commas between; *: any name"),
    )
}


class Knobs:
    """The values in force. Reads are cached; the cache is dropped at every write."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache: dict[tuple[str, str], Value] = {}

    def get(self, name: str, org: str = EVERYWHERE) -> Value:
        """Return a knob's value for an org: its own, else the landscape's, else the default."""
        key = (org, name)
        if key not in self._cache:
            rows = self._store.all("SELECT org, value FROM _Knob WHERE name = ? AND org IN (?, '*')", (name, org))
            by_org = {row["org"]: json.loads(row["value"]) for row in rows}
            self._cache[key] = by_org.get(org, by_org.get(EVERYWHERE, KNOBS[name].default))
        return self._cache[key]

    def number(self, name: str, org: str = EVERYWHERE) -> float:
        """Return a knob that is a number."""
        return float(self.get(name, org))

    def on(self, name: str, org: str = EVERYWHERE) -> bool:
        """Return a knob that is a switch."""
        return bool(self.get(name, org))

    def set(self, values: dict[str, object], org: str = EVERYWHERE) -> None:
        """Set knobs; null goes back to the default. Nothing is set when one of them is wrong.

        Raises LandscapeError with the problem.
        """
        checked = {name: _check(name, value) for name, value in values.items()}
        with self._store.transaction():
            for name, value in checked.items():
                if value is None:
                    self._store.do("DELETE FROM _Knob WHERE org = ? AND name = ?", (org, name))
                else:
                    self._store.put("_Knob", {"org": org, "name": name, "value": json.dumps(value)})
        self._cache.clear()

    def reset(self) -> None:
        """Put every knob of every org back to its default."""
        self._store.do("DELETE FROM _Knob")
        self._cache.clear()

    def values(self, org: str = EVERYWHERE) -> dict[str, Value]:
        """Return all values in force for an org, or for the landscape."""
        return {name: self.get(name, org) for name in KNOBS}


def _check(name: str, value: object) -> Value | None:
    knob = KNOBS.get(name)
    if knob is None:
        raise LandscapeError(f"no knob is named {name!r}; there are: {', '.join(KNOBS)}")
    if value is None:
        return None
    if knob.words and value not in knob.words:
        raise LandscapeError(f"{name} is one of: {', '.join(knob.words)}")
    if isinstance(knob.default, bool):
        if not isinstance(value, bool):
            raise LandscapeError(f"{name} is true or false")
        return value
    if isinstance(knob.default, str):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise LandscapeError(f"{name} is a number that is not negative")
    return int(value) if isinstance(knob.default, int) else float(value)
