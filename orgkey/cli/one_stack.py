"""The one stack that a command is about, and what is said where it has no login yet."""

from __future__ import annotations

import click

from orgkey.fleet.engine import Engine
from orgkey.fleet.project import Project, Stack


def only_stack(project: Project, engine: Engine, name: str) -> Stack:
    """The stack of that name or pattern; raises UsageError where it fits several."""
    (stack, *more) = project.stacks(engine, [name])
    if more:
        raise click.UsageError(f"--stack {name} fits several stacks: name one.")
    return stack


def no_login_yet(stack: Stack) -> str:
    """What is said of a stack whose state has no login."""
    return (
        f"The stack {stack.name} has no JWT login in its state yet.\n"
        "Run `pulumi up` first; `orgkey check` says what would be in its way."
    )
