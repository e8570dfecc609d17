"""``python -m tests.conformance``: install every tool ahead of the tests. What is out of reach is told, and is for the tests to skip."""

from __future__ import annotations

import sys

from tests.conformance.pythons import PYTHONS
from tests.conformance.tools import (
    ACTIONLINT,
    AIOSFSTREAM,
    CHECKERS,
    CLIENTS,
    CUMULUSCI,
    NODE,
    PULUMI_YAML,
    OutOfReachError,
    install,
)

for tool in (NODE, CLIENTS, CHECKERS, CUMULUSCI, AIOSFSTREAM, ACTIONLINT, PULUMI_YAML, *PYTHONS.values()):
    try:
        install(tool)
    except OutOfReachError as error:
        sys.stderr.write(f"{tool.name}: {error}\n")
