"""A stack's life as random steps: edits of the stack file, changes in the org behind its back, commands that meet a fault.

After every `up`, with the documented recovery, the org equals the declaration and a look finds nothing; after a destroy nothing is left.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.matrix.cases import FAULTS, MOST_TRIES
from tests.matrix.observation import contradictions
from tests.matrix.sandbox import Config, Sandbox
from tests.matrix.stacks import Ended, ProtocolStack

USERS = ("ci", "devops", "release", "admin")
ROOTS = {"external": "ExternalClientApplication", "connected": "ConnectedApplication"}
DESTROYED = {"external": "ExternalClientApplication", "connected": "ConnectedApp"}
EDITS: dict[str, st.SearchStrategy[Any]] = {
    "label": st.sampled_from(["CI Integration", "Other <label> & more", "Ünïcode"]),
    "description": st.sampled_from(["", "for CI", "two\nlines"]),
    "ipRelaxation": st.sampled_from(["Enforce", "Bypass"]),
    "scopes": st.sampled_from([["Api", "RefreshToken"], ["Api", "RefreshToken", "Chatter"]]),
    "sessionTimeoutMinutes": st.sampled_from([30, 60]),
    "contactEmail": st.sampled_from(["ops@acme.com", "other@acme.com"]),
}
A_FAULT = st.none() | st.tuples(st.sampled_from(FAULTS), st.integers(1, 28))


class Life(RuleBasedStateMachine):
    """One stack and its sandbox. What is declared is in `app`, `users`, `key` and `names`; `tries` counts for the table."""

    def __init__(self, sandbox: Sandbox, stack: ProtocolStack, tries: list[int]) -> None:
        super().__init__()
        self.sandbox, self.stack, self.tries = sandbox, stack, tries
        self.kind = "external"
        self.app: dict[str, Any] = {}
        self.users = ["ci"]
        self.key: dict[str, Any] = {}
        self.names = ("CI_Integration", "CI_Integration_Access")
        self.changed = False
        """Whether somebody changed the org since the last command."""
        self.sound = True

    @initialize(kind=st.sampled_from(sorted(ROOTS)))
    def begin(self, kind: str) -> None:
        self.kind = kind

    # --- edits of the stack file

    @rule(name=st.sampled_from(sorted(EDITS)), data=st.data())
    def edit_the_app(self, name: str, data: st.DataObject) -> None:
        value = data.draw(st.none() | EDITS[name], label=name)
        self.app = {**self.app, name: value} if value is not None else {k: v for k, v in self.app.items() if k != name}

    @rule(users=st.lists(st.sampled_from(USERS), min_size=1, unique=True))
    def declare_users(self, users: list[str]) -> None:
        self.users = users

    @rule(days=st.none() | st.integers(30, 400))
    def renew_or_rekey(self, days: int | None) -> None:
        self.key |= {"generation": self.key.get("generation", 1) + 1} if days is None else {"validityDays": days}

    @rule(app=st.sampled_from(["CI_Integration", "CI_Other"]), permission_set=st.sampled_from(["CI_A", "CI_B"]))
    def rename(self, app: str, permission_set: str) -> None:
        self.names = (app, permission_set)

    # --- changes behind our back

    @precondition(lambda self: self.is_up)
    @rule(change=st.sampled_from(["unlink the set", "delete the app", "delete the set"]) | st.sampled_from(USERS))
    def somebody_changes_the_org(self, change: str) -> None:
        """A user name gives the set to that user, or takes it away."""
        org, standing, held = self.sandbox.org, self.sandbox.standing(), self.stack.kept()["set"].id
        app = next((app.name for app in standing.apps), "")
        has_set = held in [name for name, _, _ in standing.sets]
        if change == "unlink the set" and app:
            org.unlink(app, ROOTS[self.kind])
        elif change == "delete the app" and app:
            org.deploy({}, destroy={DESTROYED[self.kind]: [app]})
        elif change == "delete the set" and has_set:
            org.deploy({}, destroy={"PermissionSet": [held]})
        elif change in USERS and has_set:
            user = org.user(change)
            (org.unassign if (held, user) in standing.holders else org.assign)(held, user)
        self.changed = True

    # --- commands

    @rule(fault=A_FAULT)
    def up(self, fault: tuple[str, int] | None) -> None:
        self.sound = False
        ended = self._command("up", fault)
        assert ended.ok, ended.text
        self.changed = False
        kept, standing = self.stack.kept(), self.sandbox.standing()
        assert contradictions(kept, standing, self.sandbox.org) == []
        assert (kept["app"].id, kept["set"].id) == self.names
        assert sorted(kept["assignments"].inputs["users"]) == sorted(map(self.sandbox.org.user, self.users))
        assert {name: kept["app"].inputs[name] for name in self.app} == self.app
        look = self.stack.look(self._config())
        assert look.ok, look.text
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
        self.stack.forget()

    @property
    def is_up(self) -> bool:
        """Whether a whole stack is in state."""
        return len(self.stack.kept()) == 5

    def _command(self, command: str, fault: tuple[str, int] | None) -> Ended:
        """Run a command with a fault, then again without, at most twice, as the documentation says."""
        if fault:
            self.sandbox.order([fault[0]], skip=fault[1] - 1)
        ended: Ended = getattr(self.stack, command)(self._config())
        self.sandbox.clear()
        tries = 0
        while not ended.ok and tries < MOST_TRIES:
            tries += 1
            ended = getattr(self.stack, command)(self._config())
        self.tries.append(tries)
        return ended

    def _config(self) -> Config:
        app, permission_set = self.names
        return self.sandbox.config(
            self.kind,
            app={**self.app, "name": app},
            users=[self.sandbox.org.user(alias) for alias in self.users],
            key=self.key,
            permissionSet={"name": permission_set},
        )
