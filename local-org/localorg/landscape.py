"""The landscape: its orgs, and everything that they share. Endpoints call its parts; it makes and refreshes orgs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from localorg.clock import Clock
from localorg.configuration import Configuration
from localorg.errors import LandscapeError
from localorg.identity.apps import publish
from localorg.identity.grants import PLATFORM_CLI_SCOPE, Grants
from localorg.identity.hosts import LoginHost, SharedHosts, shared_hosts
from localorg.identity.sessions import PLATFORM_CLI, Sessions, random_text
from localorg.knobs import Knobs
from localorg.metadata.jobs import Jobs
from localorg.orgs import HOST, PRODUCTION, SANDBOX, Org
from localorg.population import populate
from localorg.ports import Ports
from localorg.refresh import copy_production
from localorg.soql.run import Queries
from localorg.store import Store
from localorg.streaming.bus import EventBus
from localorg.streaming.clients import Clients

_APP_TYPES = "('ConnectedApp', 'ExternalClientApplication')"


class Landscape:
    """One production org and its sandboxes over one store. Made once; found again at every later start."""

    def __init__(self, database: Path | str, configuration: Configuration, ports: Ports) -> None:
        self.store = Store(database)
        self.ports = ports
        self.clock = Clock(offset=self.store.setting("clockOffset", 0.0))
        self.store.sql.create_function("landscape_now", 0, self.clock.timestamp)
        self.knobs = Knobs(self.store)
        self._orgs: dict[str, Org] = {}
        self._hosts: dict[int, LoginHost] = {}
        if self.store.setting("made") is None:
            with self.store.transaction():
                self._make(configuration)
        self.hosts: SharedHosts = shared_hosts(self.store.setting("loginPort"), self.store.setting("testPort"))
        self._read_orgs()
        self.admin_port: int = self.store.setting("adminPort")
        self.sessions = Sessions(self.store, self.clock)
        self.streaming = Clients(EventBus(self.store, self.clock), self.clock)
        self.queries = Queries(self.store, self.clock)
        self.clock.on_move.append(self._keep_streaming_sessions)
        self.jobs = Jobs(self.store, self.knobs, self.clock, self.org)
        self.grants = Grants(self.store, self.clock, self.knobs, self.sessions, self.hosts, self.org)

    def orgs(self) -> list[Org]:
        """Return the orgs, production first."""
        return list(self._orgs.values())

    def org(self, name: str) -> Org:
        """Return an org by name. Raises LandscapeError."""
        if name not in self._orgs:
            raise LandscapeError(f"no org is named {name!r}; there are: {', '.join(self._orgs)}")
        return self._orgs[name]

    def production(self) -> Org:
        """Return the production org."""
        return next(org for org in self._orgs.values() if org.kind == PRODUCTION)

    def login_hosts(self) -> dict[int, LoginHost]:
        """Return every host that serves logins, by port."""
        if not self._hosts:
            own = {org.port: LoginHost(org.port, org) for org in self._orgs.values()}
            self._hosts = {**own, self.hosts.login.port: self.hosts.login, self.hosts.test.port: self.hosts.test}
        return self._hosts

    def refresh(self, name: str) -> Org:
        """Replace a sandbox by a copy of production under a new org id. Raises LandscapeError for production."""
        org = self.org(name)
        if not org.is_sandbox:
            raise LandscapeError(f"{name} is a production org: only sandboxes are refreshed")
        with self.store.transaction():
            self.store.do(
                "UPDATE _Org SET org_id = ?, state = 'active' WHERE name = ?", (self.store.next_id("00D"), name)
            )
            self._fill_sandbox(name)
        self._read_orgs()
        return self.org(name)

    def rename(self, name: str) -> Org:
        """Give an org another My Domain, which on loopback is another port; the one it had is nobody's then."""
        self.store.do("UPDATE _Org SET port = ? WHERE name = ?", (self.ports.choose(1)[0], self.org(name).name))
        self._read_orgs()
        return self.org(name)

    def set_state(self, name: str, state: str) -> Org:
        """Make an org active, locked or building. Raises LandscapeError."""
        if state not in {"active", "locked", "building"}:
            raise LandscapeError("an org's state is active, locked or building")
        self.store.do("UPDATE _Org SET state = ? WHERE name = ?", (state, self.org(name).name))
        self._read_orgs()
        return self.org(name)

    def move_clock(self, offset: float) -> None:
        """Set the clock's distance to the machine's, in seconds; jobs whose time has come end.

        When it goes back, what was to have happened later happened now: nothing waits for a time that was undone.
        """
        with self.store.transaction():
            self.store.set_setting("clockOffset", offset)
            now = self.clock.now() - self.clock.offset + offset
            for table, column in (
                ("_AppVersion", "at"),
                ("_Job", "ended_at"),
                ("_Job", "started_at"),
                ("_Job", "created_at"),
            ):
                self.store.do(f"UPDATE {table} SET {column} = ? WHERE {column} > ?", (now, now))
        self.clock.move_to(offset)

    def describe_org(self, org: Org, ca_bundle: str) -> dict[str, Any]:
        """Return an org with its administrator's ways in (a local org: these are no secrets)."""
        access = self.store.setting(f"admin:{org.name}")
        return {
            "name": org.name,
            "kind": org.kind,
            "url": org.url,
            "orgId": org.org_id,
            "state": org.state,
            "caBundle": ca_bundle,
            "username": access["username"],
            "accessToken": access["accessToken"],
            "sfdxAuthUrl": f"force://{PLATFORM_CLI}::{access['refreshToken']}@{HOST}:{org.port}",
        }

    def _keep_streaming_sessions(self) -> None:
        """Let sessions live on over the time that was passed over, where a client was connected with them."""
        for org, token in self.streaming.held():
            if self.knobs.on("streaming_keeps_session", org):
                self.sessions.keep(token)

    def _read_orgs(self) -> None:
        rows = self.store.all("SELECT * FROM _Org ORDER BY position")
        self._orgs = {
            row["name"]: Org(row["name"], row["kind"], row["org_id"], row["port"], row["label"], row["state"])
            for row in rows
        }
        self._hosts = {}

    def _make(self, configuration: Configuration) -> None:
        names = (configuration.production, *configuration.sandboxes)
        ports = self.ports.choose(len(names) + 3, configuration.port_base)
        for setting, port in zip(("adminPort", "loginPort", "testPort"), ports, strict=False):
            self.store.set_setting(setting, port)
        for position, (name, port) in enumerate(zip(names, ports[3:], strict=True)):
            kind = SANDBOX if position else PRODUCTION
            row = {
                "name": name,
                "kind": kind,
                "org_id": self.store.next_id("00D"),
                "port": port,
                "label": configuration.label,
                "state": "active",
                "position": position,
            }
            self.store.put("_Org", row)
        self._read_orgs()
        production = self.production()
        populate(self.store, production, self.clock.timestamp(), configuration.people)
        self._give_access(production)
        for name in configuration.sandboxes:
            self._fill_sandbox(name)
        self.knobs.set(configuration.knobs)
        self.store.set_setting("made", "yes")

    def _fill_sandbox(self, name: str) -> None:
        """Copy production into a sandbox and publish which apps it has now."""
        self._read_orgs()
        org = self.org(name)
        apps = f"SELECT id FROM _Component WHERE org = ? AND type IN {_APP_TYPES}"
        before = {row["id"] for row in self.store.all(apps, (name,))}
        copy_production(self.store, self.knobs, self.production(), org)
        for app_id in before | {row["id"] for row in self.store.all(apps, (name,))}:
            publish(self.store, self.clock, name, app_id)
        self._give_access(org)

    def _give_access(self, org: Org) -> None:
        """Give an org's first administrator a session that never ends, and a refresh token."""
        admin = self.store.one("SELECT * FROM User WHERE org = ? ORDER BY rowid LIMIT 1", (org.name,))
        if admin is None:
            raise LandscapeError("a landscape needs at least one person")
        token = Sessions(self.store, self.clock).start(org, admin["Id"], PLATFORM_CLI, PLATFORM_CLI_SCOPE, timeout=None)
        refresh_token = f"5Aep8{random_text(80)}"
        consent = {
            "AppName": "Salesforce CLI",
            "UserId": admin["Id"],
            "DeleteToken": refresh_token,
            "UseCount": 0,
            "_ConsumerKey": PLATFORM_CLI,
            "_Scope": PLATFORM_CLI_SCOPE,
        }
        self.store.insert(org.name, "OauthToken", consent)
        access = {"username": admin["Username"], "accessToken": token, "refreshToken": refresh_token}
        self.store.set_setting(f"admin:{org.name}", access)
