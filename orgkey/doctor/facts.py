"""What was seen of a login that is examined: the evidence, as data. None always means that it was not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgkey.model.setting_place import STACK_FILE, SettingPlace
from orgkey.salesforce.app_links import Link
from orgkey.salesforce.error_table import GRANT, Row, find_row
from orgkey.salesforce.errors import Unreachable
from orgkey.salesforce.grant import Proof

UNUSABLE_KEY, UNREACHABLE = "unusable_key", "unreachable"
"""Failures that no org answered; their texts say what is wrong with the key, or are a value of `Unreachable`."""


@dataclass(frozen=True, slots=True)
class ExaminedLogin:
    """The login that is examined.

    `audience`, `app_kind` ("external" or "connected"), `app_name`, `org_id` and `org_kind` are empty where nobody said.
    `stack` is the stack whose login it is, empty for an app that orgkey does not look after.
    `blocked_by` names the setting by which that stack blocks the app, `declared` are its settings by path (`app.scopes`), with defaults;
    both are empty where they are not known. `settings` is where the settings of its app are written. `keys_elsewhere` says
    which consumer keys other stacks of the fleet have: stack by key.
    """

    instance_url: str
    consumer_key: str
    username: str
    private_key: str | bytes = field(repr=False)
    audience: str = ""
    app_kind: str = ""
    app_name: str = ""
    org_id: str = ""
    org_kind: str = ""
    stack: str = ""
    blocked_by: str = ""
    declared: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: SettingPlace = STACK_FILE
    keys_elsewhere: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The private key: what is wrong with it (empty: nothing), its size in bits, SHA-256 of its public half in hex."""

    problem: str
    bits: int = 0
    public_key_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one assertion: the audience, and code and text of the refusal; an empty code is a token."""

    audience: str
    code: str = ""
    text: str = ""

    @property
    def row(self) -> Row | None:
        """What the error table knows of it."""
        return find_row(GRANT, self.code, self.text) if self.code else None


@dataclass(frozen=True, slots=True)
class Failure:
    """How the login failed: OAuth's `error` and its text, or one of the failures that no org answered."""

    code: str
    text: str

    @property
    def in_short(self) -> str:
        """Both in one line."""
        if self.code == UNUSABLE_KEY:
            return f"none, because the private key {self.text}"
        return f"none: {self.text}" if self.code == UNREACHABLE else f"{self.code}: {self.text}"


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What the host says without a login: whether it is a Salesforce org, its clock (seconds ours is ahead), what it calls itself."""

    is_salesforce: bool | None = None
    clock_ahead: float | None = None
    own_address: str = ""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The certificate that an app has: fingerprint and public key as SHA-256 in hex, the days between which it is meant to be used."""

    fingerprint: str
    public_key_sha256: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The app as the org has it. An absent `certificate` is one that it does not have or does not show.

    What stands in a member that the org does not show is None: an absent member says nothing of its settings.
    """

    name: str
    label: str
    kind: str
    consumer_key: str
    admin_approved: bool | None
    scopes: frozenset[str] | None
    enabled: bool | None
    certificate: CertificateFacts | None
    ip_relaxation: str | None
    session_level: str | None
    sender_bound: tuple[str, ...] | None
    """Flags that are on and demand more than a bearer's assertion: DPoP, mutual TLS, IP binding. API 68.0 is the first to show them."""
    missing: tuple[str, ...]
    """Metadata types of which it has no member."""
    changed_at: datetime | None = None
    changed_by: str = ""
    links: tuple[Link, ...] | None = None
    """Which permission sets and profiles may use it."""


@dataclass(frozen=True, slots=True)
class AppSearch:
    """The app with the consumer key that the assertion names, as far as the org's apps could be read.

    `named` is the app of the name that was expected, where its key is another; `hidden` counts apps whose key cannot be read, `packages`
    are the namespaces of those that belong to one.
    """

    app: AppFacts | None
    complete: bool
    named: AppFacts | None = None
    named_is_missing: bool = False
    hidden: int = 0
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A permission set that a user holds, directly or by a group; `ended` is when that stopped counting.

    `license` is the developer name of the permission set licence that it carries, empty for none, None where that was not seen.
    `session` says that it counts in an activated session only, `group` that a group, which may mute or lag, gives it.
    """

    set_id: str
    name: str
    license: str | None
    ended: str = ""
    group: bool = False
    session: bool = False


@dataclass(frozen=True, slots=True)
class LoginLine:
    """One line of LoginHistory."""

    time: str
    status: str
    application: str
    address: str

    @property
    def worked(self) -> bool:
        """Whether it was a login that worked."""
        return self.status == "Success"


@dataclass(frozen=True, slots=True)
class UserFacts:
    """The user as the org has it."""

    record_id: str
    active: bool
    user_type: str
    profile: str
    license: str
    profile_set_id: str = ""
    """Id of the permission set that the profile owns; empty where it was not seen."""
    frozen: bool | None = None
    password_locked: bool | None = None
    held: tuple[Held, ...] | None = None
    api_enabled: bool | None = None
    approved_apps: frozenset[str] | None = None
    """Apps that the user has approved, by label (OauthToken)."""
    ip_ranges: tuple[tuple[str, str], ...] | None = None
    login_hours: Mapping[str, tuple[int, int]] | None = None
    """Minutes of the day by weekday, in the org's time zone; none at all: no limits."""
    history: tuple[LoginLine, ...] | None = None


@dataclass(frozen=True, slots=True)
class UserSearch:
    """The user of that name, or none and whom somebody may have meant; `complete` is whether every user could be seen."""

    user: UserFacts | None
    similar: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class OrgFacts:
    """Which org it is, as its own administrator sees it."""

    org_id: str
    name: str
    kind: str
    time_zone: str = ""
    api_access_control: bool | None = None


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could not be seen: what, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was seen. `proof` is a login that works, `failure` how it failed: one of the two is always there."""

    login: ExaminedLogin
    now: datetime
    key: KeyFacts
    answers: tuple[Answer, ...] = ()
    proof: Proof | None = None
    failure: Failure | None = None
    out_of_time: bool = False
    """Whether the examination's own time was over before an answer came."""
    host: HostFacts = HostFacts()
    org: OrgFacts | None = None
    apps: AppSearch | None = None
    user: UserSearch | None = None
    credentials_problem: str | None = None
    """What is wrong with the administrator's own login; None where none was given, empty where it works."""
    unseen: tuple[Unseen, ...] = ()

    @property
    def app(self) -> AppFacts | None:
        """The app with the consumer key, where the org showed it."""
        return self.apps.app if self.apps else None

    @property
    def person(self) -> UserFacts | None:
        """The user, where the org showed it."""
        return self.user.user if self.user else None

    @property
    def unreachable(self) -> Unreachable | None:
        """Why no answer came, where none did."""
        failed = self.failure
        return Unreachable(failed.text) if failed and failed.code == UNREACHABLE else None
