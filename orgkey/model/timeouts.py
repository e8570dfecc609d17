"""How long a verb may take, as people write it: Go's durations, which are what Pulumi's customTimeouts take."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from orgkey.model.input_model import InputModel

DEFAULT_TIMEOUT = 20 * 60.0
"""Seconds a verb may take where customTimeouts says nothing."""

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_PART = r"([0-9]+(?:\.[0-9]+)?)([hms])"
_LONGEST = 2_562_047 * 3600.0  # seconds: what Go's durations hold


def seconds_of(duration: str) -> float:
    """Seconds of a duration such as `1h30m`."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, duration))


def _duration(text: str) -> str:
    if not re.fullmatch(rf"(?:{_PART})+", text) or not 0 < seconds_of(text) <= _LONGEST:
        raise ValueError("must be a time such as 90s, 30m or 1h30m")
    return text


Duration = Annotated[str, AfterValidator(_duration), WithJsonSchema({"type": "string", "pattern": f"^(?:{_PART})+$"})]


class Timeouts(InputModel):
    """One limit per verb; unset: `DEFAULT_TIMEOUT`."""

    create: Duration | None = Field(default=None, description="To make a resource.", examples=["30m"])
    update: Duration | None = Field(default=None, description="To change one.", examples=["1h30m"])
    delete: Duration | None = Field(default=None, description="To delete one.", examples=["10m"])
    read: Duration | None = Field(default=None, description="To read one.", examples=["90s"])

    def at_least(self, seconds: float) -> Timeouts:
        """The same, with no less than that for create and update."""
        raised = {
            verb: f"{seconds:.0f}s"
            for verb in ("create", "update")
            if seconds > (seconds_of(given) if (given := getattr(self, verb)) else DEFAULT_TIMEOUT)
        }
        return self.model_copy(update=raised)
