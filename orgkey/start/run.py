"""One start: an org that is looked at, and the stack file that comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from orgkey.fleet.project import Project
from orgkey.fleet.stack_check import wanted_of
from orgkey.model.connection import DEFAULT_API_VERSION, Connection, parse_connection
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.org import Org
from orgkey.salesforce.preflight_stack import verdicts_of
from orgkey.salesforce.preflight_table import Code, Part, State, Verdict
from orgkey.salesforce.read import Snapshot
from orgkey.stack_file.file import stack_config_of
from orgkey.start.adopt import adopted
from orgkey.start.app_seen import Admitted, read_admitted
from orgkey.start.apps import app_called, doing_jwt, manager_of
from orgkey.start.connected_apps import try_a_connected_app
from orgkey.start.look import OrgSeen, api_version, look
from orgkey.start.names import StackName
from orgkey.start.proposal import connection_config, key_notes, new_app, problems_of, refuse_problems
from orgkey.start.stack_text import COMMAND, stack_file_text
from orgkey.start.wishes import Draft, DraftError, Wishes, by_option

_SHOWN = 10  # users and apps in what is said


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted of one stack: how its org is reached, the app that is taken over (empty: a new one), and the rest."""

    project: Project
    stack: StackName
    instance_url: str
    credentials: Mapping[str, Any]
    ca_bundle: str
    api_version: str
    wishes: Wishes
    adopt: str = ""

    @property
    def manager(self) -> str:
        """Owner and stack, as an ownership marker has them."""
        return f"{self.project.name}/{self.stack.short}"

    def connection(self, **more: str) -> dict[str, Any]:
        """The `salesforce:*` settings."""
        return connection_config(self.instance_url, self.credentials, ca_bundle=self.ca_bundle, **more)


@dataclass(frozen=True, slots=True)
class Sighting:
    """An org that was looked at, and the means to look closer."""

    snapshot: Snapshot = field(repr=False)
    org: OrgSeen
    api_version: str
    seconds: float
    """How long the org may take for each further look; what people need for their answers does not count."""

    def begin(self) -> None:
        """Let the time for a look begin anew."""
        clock = self.snapshot.org.clock
        clock.set_deadline(clock.monotonic() + self.seconds)

    def says(self, *, users: bool = True) -> Iterator[str]:
        """What was seen, line by line; without the users where nobody is to be chosen by it."""
        org, identity = self.org, self.org.identity
        yield (
            f"{self.snapshot.org.host}: {identity.name} ({identity.org_id}), a {identity.kind} org; API versions up to "
            f"{org.newest_version}; login {org.login or 'not told'}"
        )
        if users and org.users:
            yield "  Users that look like integration users:"
            yield from (f"    {each.username}: {each.why}" for each in org.users[:_SHOWN])
            if len(org.users) > _SHOWN:
                yield f"    and {len(org.users) - _SHOWN} more"
        if apps := doing_jwt(org.apps):
            yield "  Apps with a certificate, which --adopt takes over:"
            yield from (f"    {each.in_words}" for each in apps[:_SHOWN])
        if managed := [each for each in org.apps if each.manager]:
            listed = ", ".join(f"{each.name} ({each.manager})" for each in managed[:_SHOWN])
            yield f"  Apps that a stack of orgkey manages: {listed}"
        if foreign := [each for each in org.apps if not each.own]:
            listed = ", ".join(f"{each.name} ({each.whose})" for each in foreign[:_SHOWN])
            yield f"  Apps of other publishers, which cannot be changed here: {listed}"
        yield "  New Connected Apps: most orgs allow none since Spring '26; with --kind connected the org is asked by a check-only deploy."
        yield from (f"  Not shown to this login: {each}" for each in org.unseen)


def sighted(plan: Plan, environment: Mapping[str, str], seconds: float) -> Sighting:
    """Look at a plan's org, for at most so many seconds; raises SalesforceError, and DraftError for what cannot be a connection."""
    clock = Clock()
    clock.set_deadline(clock.monotonic() + seconds)
    connection = _checked(plan.connection(api_version=plan.api_version))
    first = Org(connection, clock=clock, environment=environment)
    version, newest = api_version(first.versions(), first.host)
    if not plan.api_version and version != connection.api_version:
        connection = _checked(plan.connection(api_version=version))
    snapshot = Snapshot(Org(connection, clock=clock, environment=environment), gather=0.0)
    return Sighting(snapshot, look(snapshot, newest), connection.api_version, seconds)


