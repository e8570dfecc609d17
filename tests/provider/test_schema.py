"""The type of an input in the schema is the one that its model takes."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import create_model

from orgkey.model.assignments import Timestamp, Usernames
from orgkey.model.input_model import Flag, InputModel, Real, Whole
from orgkey.provider.schema import model_inputs

STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def inputs_of(annotation: Any, default: Any = None) -> dict[str, Any]:
    model = create_model("Model", __base__=InputModel, some_input=(annotation, default))
    inputs, _ = model_inputs(model)
    return {name: {key: what[key] for key in what if key != "description"} for name, what in inputs.items()}


@pytest.mark.parametrize(
    ("annotation", "described"),
    [
        (str, STRING),
        (Timestamp | None, STRING),
        (Literal["external", "connected"], STRING),
        (bool, {"type": "boolean"}),
        (Flag | None, {"type": "boolean"}),
        (int | None, INTEGER),
        (Whole, INTEGER),
        (Literal[2048, 3072, 4096], INTEGER),
        (Real | None, {"type": "number"}),
        (Usernames, {"type": "array", "items": STRING}),
        (tuple[int, ...] | None, {"type": "array", "items": INTEGER}),
        (list[Literal["bool", "tuple"]], {"type": "array", "items": STRING}),
    ],
    ids=range(12),
)
def test_an_input_has_the_type_that_its_model_takes(annotation: Any, described: dict[str, Any]) -> None:
    assert inputs_of(annotation) == {"someInput": described}


@pytest.mark.parametrize("annotation", [str | int, dict[str, Any], Any], ids=str)
def test_a_type_that_the_schema_cannot_say_is_refused_by_name(annotation: Any) -> None:
    with pytest.raises(TypeError, match=r"Model\.some_input has no plain type"):
        inputs_of(annotation)


def test_an_input_without_a_default_must_be_given() -> None:
    model = create_model("Model", __base__=InputModel, some_input=(str, ...), other_input=(str, ""))
    assert model_inputs(model)[1] == {"someInput"}
