"""An org that says what a test wants it to say, over real HTTPS: for answers that no working org gives."""

from __future__ import annotations

import functools
import http.server
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

from orgkey.identity.key_pair import generate_key
from orgkey.model.connection import parse_connection
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.grant import JwtLogin
from orgkey.salesforce.org import Org as Client
from tests.tls import secure

Answer = tuple[int, str, bytes]
ORGANIZATION = {
    "Id": "00D000000000001AAA",
    "Name": "Acme",
    "InstanceName": "X1",
    "IsSandbox": True,
    "TrialExpirationDate": None,
    "OrganizationType": "Enterprise Edition",
    "NamespacePrefix": None,
}


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes

    @property
    def soql(self) -> str:
        return self.query.get("q", "")


@dataclass
class Stub:
    """A host under test; `seen` are the requests it got."""

    url: str
    ca_bundle: str
    seen: list[Request] = field(default_factory=list)

    def client(self, clock: Clock | None = None, token: str = "x") -> Client:
        settings = {"instanceUrl": self.url, "caBundle": self.ca_bundle, "credentials": '{"accessTokenEnv": "TOKEN"}'}
        connection, problems = parse_connection(settings)
        assert connection is not None, problems
        return Client(connection, environment={"TOKEN": token}, clock=clock)


def as_json(status: int, content: Any) -> Answer:
    return status, "application/json;charset=UTF-8", json.dumps(content).encode()


def refusal(status: int, code: str, text: str = "no") -> Answer:
    return as_json(status, [{"errorCode": code, "message": text}])


@dataclass
class Says:
    """Answers of an org, by what is asked: a part of a SOQL question, or of a SOAP body."""

    rows: Mapping[str, Any] = field(default_factory=dict)
    tooling: Mapping[str, Any] = field(default_factory=dict)
    soap: Mapping[str, str] = field(default_factory=dict)
    organization: Mapping[str, Any] = field(default_factory=lambda: ORGANIZATION)

    def __call__(self, request: Request) -> Answer:
        if request.path.endswith("/composite"):
            asked = json.loads(request.body)["compositeRequest"]
            return as_json(200, {"compositeResponse": [self._part(each) for each in asked]})
        if request.path.endswith("/tooling/query"):
            answer = self._of(self.tooling, request.soql)
            return answer if isinstance(answer, tuple) else as_json(200, answer)
        if "/services/Soap/" in request.path:
            text = request.body.decode()
            result = next((xml for part, xml in self.soap.items() if part in text), "")
            kind = re.findall(r"<(?:\w+:)?(readMetadata|listMetadata)>", text)[0]
            return soap(kind, result)
        return refusal(404, "NOT_FOUND")

    def _part(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        question = parse_qs(urlsplit(asked["url"]).query)["q"][0]
        answer = self._of({"FROM Organization": [self.organization], **self.rows}, question)
        status, body = (answer[0], json.loads(answer[2])) if isinstance(answer, tuple) else (200, answer)
        return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": asked["referenceId"]}

    @staticmethod
    def _of(answers: Mapping[str, Any], question: str) -> Any:
        found = next((answer for part, answer in answers.items() if part in question), [])
        return found if isinstance(found, tuple) else {"totalSize": len(found), "done": True, "records": found}


def soap(operation: str, result: str) -> Answer:
    text = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body><{operation}Response>{result}</{operation}Response></soapenv:Body></soapenv:Envelope>"
    )
    return 200, "text/xml;charset=UTF-8", text.encode()


@contextmanager
def serving(folder: Path, respond: Callable[[Request], Answer]) -> Iterator[Stub]:
    """A host that answers with `respond`, as long as the context lasts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "stub-ca.pem")
    seen: list[Request] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            request = Request(self.command, url.path, query, body)
            seen.append(request)
            status, kind, content = respond(request)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 — the names that http.server calls

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    secure(server, context)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield Stub(f"https://localhost:{server.server_address[1]}", str(folder / "stub-ca.pem"), seen)
    finally:
        server.shutdown()
        server.server_close()


@functools.cache
def any_login() -> JwtLogin:
    """A JWT login whose key the stub does not check."""
    return JwtLogin("key", "u@x.y", generate_key(2048))
