"""docs/local-org.md names every knob, fault, operation, object and type that there is."""

from __future__ import annotations

from pathlib import Path

from localorg.endpoints.routes import OPERATIONS
from localorg.faults import EFFECTS
from localorg.knobs import KNOBS
from localorg.metadata.types import TYPES
from localorg.sobjects.objects import OBJECTS

PAGE = (Path(__file__).parents[2] / "docs" / "local-org.md").read_text()


def test_the_page_names_everything_that_can_be_set_or_ordered() -> None:
    for name in (*KNOBS, *OPERATIONS, *EFFECTS):
        assert f"`{name}`" in PAGE, name


def test_the_page_names_every_object_and_type() -> None:
    for name in (*OBJECTS, *TYPES):
        assert name in PAGE, name
