"""Which connection a provider instance uses: the present stack file's where it is the stack's own, else what the engine configured.

Before an `up` the engine configures the provider for the first Reads from the *old* state; with a credential that has changed since,
every command would fail. So the default provider of a stack takes the settings that the engine puts into its environment
(`PULUMI_CONFIG`, engine notes 8). An explicit provider keeps what the program gave it.

A name alone does not tell the two apart: a program may call its own provider `default`. Once the program runs, the engine's own provider
has the stack file's values to the letter; CheckConfig compares them and leaves its verdict in the provider's inputs, which the engine
keeps in state and hands to every Configure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from orgkey.provider.registry import PACKAGE

_NAMESPACE = f"{PACKAGE}:"
_VERDICT = "__fromStackFile"
NOT_OURS = frozenset({"version", "pluginDownloadURL", "__internal", "__defaults", _VERDICT})
"""What of a provider's inputs is no setting of the connection."""

_ENGINES_NAME = re.compile(r"(default(_.*)?)?", re.DOTALL)
"""How the engine names the providers that it makes itself: default, default_0_1_0_beta; where it tells no name, it made it."""
_NAME_WITHOUT_VERDICT = re.compile(r"(default(_\d+)*)?")
"""What was taken for the engine's own when states had no verdict yet."""


def verdict(name: str, inputs: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, bool]:
    """What CheckConfig adds to the inputs of a provider: whether they are the present stack file's.

    Nothing where the name says already that the program made it, or where the engine gave no stack file to compare with (it attached to
    a running provider).
    """
    current = _current(environment)
    if current is None or not _ENGINES_NAME.fullmatch(name):
        return {}
    return {_VERDICT: _settings(inputs) == _settings(current)}


def connection_values(name: str, configured: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The `salesforce:*` values to use, by their names without the namespace.

    Of a state without a verdict the name decides, as it did when that state was written: that is where its resources are.
    """
    values = {key.rsplit(":", 1)[-1]: value for key, value in configured.items()}
    current = _current(environment)
    if _VERDICT in values:
        own = values[_VERDICT] in {True, "true"} and bool(_ENGINES_NAME.fullmatch(name))
        return current if own and current is not None else _settings(values)
    return (bool(_NAME_WITHOUT_VERDICT.fullmatch(name)) and current) or _settings(values)


def _settings(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in NOT_OURS}


def _current(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """The present stack file's `salesforce:*` values; None where the engine gave none."""
    try:
        config = json.loads(environment["PULUMI_CONFIG"])
    except (KeyError, ValueError):
        return None
    return {
        name.removeprefix(_NAMESPACE): value  # the engine leaves the namespace off
        for name, value in (config or {}).items()
        if name.startswith(_NAMESPACE) or ":" not in name
    }
