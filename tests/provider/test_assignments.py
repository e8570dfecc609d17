"""Who holds a permission set: what a look records, and what of it is drift."""

from __future__ import annotations

from tests.landscape import Org
from tests.provider.conftest import HOLDERS, Made, again
from tests.provider.protocol import Client, plain


def test_assignees_are_drift_that_names_them_and_an_update_puts_the_list_right(
    provider: Client, holders: Made, org: Org
) -> None:
    resource_id, inputs, outputs = holders
    org.unassign("Access", org.user("ci"))
    org.assign("Access", org.user("devops"))
    fresh = Client(provider.port)  # the next command's provider, which has read nothing yet
    fresh.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    seen = fresh.read(HOLDERS, resource_id, inputs, outputs)
    assert plain(seen.inputs)["users"] == [org.user("devops")]
    diff = fresh.diff(HOLDERS, plain(seen.inputs), plain(seen.properties), inputs)
    assert list(diff.diffs) == ["users"]
    after = fresh.update(HOLDERS, resource_id, (plain(seen.inputs), plain(seen.properties)), inputs)
    assert org.holders("Access") == [org.user("ci")]
    assert after["revision"] != outputs["revision"]
    fresh.channel.close()


def test_a_user_who_was_given_the_set_by_an_up_that_heard_no_answer_is_recorded_by_the_next(
    provider: Client, holders: Made, org: Org
) -> None:
    resource_id, inputs, outputs = holders
    org.assign("Access", org.user("devops"))
    provider.configure(  # the next command's provider, which has read nothing yet
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    seen = provider.read(HOLDERS, resource_id, inputs, outputs)
    news = inputs | {"users": [org.user("ci"), org.user("devops")]}
    diff = provider.diff(HOLDERS, plain(seen.inputs), plain(seen.properties), news)
    assert list(diff.diffs) == ["assignments"]
    after = provider.update(HOLDERS, resource_id, (plain(seen.inputs), plain(seen.properties)), news)
    assert [item["username"] for item in after["assignments"]] == news["users"]
    assert after["undeclaredUsers"] == []
    assert after["revision"] != outputs["revision"]


def test_users_that_are_ignored_are_no_change_although_somebody_else_holds_the_set_too(
    provider: Client, holders: Made, org: Org
) -> None:
    resource_id, inputs, outputs = holders
    org.assign("Access", org.user("devops"))
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["users"]
    assert list(provider.diff(HOLDERS, *before, inputs, ignored=["users"]).diffs) == []
