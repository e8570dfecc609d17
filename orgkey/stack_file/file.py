"""A stack file as it lies in the project's folder, for whoever reads it without an engine: the config as an engine would hand it over.

What is encrypted in it stays so: its places are known, and a text that is no secret stands in for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgkey.stack_file.secrets import NO_SECRETS, Secrets

STAND_IN = "encrypted@stack.invalid"
"""Stands where an encrypted text is: a user name, which no org has."""


@dataclass(frozen=True, slots=True)
class StackConfig:
    """Config by full key, text as it is and structures as JSON; `secrets` are the places of what is encrypted.

    `sealed` says that stand-ins are in it: what is wrong with one is no problem; `closed` that what leads to the org is among
    them and nobody decrypted it.
    """

    values: Mapping[str, str] = field(repr=False)
    secrets: Secrets = NO_SECRETS
    sealed: bool = False
    closed: bool = False

    def needs_an_engine(self) -> bool:
        """Whether something that leads to the org is encrypted."""
        return self.sealed and any(path.startswith("salesforce:") for path in self.secrets.paths)


def stack_config_of(read: Mapping[str, Any], *, project: str, defaults: Mapping[str, Any] | None = None) -> StackConfig:
    """The config of a stack file that was read; `defaults` is the project's own, by key."""
    config = read.get("config")
    written = {
        (str(key) if ":" in str(key) else f"{project}:{key}"): value
        for key, value in {**(defaults or {}), **(config if isinstance(config, Mapping) else {})}.items()
    }
    secrets = Secrets(frozenset(path for key, value in written.items() for path in _sealed(key, value)))
    return StackConfig({key: as_text(_opened(value)) for key, value in written.items()}, secrets, bool(secrets.paths))


def as_text(value: Any) -> str:
    """A value as the engine hands it over."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _is_sealed(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}


def _sealed(path: str, value: Any) -> Iterator[str]:
    if _is_sealed(value):
        yield path
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _sealed(f"{path}.{name}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _sealed(f"{path}[{index}]", item)


def _opened(value: Any) -> Any:
    if _is_sealed(value):
        return STAND_IN
    if isinstance(value, Mapping):
        return {str(name): _opened(item) for name, item in value.items()}
    return [_opened(item) for item in value] if isinstance(value, list) else value
