"""What a stack gives out is all that a client needs: the Salesforce CLI logs in with it."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.exported import stack_with_login
from tests.conformance.outside import Fence
from tests.conformance.salesforce_cli import SalesforceCli
from tests.landscape import Org


def test_the_salesforce_cli_logs_in_with_the_outputs_of_a_stack(
    engine: Path, node: Path, fence: Fence, org: Org, tmp_path: Path
) -> None:
    stack = stack_with_login(engine, org, org.user("ci"), tmp_path)
    outputs = stack.outputs(secrets=True)
    key_file = tmp_path / "server.key"
    key_file.write_text(outputs["privateKeyPem"])
    sf = SalesforceCli(tmp_path / "project", node, org.ca_bundle, fence.url)
    fence.refused.clear()
    told = sf(
        *("org", "login", "jwt", "-o", outputs["username"], "-f", key_file),
        *("-i", outputs["consumerKey"], "-r", outputs["instanceUrl"]),
    ).result
    assert (told["username"], told["orgId"]) == (org.user("ci"), org.org_id)
    assert fence.refused == []
