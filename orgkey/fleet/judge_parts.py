"""Findings about parts of an app or permission set that the field table does not know.

On a permission set each is a grant to all its holders. On an app most say nothing of security;
`orgkey/metadata/parts.py` has those that do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from orgkey.fleet.digest import Step
from orgkey.fleet.findings import Code
from orgkey.fleet.remedies import finding
from orgkey.fleet.report import Finding
from orgkey.metadata.members import Resource
from orgkey.metadata.parts import LOOSENS_WHEN_FALSE, LOOSENS_WHEN_TRUE, RESTRICTS_TOKENS, RUNS_AS, STOPS_JWT_LOGIN


@dataclass(frozen=True, slots=True)
class _Part:
    """One part: where it stands, its element's name, and its text where it has no elements in it."""

    place: tuple[str, str, str]
    xml: str
    text: str

    @property
    def tag(self) -> str:
        return self.place[2]

    @property
    def named(self) -> str:
        """What it is: its element and what it names (`userPermissions ApiEnabled`); the XML itself may be long."""
        return _named(self.xml)


def judge_parts(step: Step, resource: Resource, part: str) -> Iterator[Finding]:
    """Which parts are there that were not when it was last deployed or taken over, and which are gone."""
    before = (
        step.new_outputs["carriedOver"] if "carriedOver" in step.new_outputs else step.old_outputs.get("otherParts")
    )
    known, present = (_parts(listed or ()) for listed in (before, step.new_outputs.get("otherParts")))
    gone = [each for each in known if each not in present]
    path = f"{part}.otherParts"
    for each in present:
        if each in known:
            continue
        was = next((other for other in gone if other.place == each.place), None)
        gone = [other for other in gone if other is not was]
        if resource is Resource.PERMISSION_SET:
            yield finding(Code.EXTRA_GRANT, path, f"{each.named} was added", values=(None, each.named))
        else:
            yield _added(each, was, path)
    for each in gone:
        if resource is not Resource.PERMISSION_SET and each.tag in LOOSENS_WHEN_FALSE and each.text == "true":
            yield finding(Code.POLICY_LOOSENED, path, f"{each.tag} was switched off", values=("true", None))
        elif resource is not Resource.PERMISSION_SET and each.tag in RESTRICTS_TOKENS:
            yield finding(Code.POLICY_LOOSENED, path, f"{each.named} was taken away", values=(each.named, None))
        else:
            yield finding(
                Code.SETTING_CHANGED, path, f"{each.named}, which was kept, was taken away", values=(each.named, None)
            )


def _added(now: _Part, was: _Part | None, path: str) -> Finding:
    """A part of an app that was added, or is another one now."""
    values = (was.named if was else None, now.named)
    if now.tag in STOPS_JWT_LOGIN and now.text == "true":
        return finding(Code.LOGIN_BLOCKED, path, f"{now.tag} was switched on", values=values)
    if now.tag in RESTRICTS_TOKENS:
        return finding(
            Code.LOGIN_BLOCKED,
            path,
            f"tokens are good from certain addresses only: {now.named} was added",
            values=values,
        )
    loosens = (now.tag in LOOSENS_WHEN_TRUE and now.text == "true") or (
        now.tag in LOOSENS_WHEN_FALSE and now.text == "false"
    )
    code = Code.POLICY_LOOSENED if loosens else Code.SETTING_CHANGED
    if now.text in ("true", "false"):
        return finding(code, path, f"{now.tag} was switched {'on' if now.text == 'true' else 'off'}", values=values)
    if now.tag in RUNS_AS and now.text:
        before = f", not {was.text}" if was else ""
        return finding(Code.POLICY_LOOSENED, path, f"{now.tag} is {now.text}{before}", values=values)
    return finding(code, path, f"{now.named} was {'changed' if was else 'added'}", values=values)


def _parts(listed: Sequence[Mapping[str, Any]]) -> list[_Part]:
    return [_part(item) for item in listed]


def _part(item: Mapping[str, Any]) -> _Part:
    xml, place = str(item.get("xml") or ""), (str(item.get("member") or ""), str(item.get("path") or ""))
    element = _element(xml)
    if element is None:
        return _Part((*place, ""), xml, "")
    text = "" if len(element) else (element.text or "").strip()
    return _Part((*place, etree.QName(element).localname), xml, text)


def _element(xml: str) -> etree._Element | None:
    try:
        return etree.fromstring(xml, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return None


def _named(xml: str) -> str:
    element = _element(xml)
    if element is None:
        return "a part"
    texts = [text for child in element.iter() if (text := (child.text or "").strip())]
    named = [text for text in texts if text not in {"true", "false"}][:2]
    return " ".join([etree.QName(element).localname, *named])
