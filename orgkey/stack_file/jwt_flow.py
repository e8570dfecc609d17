"""Settings of an app that an org takes and with which a JWT bearer login can hardly work, so that the proof would fail minutes later.

They are problems of a stack file, not of an app: the provider deploys and imports apps for other flows too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orgkey.metadata.check import Problem
from orgkey.metadata.fields import SCOPES

_REFRESH = {"RefreshToken", "OfflineAccess"}  # two names of one scope (platform notes 1.7)
_API = {"Api", "Full"}


def hopeless(app: Mapping[str, Any]) -> Iterable[Problem]:
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
