"""`salesforce:credentials: {sfAlias: …}` with the Salesforce CLI itself: what it answers is what the provider has to understand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.salesforce_cli import SalesforceCli
from tests.landscape import Landscape, Org
from tests.program.stack import Stack

_BEFORE_THE_COMMAND = """#!/bin/sh
[ "$2" = auth ] && exec '{sf}' org no-such-command --json
exec '{sf}' "$@"
"""


class TestStack:
    @pytest.fixture
    def stack(self, engine: Path, sf: SalesforceCli, shared_org: Org, tmp_path: Path) -> Stack:
        """A stack whose shell has the CLI and its logins."""
        made = Stack(tmp_path / "stack", engine)
        path = [str(sf.program("sf").parent), str(sf.node_folder), made.environment["PATH"]]
        made.environment |= {**sf.environment, "PATH": os.pathsep.join(path)}
        return made

    @pytest.fixture
    def older(self, stack: Stack, sf: SalesforceCli, tmp_path: Path) -> Stack:
        """The same, where the CLI lacks the command that still tells a token."""
        script = tmp_path / "older" / "sf"
        script.parent.mkdir()
        script.write_text(_BEFORE_THE_COMMAND.format(sf=sf.program("sf")))
        script.chmod(0o755)
        stack.environment["PATH"] = f"{script.parent}{os.pathsep}{stack.environment['PATH']}"
        return stack

    def configure(self, stack: Stack, org: Org, credentials: dict[str, Any]) -> None:
        stack.configure(
            {
                "salesforce:instanceUrl": org.url,
                "salesforce:caBundle": org.ca_bundle,
                "salesforce:credentials": credentials,
                "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
                "orgkey:users": [org.user("ci")],
                "orgkey:grant": {"propagationMinutes": 0},
            }
        )

    def test_an_org_that_the_cli_logged_in_to_is_reached_by_its_alias(self, stack: Stack, shared_org: Org) -> None:
        self.configure(stack, shared_org, {"sfAlias": "admin"})
        made = stack.up()
        assert made.code == 0, made.text
        assert stack.outputs()["verified"] is True
        state = (stack.folder / "state/.pulumi/stacks/orgkey/t.json").read_text()
        assert shared_org.org_id in state
        assert f"{shared_org.org_id[:15]}!" not in state  # how every access token of this org begins

    def test_an_alias_that_the_cli_does_not_know_is_told_in_its_words(self, stack: Stack, shared_org: Org) -> None:
        self.configure(stack, shared_org, {"sfAlias": "nobody"})
        ended = stack.up()
        assert ended.code != 0
        assert "The Salesforce CLI cannot use nobody: No authorization information found for nobody." in ended.text
        assert "sf org login web --alias nobody" in ended.text
        assert "Traceback" not in ended.text

    def test_a_token_that_the_cli_hides_is_refused_and_never_sent(
        self, older: Stack, shared_org: Org, landscape: Landscape
    ) -> None:
        self.configure(older, shared_org, {"sfAlias": "admin"})
        landscape.admin("DELETE", "/requests")
        ended = older.up()
        assert ended.code != 0
        assert "does not give out the access token of admin: it answered '[REDACTED]'" in ended.text
        assert "Update the CLI" in ended.text
        assert set(landscape.admin("GET", "/requests?org=uat")["counts"]) == {"resources"}  # the CLI's own question

    def test_a_token_that_the_cli_was_told_to_show_is_taken(self, older: Stack, shared_org: Org) -> None:
        self.configure(older, shared_org, {"sfAlias": "admin"})
        older.environment["SF_TEMP_SHOW_SECRETS"] = "true"
        made = older.pulumi("import", "salesforce:index:PermissionSet", "gone", "Gone", "--yes", "--stack", "t")
        assert "resource 'Gone' does not exist" in made.text
