"""The arguments of JwtBearerAccess.

Annotations are real objects here, not text: Pulumi's component host makes the component's schema from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import Input

from orgkey.components.settings import (
    AppSettings,
    AssignmentSettings,
    GrantSettings,
    KeySettings,
    PermissionSetSettings,
)


@dataclass(frozen=True, kw_only=True)
class TimeoutSettings:
    """How long a verb may take, in Go's durations (`90s`, `30m`); default 20 minutes."""

    create: str | None = None
    """Of a create."""
    update: str | None = None
    """Of an update."""
    delete: str | None = None
    """Of a delete."""
    read: str | None = None
    """Of a read, which every `up` begins with."""


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """What exists already and is taken over: remove it after the first `up`."""

    app: bool | None = None
    """The app of that name; needs its consumer key as `key.consumerKey`."""
    permission_set: bool | None = None
    """The permission set of that name."""
    assignments: bool | None = None
    """The assignments of that permission set."""


@dataclass(frozen=True, kw_only=True)
class JwtBearerAccessArgs:
    """Arguments of JwtBearerAccess; the org is its provider's."""

    app: AppSettings
    """The app that logs in: its name, kind and policies."""
    users: Input[Sequence[Input[str]]]
    """User names that hold the permission set, at least one."""
    integration_user: Input[str] | None = None
    """The user that logs in; default: the first of `users`."""
    permission_set: PermissionSetSettings | None = None
    """The permission set that the app admits."""
    key: KeySettings | None = None
    """Key pair, certificate and consumer key."""
    assignments: AssignmentSettings | None = None
    """Who else may hold the set, for how long, and which groups come with it."""
    grant: GrantSettings | None = None
    """The proof of the login."""
    timeouts: TimeoutSettings | None = None
    """Limits of time."""
    owner: Input[str] | None = None
    """Who manages what is made, for the ownership marker; default: the project's name."""
    imports: ImportSettings | None = None
    """What is taken over instead of made."""
    ignore: Sequence[str] | None = None
    """Properties that are left as the org has them: `app.description`, `permissionSet.label`."""
