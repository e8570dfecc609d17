"""Generations of an app: each an app with its own key pair and consumer key, all admitted by the same permission set (ADR 14).

One is current and handed out; retiring ones still log in, until they are taken out of the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from orgkey.metadata.check import Problem
from orgkey.metadata.identifiers import name_key
from orgkey.model.input_model import Flag, InputModel, Whole, matches
from orgkey.model.key_pair import KeyPairArgs
from orgkey.model.names import LONGEST_NAME

AppName = Annotated[
    str,
    matches(
        r"[A-Za-z](?:_?[A-Za-z0-9]){0,79}",
        "a developer name: at most 80 letters, digits and single underscores, a letter first and no underscore last",
    ),
]
Number = Annotated[Whole, Field(ge=1, le=999)]


class Generation(InputModel):
    """The current generation. `name` is its app's, which follows from the first one's and the number where nobody gives it."""

    number: Number = Field(default=1, description="Its number; another one makes another app with its own key.")
    name: AppName | None = Field(
        default=None,
        description="Name of its app. Left out: the app's own name, with the number from the second on.",
        examples=["CI_Integration_2"],
    )
    unused_after_days: Annotated[Whole, Field(ge=1, le=183)] | None = Field(
        default=None,
        description="How long a retiring one must not have been used before it may go without a warning.",
        examples=[30],
        json_schema_extra={"unit": "days"},
    )


class RetiringGeneration(InputModel):
    """A generation that is still accepted. `kind` is the current app's where it is left out; `key` matters only until it was made."""

    number: Number = Field(description="Its number.", examples=[1])
    name: AppName | None = Field(
        default=None,
        description="Name of its app. Left out: the app's own name, with the number from the second on.",
        examples=["CI_Old"],
    )
    kind: Literal["external", "connected"] | None = Field(
        default=None, description="Kind of its app. Left out: the current app's."
    )
    protect: Flag = Field(default=False, description="Whether Pulumi refuses to delete its app.")
    blocked: Flag = Field(default=False, description="Its app gives out no more tokens.")
    imported: Flag = Field(default=False, alias="import", description="Take its app over.")
    key: KeyPairArgs | None = Field(default=None, description="Its key and certificate; counts until it is made.")


def app_name(first: str, number: int) -> str:
    """The name of a generation's app, made from the first one's: `CI_Integration`, `CI_Integration_2`, at most 80 characters."""
    suffix = "" if number == 1 else f"_{number}"
    return first[: LONGEST_NAME - len(suffix)].rstrip("_") + suffix


def app_label(first: str, number: int) -> str:
    """The label of a generation's app: the login history tells apps apart by it."""
    suffix = "" if number == 1 else f" {number}"
    return first[: LONGEST_NAME - len(suffix)].rstrip() + suffix


def part_name(part: str, number: int) -> str:
    """The name of a generation's resource: those of the first have no number, as before there were generations."""
    return part if number == 1 else f"{part}-{number}"


def number_of(name: str) -> int:
    """Of which generation the resource of that name is: 2 of `access-app-2`, 1 of `access-app`."""
    tail = name.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 1


def consumer_key_problems(keys: Iterable[tuple[str, Any]]) -> Iterator[Problem]:
    """Consumer keys that two generations have; each comes with the path of its setting, and one that is no text yet is not judged."""
    taken: dict[str, str] = {}
    for path, key in keys:
        if not isinstance(key, str) or not key:
            continue
        if other := taken.get(key):
            yield Problem(
                path,
                f"is the same as {other}: each generation has an app of its own, and no two apps share a consumer key",
            )
        taken.setdefault(key, path)


def generation_problems(first: Any, current: Any, retiring: Sequence[Any]) -> Iterator[Problem]:
    """Generations that contradict one another; `first` is the first app's name, which may be no text yet.

    Each generation has `number` and `name`; one whose number is none is somebody else's to tell.
    """
    numbered = [("generation", current), *((f"retiring[{index}]", each) for index, each in enumerate(retiring))]
    taken: dict[int, str] = {}
    names: dict[str, str] = {}
    for path, each in numbered:
        number = each.get("number", 1) if isinstance(each, dict) else getattr(each, "number", None)
        name = each.get("name") if isinstance(each, dict) else getattr(each, "name", None)
        if not isinstance(number, int) or isinstance(number, bool):
            continue
        if other := taken.get(number):
            yield Problem(
                f"{path}.number",
                f"is {number}, which is that of {other}: a generation is current or retiring, and once",
            )
        taken.setdefault(number, path)
        if name is None and isinstance(first, str):
            name = app_name(first, number)
        if isinstance(name, str):
            if other := names.get(name_key(name)):
                yield Problem(f"{path}.name", f"is {name}, as in {other}: each generation has an app of its own")
            names.setdefault(name_key(name), path)
