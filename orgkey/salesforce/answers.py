"""What an org answers over REST and OAuth, parsed where it comes in: one function per answer, and one exception for all that is none.

Something between us and the org may answer in its place, and an org may change: whatever comes, it ends as a StrangeAnswerError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from orgkey.salesforce.errors import StrangeAnswerError

if TYPE_CHECKING:
    import requests

_TOKEN = re.compile(r"[\x21-\x7e]+")
_PAGE = "/services/data/"


class Record(dict[str, Any]):
    """One record of a query's answer. A field that is not there is a strange answer; one without a value is an empty text."""

    url: str = ""

    def __missing__(self, name: str) -> Any:
        raise StrangeAnswerError(self.url, f"record with the field {name}")

    def text(self, path: str) -> str:
        """A field as text, empty where it has no value; `path` goes over relationships (`Assignee.Username`)."""
        value: Any = self
        for name in path.split("."):
            if value is None:
                return ""
            if not isinstance(value, Record):
                raise StrangeAnswerError(self.url, f"record with the field {path}")
            value = value[name]
        if value is None:
            return ""
        if isinstance(value, dict | list):
            raise StrangeAnswerError(self.url, f"record with the field {path}")
        return str(value)

    def flag(self, path: str) -> bool:
        """A field as a boolean, false where it has no value."""
        return flag(self.text(path), self.url, path)


Rows = list[Record]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a query's answer; `rest` is the path of the next one, empty at the end."""

    records: Rows
    rest: str


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to one request of a composite."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Saved:
    """The org's word on one record of a collection call."""

    success: bool
    record_id: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and what the org said about it. `org_id` and `user_id` come from the identity URL."""

    access_token: str = field(repr=False)
    instance_url: str
    scopes: tuple[str, ...]
    org_id: str
    user_id: str
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UserInfo:
    """Who a token speaks for."""

    org_id: str
    user_id: str
    username: str


def content_of(response: requests.Response, what: str = "JSON") -> Any:
    """The body as JSON. Halves of surrogate pairs, which no message could carry, are replaced."""
    try:
        content = response.json()
        if b"\\u" in response.content:
            content = json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise StrangeAnswerError(response.url, what, status=response.status_code) from None
    return content


def error_of(content: Any) -> tuple[str, str]:
    """Code and text of the platform's error array (platform notes 5.7); empty where there is none."""
    first = content[0] if isinstance(content, list) and content else content
    if not isinstance(first, Mapping):
        return "", ""
    return word(first, "errorCode"), word(first, "message")


def api_error(response: requests.Response) -> tuple[str, str]:
    """Code and text of an error answer of the REST API; empty where something else answered."""
    try:
        return error_of(content_of(response))
    except StrangeAnswerError:
        return "", ""


def composite(content: Any, count: int, url: str) -> list[Part]:
    """The answers to the `count` requests of a composite."""
    what = "composite answer"
    parts = _items(fields(content, url, what).get("compositeResponse"), url, what)
    if len(parts) != count:
        raise StrangeAnswerError(url, f"composite answer to {count} questions")
    return [Part(number(part.get("httpStatusCode"), url, "httpStatusCode"), part.get("body")) for part in parts]


def page(content: Any, url: str) -> Page:
    """One page of a query's answer."""
    answer = fields(content, url, "answer to a query")
    try:
        records = [_record(item, url) for item in _items(answer.get("records"), url, "answer to a query")]
    except RecursionError:
        raise StrangeAnswerError(url, "answer to a query") from None
    rest = answer.get("nextRecordsUrl") or ""
    if not isinstance(rest, str) or (rest and not rest.startswith(_PAGE)):  # it is called with the session
        raise StrangeAnswerError(url, "address of the next page")
    return Page(records, rest)


def saved(content: Any, count: int, url: str) -> list[Saved]:
    """The answers to the `count` records of a collection call."""
    items = _items(content, url, "answer to a change of records")
    if len(items) != count:
        raise StrangeAnswerError(url, f"answer to a change of {count} records")
    return [_saved(item, url) for item in items]


def _saved(item: Mapping[str, Any], url: str) -> Saved:
    errors = _items(item.get("errors") or [], url, "list of errors")
    first = errors[0] if errors else {}
    code = word(first, "statusCode") or word(first, "errorCode")
    if "success" not in item:
        raise StrangeAnswerError(url, "answer to a change of records")
    return Saved(flag(item["success"], url, "success"), word(item, "id"), code, word(first, "message"))


