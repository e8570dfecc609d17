"""THE QUESTIONS: what the platform notes leave open and one org can answer, each with the section of the notes that waits for it.

None changes anything that stays: two try to write what is there already, which an org refuses, and what it should have written after all
is deleted again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from toolchain.real_org.session import Session

LOGIN, TEST = "https://login.salesforce.com", "https://test.salesforce.com"
SATELLITES = {
    "ExternalClientApplication": "",
    "ExtlClntAppGlobalOauthSettings": "_glbloauth",
    "ExtlClntAppOauthSettings": "_oauth",
    "ExtlClntAppOauthConfigurablePolicies": "_oauthPlcy",
    "ExtlClntAppConfigurablePolicies": "_plcy",
    "ExtlClntAppOauthSecuritySettings": "_oauthSecurity",
}
_BITS = 2048


@dataclass(frozen=True)
class Question:
    """`section` is that of docs/platform-notes.md; `ask` gives what the org answered, before it is redacted."""

    section: str
    asks: str
    ask: Callable[[Session], Any]


def _in_short(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Status, media type, and of the body its error or the names of what it holds; a token is never among it."""
    body = answer["body"]
    if isinstance(body, dict):
        said = {name: body[name] for name in ("error", "error_description", "token_format", "scope") if name in body}
        if "records" in body:
            said["records"] = [{k: v for k, v in row.items() if k != "attributes"} for row in body["records"]]
        said["members"] = sorted(body)
    elif isinstance(body, list):
        said = {"errors": body}
    else:
        said = {"text": str(body).strip()[:200]}
    return {"status": answer["status"], "mediaType": answer["mediaType"], **said}


def _members(session: Session) -> dict[str, Any]:
    """Elements of every member of the app as they are read, in their order; of the certificate and the consumer key only the form."""
    return {name: _elements(session.read_metadata(name, session.app + end)) for name, end in SATELLITES.items()}


def _connected(session: Session) -> list[str]:
    return _elements(session.read_metadata("ConnectedApp", session.app))


def _elements(envelope: str) -> list[str]:
    """`name: text` of each leaf of the record, in order."""
    record = re.search(r"<records\b[^>]*?(?:/>|>(.*?)</records>)", envelope, re.DOTALL)
    fault = re.search(r"<faultstring>(.*?)</faultstring>", envelope, re.DOTALL)
    if record is None or not record[1]:
        return [f"fault: {fault[1]}"] if fault else ["nothing under this name"]
    return [
        f"{name}: {_form(name, text)}"
        for name, text in re.findall(r"<(?:\w+:)?(\w+)(?:\s[^>]*)?>([^<]*)</(?:\w+:)?\1>", record[1])
    ]


def _form(name: str, text: str) -> str:
    if name == "certificate":
        lines = text.strip().splitlines()
        return f"{len(lines)} lines, the first of {len(lines[0]) if lines else 0}, PEM header: {'BEGIN' in text}"
    return f"{len(text)} characters" if name in {"consumerKey", "consumerSecret"} else text


def _another_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _same_session(session: Session) -> Any:
    """Whether two grants give one token, and of what form it is."""
    bodies = [session.grant()["body"] for _ in range(2)]
    tokens = [body.get("access_token", "") if isinstance(body, dict) else "" for body in bodies]
    return {"same": tokens[0] == tokens[1] != "", "parts": tokens[0].count(".") + 1}


def _assignment_again(session: Session) -> Any:
    held = session.rows(
        "SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment "
        f"WHERE PermissionSet.Name = '{session.permission_set}'"
    )
    return _write_again(
        session, "PermissionSetAssignment", {name: held[0][name] for name in ("AssigneeId", "PermissionSetId")}
    )


def _link_again(session: Session) -> Any:
    links = session.rows(
        f"SELECT ParentId, SetupEntityId FROM SetupEntityAccess WHERE Parent.Name = '{session.permission_set}'"
    )
    return _write_again(session, "SetupEntityAccess", {name: links[0][name] for name in ("ParentId", "SetupEntityId")})


