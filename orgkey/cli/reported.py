"""Errors that people can do something about, told in two lines and not in a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from orgkey.fleet.engine import EngineError
from orgkey.fleet.project import ProjectError, StackFileError
from orgkey.fleet.report import ReportError
from orgkey.salesforce.errors import SalesforceError


def reported(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose expected errors end it with exit code 2 and their own words."""

    @wraps(command)
    def run_and_report(**options: Any) -> int:
        try:
            return command(**options)
        except (ProjectError, StackFileError, EngineError, ReportError, SalesforceError, OSError) as error:
            raise click.ClickException(str(error)) from None

    return run_and_report
