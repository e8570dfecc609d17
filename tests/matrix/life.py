"""A stack's life as random steps: edits of the stack file, changes in the org behind its back, commands that meet a fault.

After every `up`, with the documented recovery, the org equals the declaration and a look finds nothing; after a destroy nothing is left.
Whenever a command about the whole stack ended well, every generation that is declared lets a client in now, unless it is blocked; and
whatever else this stack ever gave a client is refused. A command about a part takes no login away. Whatever this stack does, the clients
of another stack in the same org log in all the same. The org's address changes on the way; a command with another org's address and login
is refused and changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from orgkey.identity.key_pair import certify, generate_key
from orgkey.model.generations import app_label, part_name
from tests.login import refused
from tests.matrix.cases import FAULTS, KINDS, MOST_TRIES
from tests.matrix.clients import Clients, logins_of
from tests.matrix.declared import Declared, Generation
from tests.matrix.edits import A_CHANGE, AN_EDIT, USERS, WHICH, Change, Edit, Taken
from tests.matrix.observation import App, Kept, contradictions
from tests.matrix.sandbox import Config, Sandbox
from tests.matrix.stacks import Ended, ProtocolStack
from tests.matrix.state import EVERYTHING, ORDER, Options, base_of, number_of

CONNECTED = "ConnectedApplication"
GLOBAL = "ExtlClntAppGlobalOauthSettings"
SOMEBODYS = certify(generate_key(2048), subject="CN=somebody", validity_days=90, now=datetime.now(UTC)).certificate.pem
SOME_PARTS = st.lists(st.tuples(st.sampled_from(ORDER), WHICH), min_size=1, max_size=3, unique=True)
Parts = list[tuple[str, int]]
"""Parts, and of which generation those of an app are, by its place."""
A_FAULT = st.none() | st.tuples(st.sampled_from(FAULTS), st.integers(1, 28))


class Life(RuleBasedStateMachine):
    """One stack and its sandbox. `file` is what is declared; `tries` counts for the table.

    `beside` is another stack with things of its own in the same org, `twin` one that takes over this one's.
    """

    def __init__(self, sandbox: Sandbox, stacks: Mapping[str, ProtocolStack], tries: list[int]) -> None:
        super().__init__()
        self.sandbox, self.tries = sandbox, tries
        self.stack, self.beside, self.twin = stacks["t"], stacks["beside"], stacks["twin"]
        self.file = Declared((Generation(1, "external"),))
        self.address = ""
        """The one under which the org is reached; its own as long as there is none."""
        self.components = 1
        self.changed = False
        """Whether somebody changed the org since the last command, or a command has left something undone."""
        self.sound = True
        self.applied: Declared | None = None
        """The edits of the last `up` that ended well."""
        self.additive = False
        """Whether assignments were made anew while others held the set: by default those keep it from then on (ADR 8)."""
        self.left: set[str] = set()
        """Sets before a command about a part: one that it replaces it keeps and names while an app needs it; somebody deletes it."""
        self.clients = Clients(sandbox)

    @initialize(kind=st.sampled_from(KINDS), fault=A_FAULT)
    def begin(self, kind: str, fault: tuple[str, int] | None) -> None:
        self.file = Declared((Generation(1, kind),))
        if not self.beside.kept():
            ended = self.beside.up(self.sandbox.config("external", app={"name": "Beside"}))
            assert ended.ok, ended.text
        self.up(fault)

    # --- edits of the stack file

    @rule(edits=st.lists(AN_EDIT, min_size=1, max_size=3))
    def edit(self, edits: list[Edit]) -> None:
        for each in edits:
            self.file = each.of(self.file)

    @rule(changes=st.lists(A_CHANGE, min_size=1, max_size=2), fault=A_FAULT)
    def change_the_generations(self, changes: list[Change], fault: tuple[str, int] | None) -> None:
        kept, standing = self.stack.kept(), self.sandbox.standing()
        taken = Taken({number_of(part) for part in kept}, {app.name for app in standing.apps})
        for each in changes:
            self.file = each.of(self.file, taken)
        self.up(fault)

    # --- changes behind our back

    @precondition(lambda self: self.is_up)
    @rule(
        change=st.sampled_from(["unlink the set", "delete the app", "delete the set"]) | st.sampled_from(USERS),
        which=WHICH,
    )
    def somebody_changes_the_org(self, change: str, which: int) -> None:
        """A user name gives the set to that user, or takes it away."""
        org, standing, held = self.sandbox.org, self.sandbox.standing(), self.stack.kept()["set"].id
        app = standing.apps[which % len(standing.apps)] if standing.apps else None
        has_set = held in [name for name, _, _ in standing.sets]
        if change == "unlink the set" and app:
            org.unlink(app.name, app.kind)
        elif change == "delete the app" and app:
            org.deploy({}, destroy={_type_of(app): [app.name]})
        elif change == "delete the set" and has_set:
            org.deploy({}, destroy={"PermissionSet": [held]})
        elif change in USERS and has_set:
            user = org.user(change)
            (org.unassign if (held, user) in standing.holders else org.assign)(held, user)
        self.changed = True

    @precondition(lambda self: self.is_up)
    @rule(change=st.sampled_from(["no certificate", "another certificate", "no consumer key"]), which=WHICH)
    def somebody_changes_the_app(self, change: str, which: int) -> None:
        """In Setup the certificate is cleared or replaced, or the member that holds it is deleted with the consumer key."""
        there = [app.name for app in self.sandbox.standing().apps if app.consumer_key and app.kind != CONNECTED]
        ours = [each for part, each in self.stack.kept().items() if base_of(part) == "app" and each.id in there]
        if not ours:
            return
        kept = ours[which % len(ours)]
        name = kept.outputs["members"][GLOBAL]
        if change == "no consumer key":
            self.sandbox.org.deploy({}, destroy={GLOBAL: [name]})
        else:
            certificate = f"<certificate>{SOMEBODYS}</certificate>" if change == "another certificate" else ""
            xml = (
                f'<{GLOBAL} xmlns="http://soap.sforce.com/2006/04/metadata">'
                f"<callbackUrl>https://login.salesforce.com/services/oauth2/success</callbackUrl>{certificate}"
                f"<consumerKey>{kept.outputs['consumerKey']}</consumerKey>"
                f"<externalClientApplication>{kept.id}</externalClientApplication><label>{name}</label></{GLOBAL}>"
            )
            self.sandbox.org.deploy({f"extlClntAppGlobalOauthSets/{name}.ecaGlblOauth": xml}, {GLOBAL: [name]})
        self.changed = True

    @rule(address=st.sampled_from(["one", "other"]))
    def my_domain_is_renamed(self, address: str) -> None:
        """The stack file follows; nobody answers under a former address."""
        self.address = address
        self.sandbox.move_to(address)

    # --- commands

    @rule(fault=A_FAULT, gives_up=st.booleans())
    def up(self, fault: tuple[str, int] | None, *, gives_up: bool = False) -> None:
        """Where the first try fails, the stack file may go back to what it was before its last edits."""
        self.sound = False
        former = {each.id for part, each in self.stack.kept().items() if base_of(part) == "set"}
        if gives_up and fault and self.applied:
            self._order(fault)
            if not self._once("up", EVERYTHING).ok:
                self.file = self.applied
            self.sandbox.clear()
            fault = None
        ended = self._command("up", fault)
        assert ended.ok, ended.text
        self.changed = False
        self._somebody_deletes_what_was_left()
        if self.additive:
            self._somebody_deletes_what_others_hold(former - {self.file.names[1]})
        kept, standing = self.stack.kept(), self.sandbox.standing()
        self.additive = self.additive and kept["assignments"].inputs.get("authoritative") is False
        others = self._others_who_hold() if self.additive else ()
        found = contradictions(kept, standing, self.sandbox.org, others=others)
        assert not found, "; ".join(found)
        self._login_after(ended)
        apps = {number_of(part): each for part, each in kept.items() if base_of(part) == "app"}
        assert {number: each.id for number, each in apps.items()} == self.file.apps()
        assert kept["set"].id == self.file.names[1]
        assert sorted(kept["assignments"].inputs["users"]) == sorted(map(self.sandbox.org.user, self.file.users))
        for number, each in apps.items():
            declared = {
                name: app_label(value, number) if name == "label" else value for name, value in self.file.app.items()
            }
            assert {name: each.inputs[name] for name in declared} == declared
        look = self.stack.look(self._config())
        assert look.ok, look.text
        self.sound = True
        self.applied = self.file

    @precondition(lambda self: self.is_up)
    @rule(parts=SOME_PARTS, way=st.sampled_from(["replace", "taint"]), fault=A_FAULT, stopped=st.booleans())
    def force(self, parts: Parts, way: str, fault: tuple[str, int] | None, *, stopped: bool) -> None:
        """Replace parts by order; the first try may be killed when everything is made and nothing is deleted yet."""
        self.sound, self.changed = False, True
        options = Options(replace=self._named(parts)) if way == "replace" else EVERYTHING
        if way == "taint":
            for part in self._parts_of(parts):
                self.stack.taint(part)
        self._note_who_else_holds()
        if stopped:
            self.stack.up(self._config(), dataclasses.replace(options, stopped_before_deletes=True))
        self._login_after(self._command("up", fault, options))
        self.sound = True

    @precondition(lambda self: self.is_up)
    @rule(
        parts=SOME_PARTS,
        way=st.sampled_from(["target", "exclude"]),
        replaced=SOME_PARTS | st.just([]),
        fault=A_FAULT,
        dependents=st.booleans(),
    )
    def up_of_a_part(
        self, parts: Parts, way: str, replaced: Parts, fault: tuple[str, int] | None, *, dependents: bool
    ) -> None:
        self.sound, self.changed = False, True
        self._note_who_else_holds()
        names, forced = self._named(parts), self._named(replaced)
        options = (
            Options(target=names, target_dependents=dependents, replace=forced)
            if way == "target"
            else Options(exclude=names, exclude_dependents=dependents, replace=forced)
        )
        declared = self.file.apps().keys() - self.file.blocked
        before = {number: login for number, login in logins_of(self.stack).items() if number in declared}
        worked = before.keys() - self.clients.refusals(before).keys()
        set_before = self.stack.kept()["set"].id
        ended = self._command("up", fault, options)
        self.left.add(set_before)
        if ended.ok:
            now = {number: login for number, login in {**before, **logins_of(self.stack)}.items() if number in worked}
            assert self.clients.refusals(now) == {}
        self._others_log_in()
        self.sound = True

    @precondition(lambda self: self.is_up)
    @rule(fault=A_FAULT, keeps_the_key=st.booleans())
    def rename_the_component(self, fault: tuple[str, int] | None, *, keeps_the_key: bool) -> None:
        """Every resource is another one then. With a consumer key of its own the new app cannot be the old one: back to the old name."""
        self.sound, self.changed = False, True
        before, file, logins = self.stack.engine.component, self.file, logins_of(self.stack)
        if keeps_the_key:
            if set(logins) != set(file.apps()):
                return
            self.file = file.keeping({number: login["consumerKey"] for number, login in logins.items()})
        self._note_who_else_holds()
        gone = set(self.file.apps().values()) - {app.name for app in self.sandbox.standing().apps}
        self.components += 1
        self.stack.rename(f"access{self.components}")
        ended = self._command("up", fault)
        self._login_after(ended)
        if not ended.ok:
            self.stack.rename(before)
            self.file = file
            ended = self._command("up", None)
            if not ended.ok and self._somebody_deletes_what_is_in_the_way(ended, gone):
                ended = self._command("up", None)
            assert ended.ok, ended.text
            self._login_after(ended)
        self.sound = True

    @precondition(lambda self: self.is_up)
    @rule(fault=A_FAULT)
    def try_the_other_kind_of_app(self, fault: tuple[str, int] | None) -> None:
        """Two kinds cannot share a name: what is refused leaves the old app as it is."""
        self.up(None)
        self.sound, self.changed = False, True
        before = self.file
        self.file = before.with_kind(next(kind for kind in KINDS if kind != before.current.kind))
        ended = self._command("up", fault)
        self._login_after(ended)
        if not ended.ok:
            self.file = before
            self.clients.check(self.file, self.stack)
        self.sound = True

    @precondition(lambda self: self.is_up)
    @rule(fault=A_FAULT)
    def refresh(self, fault: tuple[str, int] | None) -> None:
        self.sound, self.changed = False, True
        ended = self._command("refresh", fault)
        assert ended.ok, ended.text
        self._others_log_in()
        self.sound = True

    @precondition(lambda self: self.is_up)
    @rule(fault=A_FAULT)
    def somebody_takes_over(self, fault: tuple[str, int] | None) -> None:
        """Another stack imports everything; then this one is destroyed, and what that one owns now stays."""
        self.up(None)
        self.sound = False
        taken = self.file.keeping({number: login["consumerKey"] for number, login in logins_of(self.stack).items()})
        config = self._config(**taken.settings(imported=True))
        ended = self.twin.up(config)
        assert ended.ok, ended.text
        assert self.clients.refusals(logins_of(self.twin)).keys() == self.file.blocked
        ended = self._command("destroy", fault)
        assert ended.ok, ended.text
        standing, others = self.sandbox.standing(), self._others_who_hold() if self.additive else ()
        assert contradictions(self.twin.kept(), standing, self.sandbox.org, stack="twin", others=others) == []
        assert self.clients.refusals(logins_of(self.twin)).keys() == self.file.blocked
        assert logins_of(self.twin).keys() == self.file.apps().keys()
        ended = self.twin.destroy(config)
        assert ended.ok, ended.text
        if self.additive:
            self._somebody_deletes_what_others_hold()
        assert contradictions({}, self.sandbox.standing(), self.sandbox.org) == []
        self.changed, self.sound = False, True

    @precondition(lambda self: self.is_up)
    @rule(command=st.sampled_from(["up", "refresh", "look", "destroy"]))
    def run_with_the_address_and_the_login_of_another_org(self, command: str) -> None:
        """Refused, whatever is declared, and nothing is changed anywhere."""
        self.sound, other = False, self.sandbox.other
        before = self.stack.kept(), self.sandbox.standing(), self.sandbox.standing(other)
        refusals = self.clients.refusals(logins_of(self.stack))
        config = self._config(org=other, address="", users=[other.user(alias) for alias in self.file.users])
        ended: Ended = getattr(self.stack, command)(config)
        assert not ended.ok
        assert self.sandbox.org.org_id in ended.text, ended.text
        assert other.org_id in ended.text, ended.text
        assert self._parts(self.stack.kept()) == self._parts(before[0]), ended.text
        assert (self.sandbox.standing(), self.sandbox.standing(other)) == before[1:]
        assert self.clients.refusals(logins_of(self.stack)) == refusals
        self._others_log_in()
        self.sound = True

    @precondition(lambda self: self.is_up)
    @rule(fault=A_FAULT)
    def look(self, fault: tuple[str, int] | None) -> None:
        self.sound, before = False, repr(self.stack.kept())
        ended = self._command("look", fault)
        assert not ended.codes, ended.text
        if not self.changed:
            assert ended.ok, ended.text
        assert repr(self.stack.kept()) == before
        self.sound = True

    @precondition(lambda self: self.is_up)
    @rule(fault=A_FAULT)
    def destroy(self, fault: tuple[str, int] | None) -> None:
        self.sound = False
        ended = self._command("destroy", fault)
        assert ended.ok, ended.text
        self._somebody_deletes_what_was_left()
        if self.changed or self.additive:
            self._somebody_deletes_what_others_hold()
        assert contradictions(self.stack.kept(), self.sandbox.standing(), self.sandbox.org) == []
        self.changed, self.sound = False, True

    def teardown(self) -> None:
        """End with an `up` whatever came before it (some lives know no other), and leave a clean sandbox for the next."""
        try:
            if self.sound:
                self.up(None)
        finally:
            self._clean()

    def _clean(self) -> None:
        self.sandbox.clear()
        if not self.stack.destroy(self._config()).ok or self.sandbox.standing().apps or self.sandbox.standing().sets:
            self.sandbox.renew()
            self.beside.forget()
        self.stack.forget()
        self.twin.forget()

    @property
    def is_up(self) -> bool:
        """Whether a whole stack is in state, with one generation or more."""
        return bool(self.stack.logins())

    def _command(self, command: str, fault: tuple[str, int] | None, options: Options = EVERYTHING) -> Ended:
        """Run a command with a fault, then again without, at most twice, as the documentation says."""
        self._order(fault)
        ended = self._once(command, options)
        self.sandbox.clear()
        tries = 0
        while not ended.ok and tries < MOST_TRIES:
            tries += 1
            ended = self._once(command, options)
        self.tries.append(tries)
        return ended

    def _order(self, fault: tuple[str, int] | None) -> None:
        if fault:
            self.sandbox.order([fault[0]], skip=fault[1] - 1)

    def _once(self, command: str, options: Options) -> Ended:
        config = self._config()
        ended: Ended = self.stack.up(config, options) if command == "up" else getattr(self.stack, command)(config)
        return ended

    def _login_after(self, ended: Ended) -> None:
        if ended.ok:
            self.clients.check(self.file, self.stack)
        self._others_log_in()

    def _others_log_in(self) -> None:
        assert refused(self.beside.outputs(), self.sandbox.org) == ""

    @staticmethod
    def _parts(kept: Mapping[str, Kept]) -> dict[str, Any]:
        """Every value in state, by its path."""
        return {
            f"{part}.{side}.{name}": value
            for part, each in kept.items()
            for side, values in (("inputs", each.inputs), ("outputs", each.outputs))
            for name, value in values.items()
        }

    def _parts_of(self, parts: Parts) -> list[str]:
        """Parts by the names that they have in state, each once."""
        numbers = sorted(self.stack.logins())
        made = [
            part if part in {"set", "assignments"} else part_name(part, numbers[which % len(numbers)])
            for part, which in parts
        ]
        return list(dict.fromkeys(made))

    def _named(self, parts: Parts) -> frozenset[str]:
        return frozenset(f"{self.stack.engine.component}-{part}" for part in self._parts_of(parts))

    def _note_who_else_holds(self) -> None:
        """What comes next may make assignments anew: by a new component, by order, or because they depend on what is replaced."""
        self.additive = self.additive or bool(self._others_who_hold())

    def _others_who_hold(self) -> list[str]:
        """Users who hold a set of ours and are not declared."""
        return [user for _, user in self.sandbox.standing().holders if user not in self._users]

    def _somebody_deletes_what_is_in_the_way(self, ended: Ended, gone: set[str]) -> bool:
        """Delete by hand, as the error says, apps that were gone before the component was renamed and that it made under its other name."""
        told = [
            app
            for app in self.sandbox.standing().apps
            if app.name in gone
            and f" {app.name} with another consumer key" in ended.text
            and "or delete the app in the org" in ended.text
        ]
        for app in told:
            self.sandbox.org.deploy({}, destroy={_type_of(app): [app.name]})
        return bool(told)

    def _somebody_deletes_what_was_left(self) -> None:
        """Delete by hand the sets that a command has replaced and kept, where none is in state any more and nobody holds it."""
        in_state = {
            each.id for part, each in self.stack.kept().items() if base_of(part.removeprefix("condemned ")) == "set"
        }
        standing = self.sandbox.standing()
        held = {name for name, _ in standing.holders}
        for name in {name for name, _, _ in standing.sets} & self.left - in_state - held:
            self.sandbox.org.deploy({}, destroy={"PermissionSet": [name]})
        self.left &= in_state | held

    def _somebody_deletes_what_others_hold(self, names: Collection[str] | None = None) -> None:
        """A destroy, and a rename, takes a set from nobody who was given it by hand, so that the set stays; of `names`, or any."""
        held = {name for name, user in self.sandbox.standing().holders if user not in self._users}
        for name in held if names is None else held.intersection(names):
            self.sandbox.org.deploy({}, destroy={"PermissionSet": [name]})

    def _edit(self, **edits: Any) -> None:
        self.file = dataclasses.replace(self.file, **edits)

    @property
    def _users(self) -> list[str]:
        return [self.sandbox.org.user(alias) for alias in self.file.users]

    def _config(self, **edits: Any) -> Config:
        declared = {"address": self.address, "users": self._users, **self.file.settings(), **edits}
        return self.sandbox.config(self.file.current.kind, **declared)


def _type_of(app: App) -> str:
    """The metadata type that a deploy deletes it by."""
    return "ConnectedApp" if app.kind == CONNECTED else app.kind
