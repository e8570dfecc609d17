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
class GenerationSettings:
    """The current generation of the app: another number makes another app with a key pair of its own, behind the same permission set."""

    number: int | None = None
    """Its number; default 1."""
    name: str | None = None
    """Name of its app; default: `app.name`, from the second generation on with the number."""
    unused_after_days: int | None = None
    """For how many days nobody must have used a retiring one before it goes without a warning; default 7."""


@dataclass(frozen=True, kw_only=True)
class RetiringSettings:
    """A generation that is still accepted; taken out of the list, it is deleted."""

    number: int
    """Its number."""
    name: str | None = None
    """Name of its app; default: `app.name`, from the second generation on with the number."""
    kind: str | None = None
    """Kind of its app: external or connected; default: that of `app`."""
    protect: bool | None = None
    """Whether Pulumi refuses to delete the app; default: no, since it is to go."""
    blocked: bool | None = None
    """Its app gives out no tokens any more, and the sessions that it gave are ended."""
    imported: bool | None = None
    """The app exists already and is taken over; needs its consumer key as `key.consumerKey`."""
    key: KeySettings | None = None
    """Its key, where it is made or taken over; a key pair that is there stays as it is."""


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
    generation: GenerationSettings | None = None
    """The current generation of the app, which is handed out."""
    retiring: Sequence[RetiringSettings] | None = None
    """Generations that are still accepted."""
    ignore: Sequence[str] | None = None
    """Properties that are left as the org has them: `app.description`, `permissionSet.label`."""
    namespace = ""  # no argument: what stands before a setting's path where messages name it
