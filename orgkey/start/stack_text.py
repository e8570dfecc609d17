"""The text of a stack file: every key with a comment, every value so that our YAML reader and Pulumi's take it as it is."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from orgkey.stack_file.schema import settings

_WIDTH = 100  # characters of a comment line
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*")
COMMAND = "    "
"""How a line of a comment begins that stays in one piece, so that it can be copied."""
_NOT_TEXT = frozenset("y n yes no on off true false null".split())
"""Words that one YAML reader or the other takes for something else than text."""


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes wherever a reader of YAML might take it for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 — the library's
        super().increase_indent(flow, False)  # noqa: FBT003


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    tag = "tag:yaml.org,2002:str"
    if "\n" in value and _is_block(value):
        return dumper.represent_scalar(tag, value, style="|")
    plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT
    return dumper.represent_scalar(tag, value, style=None if plain else '"')


def _is_block(value: str) -> bool:
    """Whether it can be written line by line, as PEM can: printable ASCII, no blanks at a line's ends, one line break at the end."""
    lines = value.split("\n")
    return lines[-1] == "" and all(re.fullmatch(r"[!-~](?:[ -~]*[!-~])?", line) for line in lines[:-1])


_Dumper.add_representer(str, _text)


def stack_file_text(
    config: Mapping[str, Any],
    *,
    schema: str = "",
    about: Iterable[str] = (),
    notes: Mapping[str, Iterable[str]] | None = None,
    possible: Iterable[tuple[str, Any, str]] = (),
) -> str:
    """A stack file that reads back as `config`, by full key.

    `schema` is the path of its JSON schema, for editors; `about` are paragraphs on top; `notes` are more paragraphs by key (`orgkey:app`,
    `orgkey:app.scopes`); `possible` are keys in comments, each with value and use.
    """
    said = {path: list(each) for path, each in (notes or {}).items()}
    known = _known()
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    lines += [*_paragraphs(about, ""), "config:"]
    off = [line for each in possible for line in _switched_off(*each)]
    for key, value in config.items():
        if off and not key.startswith("salesforce:"):
            lines, off = [*lines, *off], []
        described = known.get(key, {})
        lines += _comment([str(described.get("description", "")), *said.get(key, ())], "  ")
        if isinstance(value, Mapping) and value and "oneOf" not in described and key != "salesforce:credentials":
            lines.append(f"  {key}:")
            for name, inner in value.items():
                meaning = str(_inside(described, config.get("orgkey:app"), name).get("description", ""))
                lines += _comment([meaning, *said.get(f"{key}.{name}", ())], "    ")
                lines += _dumped(name, inner, "    ")
        else:
            lines += _dumped(key, value, "  ")
    return "\n".join([*lines, *off]) + "\n"


@cache
def _known() -> Mapping[str, Mapping[str, Any]]:
    return settings()


def _switched_off(key: str, value: Any, purpose: str) -> list[str]:
    return [*_comment([purpose], "  "), *(f"  # {line}" for line in _dumped(key, value, ""))]


def _inside(described: Mapping[str, Any], app: Any, name: str) -> Mapping[str, Any]:
    """The schema of something in a key; an app's by its kind."""
    kind = app.get("kind") if isinstance(app, Mapping) else None
    branch = described.get("then" if kind == "connected" else "else", described)
    found: Mapping[str, Any] = branch.get("properties", {}).get(name, {})
    return found


def _dumped(key: str, value: Any, indent: str) -> Iterator[str]:
    text = yaml.dump(
        {key: value}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=False, width=10**9
    )
    for line in text.removesuffix("\n").split("\n"):
        yield indent + line if line else line


def _paragraphs(texts: Iterable[str], indent: str) -> Iterator[str]:
    written = [_comment([each], indent) for each in texts]
    for lines in written:
        yield from lines
    if written:
        yield f"{indent}#"


def _comment(texts: Iterable[str], indent: str) -> list[str]:
    """Paragraphs as comment lines, commands in one piece; whatever an org calls its things, no line of a comment ends early."""
    lines = []
    for each in (line for text in texts for line in text.split("\n")):
        printable = "".join(sign if sign.isprintable() else " " for sign in each)
        wrapped = textwrap.wrap(printable, _WIDTH, break_long_words=False, break_on_hyphens=False)
        whole = [printable] if each.startswith(COMMAND) else wrapped
        lines += [f"{indent}# {line}" for line in whole]
    return lines
