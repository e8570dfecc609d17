"""Questions on a terminal, where options leave something open. The library for them is loaded with the first question."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

T = TypeVar("T")

Check = Callable[[str], str]
"""What is wrong with an answer, or an empty text."""


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def text(question: str, *, default: str = "", check: Check | None = None) -> str:
    """A line of text."""
    import questionary

    def judge(answer: str) -> bool | str:
        return (check(answer.strip()) if check else "" if answer.strip() else "Something is needed here.") or True

    return str(_answered(questionary.text(question, default=default, validate=judge))).strip()


def path(question: str) -> str:
    """The path of a file."""
    import questionary

    asked = questionary.path(question, validate=lambda answer: bool(answer.strip()) or "Name a file.")
    return str(_answered(asked)).strip()


def choose(question: str, choices: Sequence[tuple[str, T]]) -> T:
    """One of several, each with its title."""
    import questionary

    made = [questionary.Choice(title, value=str(index)) for index, (title, _) in enumerate(choices)]
    return choices[int(_answered(questionary.select(question, choices=made)))][1]


def choose_some(question: str, choices: Sequence[tuple[str, T]]) -> list[T]:
    """Some of several, none of them too."""
    import questionary

    made = [questionary.Choice(title, value=str(index)) for index, (title, _) in enumerate(choices)]
    return [choices[int(each)][1] for each in _answered(questionary.checkbox(question, choices=made))]


def confirm(question: str, *, default: bool) -> bool:
    """Yes or no."""
    import questionary

    return bool(_answered(questionary.confirm(question, default=default)))


def _answered(question: object) -> Any:
    """The answer; whoever ends the input or interrupts stops the command."""
    try:
        return question.unsafe_ask()  # type: ignore[attr-defined]
    except EOFError:
        raise click.Abort from None
