"""What facts about an org mean for a stack that is to be written into it: pure, by the preflight table.

What is not known is not judged: a verdict that something is wrong is one that an `up` would come to as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import Marker, Ownership
from orgkey.salesforce.preflight_table import Code, Verdict, note, right, wrong

INTEGRATION_LICENSE, API_INTEGRATION = "Salesforce Integration", "SalesforceAPIIntegrationPsl"
"""The licence of integration users, and the permission set licence that they need before any permission set (platform notes 3.1)."""


@dataclass(frozen=True, slots=True)
class Need:
    """A permission that a login needs: API names, of which one is enough; what Setup calls them; what for."""

    any_of: tuple[str, ...]
    label: str
    use: str


API = Need(("ApiEnabled",), "API Enabled", "no request is answered without it")
SETUP = Need(("ViewSetup",), "View Setup and Configuration", "what is in the org is not shown without it")
METADATA = Need(
    ("ModifyMetadata", "ModifyAllData"),
    "Modify Metadata Through Metadata API Functions",
    "permission set and app are deployed by it",
)
ASSIGN = Need(
    ("AssignPermissionSets", "ManageUsers"), "Assign Permission Sets", "users are given the permission set by it"
)
EXTERNAL = Need(
    ("ExternalClientAppDeveloper",),
    "Create, edit, and delete External Client Apps",
    "an External Client App is made by it",
)
NEEDS: tuple[Need, ...] = (API, SETUP, METADATA, ASSIGN, EXTERNAL)


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the org says of a login's permissions, by API name; one that it does not tell is in neither."""

    held: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that has the name of ours: whose it is, and by which marker. `consumer_key` where an app shows it."""

    ownership: Ownership
    marker: Marker | None = None
    consumer_key: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """A user of the org. `license` is the name of its licence, empty where it was not told; `integration`: holds what one of that needs."""

    username: str
    active: bool
    license: str = ""
    integration: bool | None = None


@dataclass(frozen=True, slots=True)
class SetTerms:
    """What a permission set asks of who is given it: its name, and the user licence that it is bound to, if one is known."""

    name: str
    user_license: str = ""
    own_license: str = field(default="")
    """The licence as it is written: that of a set may be what an integration user needs."""


def judge_permissions(permissions: Permissions, needs: Iterable[Need], *, host: str, login: str) -> list[Verdict]:
    """Which of the needed permissions the login has; nothing of one that the org does not tell."""
    verdicts = []
    for need in needs:
        if permissions.held & set(need.any_of):
            verdicts.append(right(Code.PERMISSION, permission=need.label))
        elif permissions.lacking >= set(need.any_of):
            whose = login or "the login that salesforce:credentials lead to"
            verdicts.append(wrong(Code.PERMISSION, host=host, login=whose, permission=need.label, use=need.use))
        else:
            verdicts.append(note(Code.PERMISSION, f"the org does not tell whether the login has {need.label}"))
    return verdicts


def judge_name(kind: Resource, name: str, thing: Thing | None, *, host: str, take_over: str) -> Verdict:
    """Whether a stack may have something of that name; `take_over` says how to take over what is there."""
    code = Code.SET_NAME if kind is Resource.PERMISSION_SET else Code.APP_NAME
    if thing is None:
        return right(code, name=name, whose="free")
    if thing.ownership in {Ownership.OURS, Ownership.COPY}:
        own = (
            "this stack's own" if thing.ownership is Ownership.OURS else f"{thing.ownership}: this stack takes it over"
        )
        return right(code, name=name, whose=own)
    whose = f"it is managed by orgkey {thing.marker.manager}" if thing.marker else "it was not made by orgkey"
    return wrong(code, host=host, kind=kind.in_words, n=_n(kind.in_words), name=name, whose=whose, take_over=take_over)


def judge_other_kind(kind: Resource, name: str, other: Thing | None, *, host: str) -> Verdict:
    """Whether an app of the other kind stands in the way; `other` has no marker where it is not known whose it is."""
    if other is None:
        return right(Code.APP_KIND, name=name)
    was = Resource.CONNECTED_APP if kind is Resource.EXTERNAL_CLIENT_APP else Resource.EXTERNAL_CLIENT_APP
    own, remedy = "", "Choose another orgkey:app.name, or the kind that is there."
    if other.ownership is Ownership.OURS:
        is_connected = was is Resource.CONNECTED_APP
        protected = (
            " (a Connected App is protected: set orgkey:app.protect to false and run `pulumi up` before that)"
            if is_connected
            else ""
        )
        own = "; it is this stack's own, and no app changes its kind"
        remedy = (
            "To change the kind, give orgkey:app.name another name and orgkey:key.consumerKey another key in the same change: clients "
            f"get the new consumer key, and the old app is deleted after the new one is proved{protected}. "
            f"Or set orgkey:app.kind back to {'connected' if is_connected else 'external'}."
        )
    return wrong(
        Code.APP_KIND, host=host, n=_n(was), other=was, name=name, n_own=_n(kind), kind=kind, own=own, remedy=remedy
    )


def judge_key(kind: Resource, name: str, thing: Thing, consumer_key: str, *, host: str) -> Verdict:
    """Whether an app that is there, and that the stack takes over, has the consumer key that the settings give.

    A copy that came with a sandbox refresh gives way, or keeps its own.
    """
    if not thing.consumer_key or thing.consumer_key == consumer_key or thing.ownership is Ownership.COPY:
        return right(Code.APP_KEY, name=name)
    own = (
        "It is this stack's own, of another key pair. Where a component was renamed, give it its name back and run `pulumi up`; then "
        "rename it with aliases=[pulumi.Alias(name=...)], which keeps the key pair. Or set"
        if thing.ownership is Ownership.OURS
        else "Set"
    )
    return wrong(Code.APP_KEY, host=host, kind=kind, name=name, own=own)


def judge_consumer_key(name: str, whose: str, *, host: str) -> Verdict:
    """Whether another app than ours has the consumer key that is given; `whose` is the app that has it, empty for none."""
    if whose and name_key(whose) != name_key(name):
        return wrong(Code.CONSUMER_KEY, host=host, other=whose)
    return right(Code.CONSUMER_KEY, name=name or "the app")


def judge_users(names: Sequence[str], found: Iterable[User], terms: SetTerms, *, host: str) -> list[Verdict]:
    """Who of the users that are to be given a set cannot be."""
    users = {name_key(each.username): each for each in found}
    return [_judge_user(name, users.get(name_key(name)), terms, host) for name in names]


def judge_groups(names: Iterable[str], found: Iterable[str], *, host: str) -> list[Verdict]:
    """Which of the groups are not there."""
    there = {name_key(each) for each in found}
    return [
        right(Code.GROUP, group=name) if name_key(name) in there else wrong(Code.GROUP, group=name, host=host)
        for name in names
    ]


def _judge_user(name: str, user: User | None, terms: SetTerms, host: str) -> Verdict:
    if user is None:
        return wrong(Code.USER, user=name, host=host)
    if not user.active:
        return wrong(Code.USER_ACTIVE, user=name, host=host)
    if not user.license:
        return right(Code.USER_ACTIVE, user=name)
    why = remedy = ""
    if terms.user_license and name_key(terms.user_license) != name_key(user.license):
        why = f"the set is bound to the licence {terms.user_license}"
        remedy = "Leave orgkey:permissionSet.license out"
    elif (
        user.license == INTEGRATION_LICENSE
        and user.integration is False
        and name_key(terms.own_license) not in {name_key(API_INTEGRATION), "salesforce api integration"}
    ):
        why = f"a user of it needs the permission set licence {API_INTEGRATION} first"
        remedy = "Give it that one (Setup > Users > the user > Permission Set License Assignments)"
    if why:
        return wrong(Code.USER_LICENSE, user=name, license=user.license, name=terms.name, why=why, remedy=remedy)
    return right(Code.USER_LICENSE, user=name, license=user.license)


def _n(noun: str) -> str:
    return "n" if noun[0] in "AEIOU" else ""
