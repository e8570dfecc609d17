"""The token endpoint's decisions: jwt-bearer, refresh_token and client_credentials (platform notes 4, 6.2).

Every grant, good or refused, is kept for the page and in LoginHistory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from localorg.clock import Clock
from localorg.errors import OAuthError
from localorg.identity.apps import EXTERNAL, App, effective_apps
from localorg.identity.assertion import Assertion, invalid_assertion, invalid_client, read_assertion
from localorg.identity.blocking import check_not_blocked
from localorg.identity.certificates import load_certificate
from localorg.identity.hosts import LoginHost, SharedHosts
from localorg.identity.login_history import FROZEN, PASSWORD_LOCKED, login_status
from localorg.identity.login_rate import LoginRate
from localorg.identity.login_restrictions import ip_ranges, is_inside, is_open, login_hours
from localorg.identity.preauthorization import NOT_APPROVED, check_use
from localorg.identity.sessions import PLATFORM_CLI, Sessions, random_text
from localorg.knobs import Knobs
from localorg.orgs import Org
from localorg.store import Row, Store

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REFRESH, CLIENT_CREDENTIALS = "refresh_token", "client_credentials"
NOT_INSTALLED = "External client app is not installed in this org"
KEEP_LOGINS, SWEEP_EVERY = 20_000, 2_000
PLATFORM_CLI_SCOPE = "refresh_token api web"


@dataclass(frozen=True)
class Granted:
    """A token and what the answer tells beside it."""

    org: Org
    user_id: str
    token: str
    scope: str
    refresh_token: str = ""  # a new one, where the org rotates them


@dataclass
class _Attempt:
    """What is known so far of a login, for the books. `phrase`: LoginHistory's, where the refusal's words do not tell the reason."""

    kind: str
    host: LoginHost
    org: Org | None = None
    app: str = ""
    label: str = ""
    username: str = ""
    user_id: str | None = None
    address: str = ""
    phrase: str = ""


class Grants:
    """Decides on grants for all orgs of a landscape."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        knobs: Knobs,
        sessions: Sessions,
        hosts: SharedHosts,
        find_org: Callable[[str], Org],
    ) -> None:
        self._store = store
        self._clock = clock
        self._knobs = knobs
        self._sessions = sessions
        self._hosts = hosts
        self._find_org = find_org
        self.rate = LoginRate()
        self._booked = 0

    def grant(self, host: LoginHost, form: Mapping[str, str], address: str) -> Granted:
        """Decide on a token request. Raises OAuthError in the platform's words."""
        kind = form.get("grant_type", "")
        flows = {JWT_BEARER: self._jwt_bearer, REFRESH: self._refresh, CLIENT_CREDENTIALS: self._client_credentials}
        if kind not in flows:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        attempt = _Attempt(kind, host, address=address)
        with self._store.transaction():
            try:
                granted = flows[kind](attempt, form)
            except OAuthError as error:
                refusal: OAuthError | None = error
            else:
                refusal = None
            self._book(attempt, refusal, granted.token if refusal is None else "")
        if refusal is not None:
            raise refusal
        return granted

    def _jwt_bearer(self, attempt: _Attempt, form: Mapping[str, str]) -> Granted:
        assertion = read_assertion(form.get("assertion", ""))
        attempt.app, attempt.username = assertion.issuer[:80], assertion.subject[:120]
        app, org = self._app(attempt.host, assertion.issuer, assertion.subject)
        attempt.app, attempt.label, attempt.org = app.name, app.label, org
        if app.mtls:
            raise OAuthError("invalid_client", "client certificate is required")
        self._check_audience(assertion, app, org)
        now = self._clock.now()
        assertion.check_time(
            now, skew=self._knobs.number("exp_skew", org.name), strict=self._knobs.on("strict_exp", org.name)
        )
        old_form = self._knobs.get("foreign_signature", org.name) == "invalid_grant"
        assertion.verify(app.certificate, foreign=invalid_assertion() if old_form else invalid_client())
        if self._knobs.on("refuse_expired_certificate", org.name):
            certificate = load_certificate(app.certificate)
            if certificate.not_valid_after_utc.timestamp() < now:
                raise invalid_assertion()
        if app.dpop:
            raise OAuthError("invalid_dpop_proof", "DPoP proof is required")
        user = self._user(attempt, org, assertion.subject)
        check_use(self._store, app, user["Id"], self._clock.timestamp())
        self._check_session_rules(attempt, app, user)
        reuse = self._knobs.on("reuse_session", org.name)
        return self._start(attempt, org, app, user["Id"], reuse=reuse)

    def _refresh(self, attempt: _Attempt, form: Mapping[str, str]) -> Granted:
        key = form.get("client_id", "")
        row = self._store.one("SELECT * FROM OauthToken WHERE DeleteToken = ?", (form.get("refresh_token", ""),))
        attempt.app = key[:80]
        if row is None or row["_ConsumerKey"] != key or not attempt.host.reaches(self._find_org(row["org"])):
            if key != PLATFORM_CLI and not effective_apps(self._store, key, self._clock.now()):
                raise OAuthError("invalid_client_id", "client identifier invalid")
            raise OAuthError("invalid_grant", "expired access/refresh token")
        org = attempt.org = self._open(self._find_org(row["org"]))
        app = None if key == PLATFORM_CLI else self._app(attempt.host, key, "")[0]
        if app:
            attempt.app, attempt.label = app.name, app.label
            self._check_secret(app, form, required=False)
        user = self._store.get(org.name, "User", row["UserId"])
        if user is None:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        self._check_user(attempt, org, user)
        if app:
            check_not_blocked(self._store, app)
        timeout = self._knobs.number("session_timeout", org.name)
        token = self._sessions.start(org, user["Id"], key, row["_Scope"], timeout=timeout)
        used = {"UseCount": (row["UseCount"] or 0) + 1, "LastUsedDate": self._clock.timestamp()}
        rotated = f"5Aep861{random_text(80)}" if self._knobs.on("rotate_refresh_tokens", org.name) else ""
        if rotated:
            used["DeleteToken"] = rotated
        self._store.change(org.name, "OauthToken", row["Id"], used)
        return Granted(org, user["Id"], token, row["_Scope"], rotated)

    def _client_credentials(self, attempt: _Attempt, form: Mapping[str, str]) -> Granted:
        if attempt.host.org is None:
            raise OAuthError("invalid_grant", "request not supported on this domain")
        app, org = self._app(attempt.host, form.get("client_id", ""), "")
        attempt.app, attempt.label, attempt.org = app.name, app.label, org
        self._check_secret(app, form, required=True)
        if not app.client_credentials_user:
            raise OAuthError("invalid_grant", "no client credentials user enabled")
        user = self._user(attempt, org, app.client_credentials_user)
        check_not_blocked(self._store, app)
        return self._start(attempt, org, app, user["Id"], reuse=False)

    def _app(self, host: LoginHost, key: str, username: str) -> tuple[App, Org]:
        """Return the app of a key as this host sees it. Raises OAuthError (platform notes 4.5: wrong host, not replicated)."""
        now = self._clock.now()
        seen = effective_apps(self._store, key, now, lambda name: self._knobs.number("propagation_delay", name))
        found = [(app, org) for app in seen if host.reaches(org := self._find_org(app.org))]
        if not found:
            if any(app.kind == EXTERNAL for app in (*seen, *effective_apps(self._store, key, now))):
                raise OAuthError("app_not_found", NOT_INSTALLED)
            raise OAuthError("invalid_client_id", "client identifier invalid")
        for app, org in found:
            if len(found) == 1 or self._store.find(org.name, "User", Username=username):
                return app, self._open(org)
        return found[0][0], self._open(found[0][1])

    def _open(self, org: Org) -> Org:
        if org.state == "locked":
            raise OAuthError("inactive_org", "org locked, closed, or suspended")
        return org

    def _check_audience(self, assertion: Assertion, app: App, org: Org) -> None:
        """Check `aud` by the kind of app (platform notes 4.1)."""
        given = set(assertion.audiences)
        test = self._hosts.test_audiences()
        takes_test = app.kind != EXTERNAL or self._knobs.get("eca_test_audience", org.name) == "accept"
        if given & test and not takes_test:
            raise OAuthError("app_not_found", NOT_INSTALLED)
        allowed = self._hosts.login_audiences() | (test if takes_test else set())
        if not self._knobs.on("classic_aud", org.name):
            allowed.add(org.url)
        if not given & allowed:
            raise OAuthError("invalid_grant", "audience is invalid")

    def _user(self, attempt: _Attempt, org: Org, username: str) -> Row:
        """Return an active user. An unknown one is answered like one who never consented (platform notes 4.5)."""
        user = self._store.one("SELECT * FROM User WHERE org = ? AND Username = ? COLLATE NOCASE", (org.name, username))
        if user is None:
            raise OAuthError("invalid_grant", NOT_APPROVED)
        self._check_user(attempt, org, user)
        return user

    def _check_user(self, attempt: _Attempt, org: Org, user: Row) -> None:
        attempt.user_id, attempt.username = user["Id"], user["Username"]
        if not user["IsActive"]:
            if self._knobs.get("inactive_user_form", org.name) == "invalid_grant":
                raise OAuthError("invalid_grant", "inactive user")
            raise OAuthError("inactive_user", "user is inactive")
        login = self._store.find(org.name, "UserLogin", UserId=user["Id"])
        if login and (login[0]["IsFrozen"] or login[0]["IsPasswordLocked"]):
            attempt.phrase = FROZEN if login[0]["IsFrozen"] else PASSWORD_LOCKED
            raise OAuthError("invalid_grant", "user is locked")
        if not self.rate.allow(org.name, user["Id"], self._clock.now(), self._knobs.number("login_rate", org.name)):
            raise OAuthError("invalid_grant", "login rate exceeded")

    def _check_session_rules(self, attempt: _Attempt, app: App, user: Row) -> None:
        """Check what else can stop a session: the profile's hours and addresses, a session level that JWT cannot reach."""
        if not is_open(login_hours(self._store, app.org, user["ProfileId"]), self._clock.now()):
            raise OAuthError("invalid_grant", "ip restricted or invalid login hours")
        ranges = ip_ranges(self._store, app.org, user["ProfileId"])
        if app.enforce_ip and not is_inside(ranges, attempt.address or "127.0.0.1"):
            raise OAuthError("invalid_grant", "ip restricted")
        if app.high_assurance:
            raise OAuthError("invalid_grant", NOT_APPROVED)

    def _check_secret(self, app: App, form: Mapping[str, str], *, required: bool) -> None:
        given = form.get("client_secret", "")
        if (given or required) and given != app.consumer_secret:
            raise invalid_client()

    def _start(self, attempt: _Attempt, org: Org, app: App, user_id: str, *, reuse: bool) -> Granted:
        timeout = app.session_minutes * 60.0 or self._knobs.number("session_timeout", org.name)
        scope = app.scope
        token = self._sessions.start(
            org,
            user_id,
            app.consumer_key,
            scope,
            timeout=timeout,
            reuse=reuse,
            as_jwt=app.jwt_tokens,
            address=attempt.address if app.ip_binding else "",
        )
        return Granted(org, user_id, token, scope)

    def _book(self, attempt: _Attempt, refusal: OAuthError | None, token: str) -> None:
        """Write the login into the grant log, and into LoginHistory and User where the user is known."""
        org = attempt.org or attempt.host.org
        now = self._clock.timestamp()
        reason = f"{refusal.error}: {refusal.description}" if refusal else ""
        self._store.do(
            "INSERT INTO _Grant (org, at, kind, app, username, outcome, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                org.name if org else "",
                now,
                attempt.kind.rpartition(":")[2],
                attempt.app,
                attempt.username,
                "refused" if refusal else "granted",
                reason,
            ),
        )
        if attempt.user_id and org:
            row = {
                "UserId": attempt.user_id,
                "LoginTime": now,
                "LoginType": "Remote Access 2.0",
                "SourceIp": attempt.address,
                "LoginUrl": attempt.host.url.removeprefix("https://"),
                "Application": attempt.label or attempt.app,
                "ApiType": "N/A",
                "ApiVersion": "N/A",
                "Status": login_status(refusal, attempt.phrase),
            }
            line = self._store.insert(org.name, "LoginHistory", row)
            if refusal is None:
                self._show_session(org, attempt, token, line)
                self._store.change(org.name, "User", attempt.user_id, {"LastLoginDate": now})
        self._booked += 1
        if self._booked % SWEEP_EVERY == 0:
            self._sweep()

    def _show_session(self, org: Org, attempt: _Attempt, token: str, line: str) -> None:
        """Show a session in AuthSession by the login that began it; one that lives already stays as it is."""
        if self._store.one("SELECT 1 FROM AuthSession WHERE _Token = ?", (token,)):
            return
        now = self._clock.timestamp()
        row = {
            "UsersId": attempt.user_id,
            "LoginHistoryId": line,
            "LoginType": "Remote Access 2.0",
            "SessionType": "OauthAccessToken",
            "SessionSecurityLevel": "STANDARD",
            "SourceIp": attempt.address,
            "UserType": "Standard",
            "NumSecondsValid": 7200,
            "_Token": token,
            "CreatedDate": now,
            "LastModifiedDate": now,
        }
        self._store.insert(org.name, "AuthSession", row)

    def _sweep(self) -> None:
        self._store.do("DELETE FROM _Grant WHERE seq <= (SELECT MAX(seq) FROM _Grant) - ?", (KEEP_LOGINS,))
        self._store.do(
            "DELETE FROM LoginHistory WHERE rowid <= (SELECT MAX(rowid) FROM LoginHistory) - ?", (KEEP_LOGINS,)
        )
        self._sessions.sweep()
