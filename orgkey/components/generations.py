"""The generations of a component's app, as its arguments describe them: the current one first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pulumi import Output

from orgkey.components.check import KINDS, given
from orgkey.model.generations import app_label, app_name
from orgkey.model.names import label_of
from orgkey.model.setting_place import CURRENT, FIRST, RETIRING

_BLOCKING: Mapping[str, Mapping[str, Any]] = {
    "external": {"is_enabled": False},
    "connected": {"permission_sets": [], "profiles": []},
}
"""How an app of a kind is kept from giving out tokens: a Connected App has no switch, so it admits nobody."""
_OF_ITS_OWN = ("private_key_pem", "certificate_pem", "consumer_key", "generation")
"""What of a key is one generation's own, and no other's."""


@dataclass(frozen=True, slots=True)
class AppGeneration:
    """One generation: its number, the path of its settings, its app's kind, name and settings, and what is said of its key."""

    number: int
    path: str
    kind: str
    name: Any
    app: Mapping[str, Any]
    key: Mapping[str, Any]
    protect: bool | None
    imported: bool
    blocked: bool = False
    retiring: bool = False


def generations_of(arguments: Mapping[str, Any]) -> list[AppGeneration]:
    """The current generation, then the retiring ones as they are listed; the arguments were found to be right."""
    app, key = given(arguments["app"]), given(arguments.get("key"))
    current, imports = given(arguments.get("generation")), given(arguments.get("imports"))
    kind, protect, blocked = app.pop("kind", "external"), app.pop("protect", None), app.pop("blocked", False)
    first = app["name"]
    number = current.get("number", 1)
    found = [
        AppGeneration(
            number,
            FIRST if number == 1 and "name" not in current else CURRENT,
            kind,
            name := _named(first, number, current.get("name")),
            _settings(app, kind, name, number, blocked=blocked),
            key,
            True if protect is None and kind == "connected" else protect,
            bool(imports.get("app")),
            blocked,
        )
    ]
    for index, each in enumerate(map(given, arguments.get("retiring") or ())):
        its_number, its_kind = each["number"], each.get("kind", kind)
        its_name = _named(first, its_number, each.get("name"))
        shared = {name: value for name, value in key.items() if name not in _OF_ITS_OWN}
        found.append(
            AppGeneration(
                its_number,
                f"{RETIRING}[{index}]",
                its_kind,
                its_name,
                _settings(app, its_kind, its_name, its_number, blocked=bool(each.get("blocked"))),
                {**shared, **given(each.get("key"))},
                each.get("protect"),
                bool(each.get("imported")),
                bool(each.get("blocked")),
                retiring=True,
            )
        )
    return found


def _named(first: Any, number: int, name: str | None) -> Any:
    if name is not None:
        return name
    return _made(lambda text: app_name(text, number), first)


def _settings(app: Mapping[str, Any], kind: str, name: Any, number: int, *, blocked: bool) -> dict[str, Any]:
    """The app's settings for one generation: those that its kind has, under its own name and label."""
    known = {field.name for field in fields(KINDS[kind][1])}
    shared = {setting: value for setting, value in app.items() if setting in known}
    label = _made(lambda text: app_label(text, number), app["label"]) if "label" in app else _made(label_of, name)
    return {**shared, "name": name, "label": label, **(_BLOCKING[kind] if blocked else {})}


def _made(make: Callable[[str], str], text: Any) -> Any:
    """Something made of a text, which may be an output."""
    return make(text) if isinstance(text, str) else Output.from_input(text).apply(make)
