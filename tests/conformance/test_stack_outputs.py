"""What a stack gives out is all that a client needs: the Salesforce CLI logs in with it."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.outside import Fence
from tests.conformance.salesforce_cli import SalesforceCli
from tests.landscape import Org
from tests.program.stack import Stack


def test_the_salesforce_cli_logs_in_with_the_outputs_of_a_stack(
    engine: Path, node: Path, fence: Fence, org: Org, tmp_path: Path
) -> None:
    (tmp_path / "admin.sfdxurl").write_text(org.auth_url)
    stack = Stack(tmp_path / "stack", engine)
    stack.configure(
        {
            "salesforce:instanceUrl": org.url,
            "salesforce:caBundle": org.ca_bundle,
            "salesforce:credentials": {"sfdxAuthUrlFile": str(tmp_path / "admin.sfdxurl")},
            "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
            "orgkey:users": [org.user("ci")],
        }
    )
    made = stack.up()
    assert made.code == 0, made.text
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
