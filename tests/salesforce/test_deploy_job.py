"""A deploy as a job: the server's word decides, trouble on the way does not, and every end has its own name."""

from __future__ import annotations

import pytest

from orgkey.metadata.bundle import Bundle, deployment, destruction
from orgkey.metadata.members import Resource
from orgkey.metadata.render import render
from orgkey.salesforce.deploy_job import DeployJob, Status, deploy
from orgkey.salesforce.errors import DeployFailedError, DeployUnfinishedError, RefusedError, UnreachableError
from orgkey.salesforce.org import Org as Client
from tests.landscape import Landscape, Org


def bundle(name: str = "Set", label: str = "Set") -> Bundle:
    settings = {"name": name, "label": label}
    members = render(Resource.PERMISSION_SET, settings, {"PermissionSet": name}, api_version=67.0)
    return deployment(members, api_version="67.0")


def test_a_deploy_ends_with_the_ids_of_what_was_made(client: Client, org: Org) -> None:
    status = deploy(client, bundle(), seconds=30)
    made = [item for item in status.successes if item.type == "PermissionSet"]
    assert made[0].record_id == org.query("SELECT Id FROM PermissionSet WHERE Name = 'Set'")[0]["Id"]


def test_transport_trouble_while_polling_does_not_fail_the_job(client: Client, landscape: Landscape) -> None:
    landscape.admin(
        "POST",
        "/faults",
        operation="checkDeployStatus",
        org="uat",
        faults=["reset-before", "return-503", "reset-after"],
    )
    assert deploy(client, bundle(), seconds=30).success


def test_a_post_whose_answer_is_lost_is_not_sent_again(client: Client, landscape: Landscape) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["reset-after"])
    with pytest.raises(UnreachableError):
        deploy(client, bundle(), seconds=30)
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["deploy"] == 1


def test_a_deploy_whose_answer_is_lost_has_ended_before_that_is_told(
    client: Client, org: Org, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", deploy_time=1)
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["reset-after"])
    told: list[str] = []
    with pytest.raises(UnreachableError):
        deploy(client, bundle(), seconds=30, progress=told.append)
    assert len(org.query("SELECT Id FROM PermissionSet WHERE Name = 'Set'")) == 1
    assert "waiting for the deploy under way" in told[0]


def test_a_rejected_bundle_names_every_component_in_the_orgs_words(client: Client, org: Org) -> None:
    with pytest.raises(DeployFailedError) as failed:
        deploy(client, bundle(label=""), seconds=30)
    assert len(failed.value.problems) == 1
    assert failed.value.problems[0].startswith("PermissionSet Set (permissionsets/Set.permissionset")
    assert "nothing was changed" in str(failed.value)
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Set'") == []


def test_a_wait_that_is_over_says_which_job_goes_on_and_can_be_taken_up_again(
    client: Client, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", deploy_time=2)
    with pytest.raises(DeployUnfinishedError) as unfinished:
        deploy(client, bundle(), seconds=0.3)
    job = DeployJob(client, unfinished.value.job_id)
    *_, last = job.watch(deadline=client.clock.monotonic() + 30)
    assert last.status is Status.SUCCEEDED


def test_a_deploy_that_somebody_cancels_in_the_org_is_not_reported_as_success(
    client: Client, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", deploy_time=30)
    job = DeployJob.start(client, bundle())
    job.cancel()
    *_, last = job.watch(deadline=client.clock.monotonic() + 30)
    assert (last.status, last.done, last.success) == (Status.CANCELED, True, False)


def test_a_check_only_deploy_changes_nothing(client: Client, org: Org) -> None:
    assert deploy(client, bundle(), seconds=30, check_only=True).success
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'Set'") == []


def test_removing_what_is_not_there_is_no_failure(client: Client) -> None:
    gone = destruction([("PermissionSet", "Gone")], api_version="67.0")
    assert deploy(client, gone, seconds=30, ignore_warnings=True).success


def test_the_orgs_own_error_is_told_with_what_it_means(client: Client, landscape: Landscape) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["INSUFFICIENT_ACCESS"])
    with pytest.raises(RefusedError) as refused:
        deploy(client, bundle(), seconds=30)
    assert refused.value.code == "INSUFFICIENT_ACCESS"
    assert "The administrator's login may not do this" in str(refused.value)


@pytest.mark.parametrize("name", ["Pending", "SomethingNew"])
def test_a_status_that_nobody_knows_is_other_and_decides_nothing(name: str) -> None:
    assert Status(name) is (Status.PENDING if name == "Pending" else Status.OTHER)