def _write_again(session: Session, kind: str, record: Mapping[str, Any]) -> Any:
    """Try to write what is there already; what the org took all the same is deleted again."""
    answer = session.rest("POST", f"sobjects/{kind}", json=dict(record))
    if isinstance(answer["body"], dict) and answer["body"].get("id"):
        session.rest("DELETE", f"sobjects/{kind}/{answer['body']['id']}")
    return _in_short(answer)


def _query(question: str, *, tooling: bool = False) -> Callable[[Session], Any]:
    return lambda session: _in_short(session.query(question.format(app=session.app), tooling=tooling))


def _grant(**what: Any) -> Callable[[Session], Any]:
    return lambda session: _in_short(session.grant(**what))


_BAD_TOKEN = {"Authorization": "Bearer nonsense"}

QUESTIONS: tuple[Question, ...] = (
    Question("1.4", "the app's members as they are read back: certificate, defaults, names", _members),
    Question("1.6", "the app as a ConnectedApp: labels or names of permission sets", _connected),
    Question(
        "3.4",
        "ConnectedApplication by its developer name, data API",
        _query("SELECT Id FROM ConnectedApplication WHERE DeveloperName = '{app}'"),
    ),
    Question(
        "3.4",
        "ConnectedApplication by its developer name, Tooling API",
        _query("SELECT Id, DeveloperName FROM ConnectedApplication WHERE DeveloperName = '{app}'", tooling=True),
    ),
    Question(
        "3.4",
        "ExternalClientApplication, data API",
        _query("SELECT Id, NamespacePrefix FROM ExternalClientApplication WHERE DeveloperName = '{app}'"),
    ),
    Question(
        "3.2",
        "the app's links",
        _query(
            "SELECT Id, SetupEntityId, SetupEntityType, Parent.Name FROM SetupEntityAccess WHERE Parent.Name LIKE 'Orgkey%'"
        ),
    ),
    Question("3.2", "a link that is there already", _link_again),
    Question("3.3", "an assignment that is there already", _assignment_again),
    Question("4.1", "audience: My Domain", _grant()),
    Question("4.1", f"audience: {LOGIN}", _grant(audience=LOGIN)),
    Question("4.1", f"audience: {TEST}", _grant(audience=TEST)),
    Question("4.1", "audience: nonsense", _grant(audience="https://example.com")),
    Question("4.4", "two grants: the same session, the form of the token", _same_session),
    Question("4.5", "another key signs", lambda session: _in_short(session.grant(key=_another_key()))),
    Question("4.5", "an unknown user", _grant(user="nobody@orgkey.invalid")),
    Question("4.5", "an unknown consumer key", _grant(issuer="orgkeyorgkeyorgkeyorgkey")),
    Question(
        "4.7",
        "userinfo with a bad token",
        lambda session: _in_short(session.call("GET", "/services/oauth2/userinfo", headers=_BAD_TOKEN)),
    ),
    Question(
        "4.7",
        "revoke of a bad token",
        lambda session: _in_short(session.call("POST", "/services/oauth2/revoke", data={"token": "nonsense"})),
    ),
    Question(
        "5.6",
        "the last deploys",
        _query(
            "SELECT Status, CheckOnly, CompletedDate FROM DeployRequest ORDER BY CreatedDate DESC LIMIT 5", tooling=True
        ),
    ),
    Question(
        "1.9",
        "the last logins through the app",
        _query("SELECT Application, LoginType, Status FROM LoginHistory ORDER BY LoginTime DESC LIMIT 10"),
    ),
)


def ask_all(session: Session, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Ask every question; one that fails in a way of its own is an answer too."""
    answers = []
    for question in QUESTIONS:
        tell(f"asking: {question.asks}")
        try:
            answer = question.ask(session)
        except Exception as error:  # noqa: BLE001 — the next question is worth as much
            answer = {"notAsked": type(error).__name__}
        answers.append({"section": question.section, "asks": question.asks, "answer": answer})
    return answers
