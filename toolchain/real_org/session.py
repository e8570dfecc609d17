"""One org through its public endpoints, as its administrator and as the login that orgkey made: plain requests, nothing of orgkey's client.

What the org answers is what is to be learned, so no answer is an error here: each is a status, a media type and a body.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import jwt
import requests

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SECONDS = 60
_ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/metadata"><e:Header>'
    "<SessionHeader><sessionId>{}</sessionId></SessionHeader></e:Header><e:Body>{}</e:Body></e:Envelope>"
)


@dataclass(frozen=True)
class Login:
    """The login that orgkey made: consumer key, user name and private key (PEM) of the stack's outputs."""

    consumer_key: str
    username: str
    private_key: str = field(repr=False)


@dataclass(frozen=True)
class Session:
    """An org, its administrator's access token and the login under test; `names` are those of app and permission set."""

    url: str
    access_token: str = field(repr=False)
    login: Login
    app: str
    permission_set: str
    api_version: str = "67.0"
    ca_bundle: str | None = None

    def query(self, question: str, *, tooling: bool = False) -> dict[str, Any]:
        """Status, and the rows or the error, of a SOQL query by the data or the Tooling API."""
        return self.rest("GET", f"{'tooling/' if tooling else ''}query", params={"q": question})

    def rows(self, question: str, *, tooling: bool = False) -> list[dict[str, Any]]:
        """The rows of a query; none where it is refused."""
        body = self.query(question, tooling=tooling)["body"]
        return list(body["records"]) if isinstance(body, dict) and "records" in body else []

    def rest(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        """Call a path below `/services/data/vNN.0/` as the administrator."""
        headers = {"Authorization": f"Bearer {self.access_token}"}
        return self.call(method, f"/services/data/v{self.api_version}/{path}", headers=headers, **kwargs)

    def read_metadata(self, type_name: str, full_name: str) -> str:
        """The body of a `readMetadata` answer, as text."""
        asked = f"<readMetadata><type>{type_name}</type><fullNames>{escape(full_name)}</fullNames></readMetadata>"
        return str(
            self.call(
                "POST",
                f"/services/Soap/m/{self.api_version}",
                data=_ENVELOPE.format(escape(self.access_token), asked),
                headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'},
            )["body"]
        )

    def grant(self, *, audience: str = "", key: str = "", issuer: str = "", user: str = "", host: str = "") -> Any:
        """One JWT bearer grant; what is not said is right. The token itself is left out of the answer."""
        claims = {
            "iss": issuer or self.login.consumer_key,
            "sub": user or self.login.username,
            "aud": audience or self.url,
            "exp": int(time.time()) + 180,
        }
        assertion = jwt.encode(claims, key or self.login.private_key, algorithm="RS256")
        form = {"grant_type": JWT_BEARER, "assertion": assertion}
        return self.call("POST", "/services/oauth2/token", host=host, data=form)

    def call(self, method: str, path: str, *, host: str = "", **kwargs: Any) -> dict[str, Any]:
        """Send one request: status, media type and body, JSON where it is."""
        url = (host or self.url) + path
        verify = self.ca_bundle or True
        response = requests.request(method, url, timeout=_SECONDS, verify=verify, allow_redirects=False, **kwargs)
        try:
            body: Any = response.json()
        except ValueError:
            body = response.text
        media_type = response.headers.get("Content-Type", "").partition(";")[0]
        return {"status": response.status_code, "mediaType": media_type, "body": body}
