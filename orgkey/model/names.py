"""Names that are made from the app's where nobody gives them."""

from __future__ import annotations

LONGEST_NAME = 80
"""Characters of a developer name or label."""
_LONGEST_COMMON_NAME = 64  # characters: the limit of X.520
_SUFFIX = "_Access"


def label_of(name: str) -> str:
    """The label of something with that developer name."""
    return name.replace("_", " ")


def permission_set_of(app: str) -> str:
    """The developer name of the permission set that an app pre-authorizes."""
    return app[: LONGEST_NAME - len(_SUFFIX)].rstrip("_") + _SUFFIX


def subject_of(app: str) -> str:
    """The subject of an app's certificate, RFC 4514."""
    return f"CN={app[:_LONGEST_COMMON_NAME]}"
