"""The base of everything that people write: camelCase outside, snake_case inside, frozen, and nothing unknown let through."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, Strict
from pydantic.alias_generators import to_camel

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for some in every installed package


class InputModel(BaseModel):
    """A value from a stack file or a resource's inputs; validate it from a dict with the names people write."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, defer_build=True, hide_input_in_errors=True
    )

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names as people write them."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())


def python_name(name: str) -> str:
    """The name of an input in Python: snake_case, in which digits stay with the word before them (`public_key_sha256`)."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


Flag = Annotated[bool, Strict()]
"""True or false; text such as "false" is refused, since it would be taken for what nobody meant."""

Whole = Annotated[int, Strict()]
"""A whole number, not its text."""

Real = Annotated[float, Strict(), Field(allow_inf_nan=False)]
"""A number, not its text."""


@dataclass(frozen=True, slots=True)
class _Matching(AfterValidator):
    """A validator of text that says its pattern in a JSON schema too."""

    pattern: str = ""

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}


def matches(pattern: str, says: str) -> AfterValidator:
    """A validator for text that must match as a whole; `says` finishes the sentence "must be …"."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {says}")
        return value

    return _Matching(check, pattern)
