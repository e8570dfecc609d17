"""Which connection a provider instance uses: the present stack file's where there is one, else what the engine configured.

Before an `up` the engine configures the provider for the first Reads from the *old* state; with a credential that has changed since,
every command would fail. So the default provider of a stack takes the settings that the engine puts into its environment
(`PULUMI_CONFIG`, engine notes 8). An explicit provider keeps what the program gave it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from orgkey.provider.registry import PACKAGE

_NAMESPACE = f"{PACKAGE}:"
NOT_OURS = frozenset({"version", "pluginDownloadURL", "__internal", "__defaults"})


_DEFAULT = re.compile(
    r"default(_\d+)*"
)  # how the engine names the providers that it makes itself: default, default_0_1_0


def is_explicit(provider_name: str) -> bool:
    """Whether the program made this provider itself; an engine that tells no name made it."""
    return bool(provider_name) and not _DEFAULT.fullmatch(provider_name)


def connection_values(
    configured: Mapping[str, Any], environment: Mapping[str, str], *, explicit: bool
) -> dict[str, Any]:
    """The `salesforce:*` values to use, by their names without the namespace."""
    if not explicit and (current := _current(environment)):
        return current
    return {
        name.rsplit(":", 1)[-1]: value for name, value in configured.items() if name.rsplit(":", 1)[-1] not in NOT_OURS
    }


def _current(environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        config = json.loads(environment.get("PULUMI_CONFIG", "{}"))
    except ValueError:
        return {}
    return {
        name.removeprefix(_NAMESPACE): value  # the engine leaves the namespace off
        for name, value in config.items()
        if name.startswith(_NAMESPACE) or ":" not in name
    }
