"""Commands that docs and messages tell people to run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.program.stack import PROJECT

FILES = sorted(
    file
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "docs/**/*.json",
        "metadata/*.md",
        "metadata/*.toml",
        "examples/**/*.md",
        "orgkey/**/*.py",
    )
    for file in PROJECT.glob(pattern)
    if "node_modules" not in file.parts
)
SETTING = re.compile(r"pulumi config (?:set|rm)\b[^`\n]*(?:\n[^`\n]*)??(?:orgkey:|salesforce:|KEY|\{)[^`\n]*")


def settings_commands() -> Iterator[tuple[str, str]]:
    for file in FILES:
        for found in SETTING.finditer(file.read_text()):
            yield str(file.relative_to(PROJECT)), found[0]


def test_a_command_that_sets_or_removes_a_setting_names_its_stack() -> None:
    """Without one it changes whichever stack is selected."""
    told = [*settings_commands()]
    assert len(told) > 10
    assert [each for each in told if not re.search(r"--stack [\w{]", each[1])] == []
