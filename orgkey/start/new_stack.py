"""Making a stack on the backend for a file that was written, and putting one's own key into it as a secret."""

from __future__ import annotations

import json

from orgkey.fleet.engine import Engine, EngineError
from orgkey.fleet.project import Project
from orgkey.start.names import StackName
from orgkey.start.proposal import KEY_PATH


def names_on_backend(project: Project, engine: Engine) -> set[str]:
    """Short names of the project's stacks on the current backend; raises EngineError."""
    listed = json.loads(engine.answer(["stack", "ls", "--json"], folder=project.folder))
    return {str(row["name"]).rsplit("/", 1)[-1] for row in listed}


def make_stack(project: Project, engine: Engine, stack: StackName, secrets_provider: str, private_key: str) -> None:
    """Run `pulumi stack init`, and set the key; raises EngineError with what to do."""
    keeper = ["--secrets-provider", secrets_provider] if secrets_provider else []
    try:
        engine.answer(["stack", "init", stack.full, *keeper], folder=project.folder)
    except EngineError as error:
        said = " ".join(
            ["pulumi stack init", stack.full, *([f"--secrets-provider={secrets_provider}"] if keeper else [])]
        )
        raise EngineError(f"`{said}` failed: {error}") from None
    if not private_key:
        return
    try:
        engine.answer(
            ["config", "set", "--secret", "--path", KEY_PATH, "--stack", stack.full],
            folder=project.folder,
            typed=private_key,
        )
    except EngineError as error:
        raise EngineError(f"The stack {stack.full} is made, and its key is not set: {error}") from None
