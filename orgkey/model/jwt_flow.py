"""Settings of an app or permission set that an org takes and with which a JWT bearer login can hardly work: the proof would fail later.

They are problems of a stack file, not of an app: the provider deploys and imports apps for other flows too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orgkey.metadata.check import Problem
from orgkey.metadata.fields import SCOPES

_REFRESH = {"RefreshToken", "OfflineAccess"}  # two names of one scope (platform notes 1.7)
_API = {"Api", "Full"}
_ADMITS_NOBODY = {"salesforce api integration", "salesforceapiintegrationpsl"}
"""Label and name of the permission set licence whose sets pre-authorize nobody (platform notes 3.1)."""


def jwt_flow_problems(app: Mapping[str, Any]) -> Iterable[Problem]:
    """Yield a problem for each setting that stands against the flow; settings that nobody wrote are fine."""
    if app.get("permittedUsers") == "AllSelfAuthorized":
        yield Problem(
            "permittedUsers",
            "must be AdminApprovedPreAuthorized, or left out: with AllSelfAuthorized the permission set pre-authorizes nobody, and only "
            "users who approved the app in a browser could log in",
        )
    if app.get("requiredSessionLevel") == "HIGH_ASSURANCE":
        yield Problem(
            "requiredSessionLevel",
            "must not be HIGH_ASSURANCE: the JWT bearer flow has no step in which the session's level could be raised",
        )
    scopes = app.get("scopes")
    if (
        isinstance(scopes, list) and scopes and all(scope in SCOPES for scope in scopes)
    ):  # a misspelt one is told as that
        if not _REFRESH & set(scopes):
            yield Problem(
                "scopes",
                "must hold RefreshToken: without it the org refuses pre-authorized users too, although the flow returns no refresh token",
            )
        if not _API & set(scopes):
            yield Problem(
                "scopes",
                "must hold Api (or Full): without it the token is good for no API call, and the proof makes one",
            )


def permission_set_problems(permission_set: Mapping[str, Any]) -> Iterable[Problem]:
    """The same for the permission set whose holders the app admits."""
    licence = permission_set.get("license")
    if isinstance(licence, str) and licence.strip().lower() in _ADMITS_NOBODY:
        yield Problem(
            "license",
            "must be left out: a set that is bound to this licence pre-authorizes nobody. Users who need the licence are given it beside "
            "the set (Setup > Users > Permission Set License Assignments)",
        )
