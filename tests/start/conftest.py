"""What the tests of `orgkey init` share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Pulumi.yaml and nothing else."""
    made = tmp_path / "project"
    made.mkdir()
    (made / "Pulumi.yaml").write_text("name: orgkey\nruntime: python\n")
    return made