def app_seen(plan: Plan, sighting: Sighting) -> Admitted:
    """The app that is taken over, with all that hangs on it; raises AppNotFoundError, TakenError, SalesforceError."""
    sighting.begin()
    found = app_called(plan.adopt, sighting.org.apps, kind=plan.wishes.kind, host=sighting.snapshot.org.host)
    return read_admitted(sighting.snapshot, found, plan.manager, plan.wishes.permission_set)


def drafted(plan: Plan, sighting: Sighting, *, propose: bool, admitted: Admitted | None = None) -> Draft:
    """The content of a stack file, which the program takes as it is; raises DraftError, and what `app_seen` raises."""
    sighting.begin()
    identity = sighting.org.identity
    version = sighting.api_version if sighting.api_version != DEFAULT_API_VERSION else ""
    connection = plan.connection(kind=identity.kind, api_version=version)
    if plan.adopt:
        draft = adopted(
            plan.wishes,
            sighting.org,
            admitted or app_seen(plan, sighting),
            connection,
            project=plan.project.name,
            stack=plan.stack.short,
        )
    else:
        draft = new_app(plan.wishes, sighting.org, connection, propose=propose)
    project, stack = plan.project.name, plan.stack.short
    refuse_problems(problems_of(draft.config, project=project, stack=stack, private_key=plan.wishes.private_key))
    app = draft.config["orgkey:app"]
    if not plan.adopt and app["kind"] == "connected":
        told = try_a_connected_app(sighting.snapshot, str(app["name"]), str(app["contactEmail"]))
        draft = replace(draft, warnings=(*draft.warnings, *told))
    config = stack_config_of({"config": draft.config}, project=project)
    verdicts = verdicts_of(sighting.snapshot, wanted_of(None, config, project, stack))
    manager = manager_of(str(app["name"]), sighting.org.apps)
    return _judged(draft, verdicts, has_manager=manager not in {"", plan.manager})


_BY_OPTION = {
    Code.APP_NAME: "Take it over by --adopt, or give another name by --app.",
    Code.APP_KIND: "Give another name by --app, or take the other one over by --adopt.",
    Code.APP_KEY: "Give the app's own by --consumer-key, or take it over by --adopt.",
    Code.CONSUMER_KEY: "Give another one by --consumer-key, or none.",
    Code.SET_NAME: "Give another name by --permission-set.",
    Code.USER: "Correct --user: user names are as Setup > Users shows them (a sandbox's end with its name).",
    Code.USER_ACTIVE: "Activate it (Setup > Users), or give another --user.",
}
"""What to do about what stands in the way, where an option is the remedy."""
_OF_ANOTHER_STACK = dict.fromkeys(
    (Code.APP_NAME, Code.APP_KIND, Code.APP_KEY),
    "Give another name by --app, or move the stack that manages it (docs/guides/moving-a-stack.md).",
)
"""The same where another stack manages the app: it is not to be taken over."""


def _judged(draft: Draft, verdicts: Iterable[Verdict], *, has_manager: bool) -> Draft:
    """What `orgkey check` would say: what the file is wrong by is refused, what the login lacks is told.

    `has_manager` says that another stack manages an app of that name.
    """
    remedies = {**_BY_OPTION, **(_OF_ANOTHER_STACK if has_manager else {})}
    found = [each for each in verdicts if each.state is State.WRONG]
    if wrong := [
        f"{each.says} {remedies.get(each.code, each.remedy)}" for each in found if each.part is not Part.LOGIN
    ]:
        raise DraftError(wrong)
    lacking = [f"{each.says} {each.remedy}" for each in found]
    return replace(draft, warnings=(*draft.warnings, *lacking))


def text_of(plan: Plan, draft: Draft, sighting: Sighting, schema: str) -> str:
    """The text of a plan's stack file."""
    identity, full, short = sighting.org.identity, plan.stack.full, plan.stack.short
    today = datetime.fromtimestamp(sighting.snapshot.org.clock.now(), UTC)
    about = (
        f"Stack {short}: {identity.name} ({identity.org_id}), a {identity.kind} org, as orgkey saw it on {today:%Y-%m-%d}.",
        f"Next: is everything there that an `up` needs?\n{COMMAND}orgkey check --stack {short}\n{COMMAND}pulumi preview -s {full}",
        "All keys: docs/reference/stack-file-keys.md of orgkey, and the schema that `orgkey schema` prints.",
    )
    notes = {**draft.notes, **key_notes(plan.wishes, full)}
    return stack_file_text(draft.config, schema=schema, about=about, notes=notes, possible=draft.possible)


def _checked(settings: Mapping[str, Any]) -> Connection:
    typed = {key.removeprefix("salesforce:"): value for key, value in settings.items()}
    connection, problems = parse_connection(typed)
    if connection is None:
        raise DraftError(by_option(replace(each, path=f"salesforce:{each.path}")) for each in problems)
    return connection
