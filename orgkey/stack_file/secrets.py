"""Which settings of the stack are secrets. What came as one stays one: in inputs, outputs and state.

The engine tells only the outermost key: once `orgkey:key.privateKeyPem` is set by `--secret --path` the whole of `orgkey:key` counts
as secret. The stack file knows which places are, and is believed where everything else in it is what the engine handed over; where it
cannot be found (another `--config-file`, an ESC environment), the whole key is secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pulumi.runtime.config import get_config_secret_keys_env, is_config_secret

from orgkey.metadata.check import Problem
from orgkey.model.secret_texts import texts_of

_ID = "it becomes a resource's id, which Pulumi keeps in clear"
_PART_OF_A_NAME = "it becomes a part of resources' names and ids, which Pulumi keeps in clear"
_TYPE = "it becomes a resource's type, which Pulumi keeps in clear"
_OPTION = "it says how Pulumi goes about a resource, which Pulumi keeps in clear"
NEVER_SECRET = {
    "orgkey:app.name": _ID,
    "orgkey:app.kind": _TYPE,
    "orgkey:app.protect": _OPTION,
    "orgkey:app.blocked": _OPTION,
    "orgkey:permissionSet.name": _ID,
    "orgkey:generation": _PART_OF_A_NAME,
    "orgkey:retiring[].name": _ID,
    "orgkey:retiring[].number": _PART_OF_A_NAME,
    "orgkey:retiring[].kind": _TYPE,
    "orgkey:retiring[].protect": _OPTION,
    "orgkey:retiring[].blocked": _OPTION,
    "orgkey:retiring[].import": _OPTION,
    "orgkey:timeouts": _OPTION,
    "orgkey:import": _OPTION,
    "orgkey:ignore": _OPTION,
}
"""Settings that no resource keeps as a secret, and why, by their path without the number of an item."""
_RETIRING = "orgkey:retiring"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Paths of secret settings, as people write them: `orgkey:app.description`, `orgkey:users[0]`, or a whole `orgkey:key`."""

    paths: frozenset[str] = frozenset()

    def touch(self, path: str) -> bool:
        """Whether a setting, something in it, or something that it is in is secret."""
        return any(_within(path, secret) or _within(secret, path) for secret in self.paths)

    def hold(self, path: str) -> bool:
        """Whether a place is within a secret."""
        return any(_within(path, secret) for secret in self.paths)

    def texts(self, config: Mapping[str, str]) -> Iterator[str]:
        """Every text in the secret ones, for messages to leave out; `config` as `stack_secrets` takes it."""
        for key, value in config.items():
            try:
                given = json.loads(value) if value.startswith(("{", "[")) else value
            except (ValueError, RecursionError):
                given = value
            yield from self._texts(key, given)

    def _texts(self, path: str, given: Any) -> Iterator[str]:
        if self.hold(path):
            yield from texts_of(given)
        elif isinstance(given, Mapping):
            for name, item in given.items():
                yield from self._texts(f"{path}.{name}", item)
        elif isinstance(given, list):
            for index, item in enumerate(given):
                yield from self._texts(f"{path}[{index}]", item)

    def problems(self, retiring: Any) -> Iterator[Problem]:
        """Settings that cannot be kept secret; `retiring` is what the stack file has as `orgkey:retiring`."""
        for path in sorted(self.paths):
            if why := why_never_secret(path):
                yield Problem(path, f"cannot be a secret: {why}; set it without --secret")
            elif re.fullmatch(rf"{_RETIRING}(\[[0-9]+\])?", path):
                yield from _names_in(retiring, path)
            elif inner := next((each for each in NEVER_SECRET if each.startswith(f"{path}.")), ""):
                yield Problem(
                    path,
                    f"is a secret as a whole, and {inner.removeprefix('orgkey:')} in it cannot be one: {NEVER_SECRET[inner]}; make only "
                    f"that secret which must be: `pulumi config set --secret --stack STACK --path {path}.SETTING`",
                )


def _names_in(retiring: Any, secret: str) -> Iterator[Problem]:
    """Names in generations that are a secret as a whole, or count as one; of a key in them each setting is kept secret."""
    for index, each in enumerate(retiring if isinstance(retiring, list) else ()):
        path = f"{_RETIRING}[{index}]"
        if isinstance(each, Mapping) and each.get("name") and _within(path, secret):
            yield Problem(
                f"{path}.name",
                f"cannot be a secret, and {secret} is one as a whole: {_ID}; make only that secret which must be: "
                f"`pulumi config set --secret --stack STACK --path '{path}.key.SETTING'`",
            )


def why_never_secret(path: str) -> str:
    """Why a place can be no secret, `orgkey:retiring[0].name` say; empty where it can be one."""
    place = re.sub(r"\[[0-9]+\]", "[]", path)
    return next((why for never, why in NEVER_SECRET.items() if _within(place, never)), "")


NO_SECRETS = Secrets()


def stack_secrets(config: Mapping[str, str], stack: str, folder: Path | None = None) -> Secrets:
    """The secrets among a stack's config, as the engine tells them to this program; `folder` has the stack file (default: here)."""
    named = {*get_config_secret_keys_env(), *(key for key in config if is_config_secret(key))}
    written = _stack_file(folder or Path.cwd(), stack) if named else {}
    return Secrets(
        frozenset(path for key in named & set(config) for path in _places(key, config[key], written.get(key)))
    )


def _stack_file(folder: Path, stack: str) -> Mapping[str, Any]:
    for name in (f"Pulumi.{stack}.yaml", f"Pulumi.{stack}.yml", f"Pulumi.{stack}.json"):
        try:
            read = yaml.load((folder / name).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 — all is text to it
        except (OSError, ValueError, yaml.YAMLError):
            continue
        config = read.get("config") if isinstance(read, dict) else None
        return config if isinstance(config, dict) else {}
    return {}


def _places(key: str, value: str, written: Any) -> set[str]:
    """Paths of the secrets in one key; the key itself where the stack file does not say it for certain."""
    try:
        given = json.loads(value) if value.startswith(("{", "[")) else value
        found = set(_compare(key, given, written))
    except (ValueError, _OtherwiseError):
        found = set()
    return found or {key}


class _OtherwiseError(Exception):
    """The stack file has something else than the engine."""


def _compare(path: str, given: Any, written: Any) -> Iterator[str]:
    match written:
        case {"secure": str()} if len(written) == 1:
            yield path
        case dict():
            if not isinstance(given, dict) or given.keys() != written.keys():
                raise _OtherwiseError
            for name, item in written.items():
                yield from _compare(f"{path}.{name}", given[name], item)
        case list():
            if not isinstance(given, list) or len(given) != len(written):
                raise _OtherwiseError
            for index, item in enumerate(written):
                yield from _compare(f"{path}[{index}]", given[index], item)
        case _:
            if not (given is None and written in _NULLS) and _text(given) != str(written):
                raise _OtherwiseError


_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""What YAML takes for null."""


def _text(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given)


def _within(inner: str, outer: str) -> bool:
    return inner == outer or bool(re.match(rf"{re.escape(outer)}[.\[]", inner))