def token(content: Any, url: str) -> Token:
    """The answer of a token endpoint that gave one."""
    answer = fields(content, url, "answer of a token endpoint")
    access = answer.get("access_token")
    if not isinstance(access, str) or not _TOKEN.fullmatch(access):
        raise StrangeAnswerError(url, "access token")
    instance_url = word(answer, "instance_url") or "{0.scheme}://{0.netloc}".format(urlsplit(url))
    try:
        identity = urlsplit(word(answer, "id")).path.rstrip("/").split("/")
    except ValueError:
        identity = []
    org_id, user_id = (identity[-2], identity[-1]) if len(identity) > 2 else ("", "")  # noqa: PLR2004 — …/id/<org>/<user>
    return Token(
        access_token=access,
        instance_url=instance_url.rstrip("/"),
        scopes=tuple(sorted(word(answer, "scope").split())),
        org_id=org_id,
        user_id=user_id,
        refresh_token=word(answer, "refresh_token") or None,
    )


def grant_error(content: Any, status: int, url: str) -> tuple[str, str]:
    """Code and text of a token endpoint's refusal (RFC 6749 5.2); where it says nothing, the status and `no description`."""
    answer = fields(content, url, "answer of a token endpoint")
    return word(answer, "error") or str(status), word(answer, "error_description") or "no description"


def revoke_error(response: requests.Response) -> tuple[str, str]:
    """Code and text of the revoke endpoint's refusal, whose body may be JSON or a form (platform notes 4.7); else the status."""
    try:
        told = response.json()
    except ValueError:
        told = dict(parse_qsl(response.text.strip()))
    told = told if isinstance(told, dict) else {}
    return word(told, "error") or str(response.status_code), word(told, "error_description") or "no description"


def user_info(content: Any, url: str) -> UserInfo:
    """The answer of the userinfo endpoint (platform notes 4.7)."""
    answer = fields(content, url, "description of a user")
    return UserInfo(word(answer, "organization_id"), word(answer, "user_id"), word(answer, "preferred_username"))


def deploy_id(content: Any, url: str) -> str:
    """The id of a deploy that was taken."""
    job = word(fields(content, url, "answer to a deploy"), "id")
    if not re.fullmatch(r"[0-9A-Za-z]+", job):
        raise StrangeAnswerError(url, "id of a deploy")
    return job


def versions(content: Any, url: str) -> list[str]:
    """The API versions that an org serves, as it lists them."""
    return [word(item, "version") for item in _items(content, url, "list of API versions")]


def version(text: str) -> float:
    """An API version as a number; 0 for what is none."""
    return float(text) if re.fullmatch(r"[0-9]{1,4}\.0", text) else 0.0


def flag(value: Any, url: str, name: str) -> bool:
    """A boolean, which may come as text (the REST guide's samples of `deployResult` have it so); no value is false."""
    if isinstance(value, bool):
        return value
    flag = {"true": True, "false": False, "": False}.get(str(value if value is not None else "").lower())
    if flag is None:
        raise StrangeAnswerError(url, f"answer with true or false for {name}")
    return flag


def number(value: Any, url: str, name: str) -> int:
    """A whole number, which may come as text; no value is 0."""
    if value is None or value == "":
        return 0
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    raise StrangeAnswerError(url, f"answer with a number for {name}")


def items(content: Any, url: str, what: str) -> Sequence[Mapping[str, Any]]:
    """What must be a list of objects; one alone may come without its list, and none as nothing (platform notes 5.3)."""
    return _items([] if content is None else content if isinstance(content, list) else [content], url, what)


def _record(item: Mapping[str, Any], url: str) -> Record:
    record = Record((name, _record(value, url) if isinstance(value, dict) else value) for name, value in item.items())
    record.url = url
    return record


def fields(content: Any, url: str, what: str) -> dict[str, Any]:
    """What must be an object."""
    if not isinstance(content, dict):
        raise StrangeAnswerError(url, what)
    return content


def _items(content: Any, url: str, what: str) -> list[dict[str, Any]]:
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise StrangeAnswerError(url, what)
    return content


def word(content: Mapping[str, Any], name: str) -> str:
    """A text of an object; empty where there is none."""
    value = content.get(name)
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value)
