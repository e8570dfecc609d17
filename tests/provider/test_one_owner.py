"""Two resources of one stack are never given one thing: neither takes, rewrites or deletes what the other has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.apps import CONNECTED, EXTERNAL
from tests.provider.conftest import GRANT, HOLDERS, MANAGED_BY, SET, Made, again, app_inputs, grant_inputs, make
from tests.provider.protocol import UNKNOWN, Client, VerbFailedError, open_secrets, plain

SEES = {
    SET: "SELECT Id, Label, Description FROM PermissionSet WHERE Name LIKE 'Access%' ORDER BY Id",
    EXTERNAL: "SELECT Id, DeveloperName FROM ExternalClientApplication ORDER BY Id",
    CONNECTED: "SELECT Id, Name FROM ConnectedApplication ORDER BY Id",
}
PART = {SET: "set", HOLDERS: "assignments", EXTERNAL: "app", CONNECTED: "app"}


def standing(org: Org) -> list[Any]:
    """All that the org has of ours, records and holders."""
    records = [org.query(question, tooling=kind == CONNECTED) for kind, question in SEES.items()]
    return [*records, org.holders("Access"), org.holders("Access_B")]


class Component:
    """Parts of a component as the state has them; `client` speaks about one of them."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.name = client, name
        self.state: dict[str, Made] = {}

    def about(self, kind: str) -> Client:
        return self.client.about(f"{self.name}-{PART.get(kind, 'key')}")

    def make(self, kind: str, news: dict[str, Any]) -> Made:
        self.state[kind] = make(self.about(kind), kind, news)
        return self.state[kind]

    def look(self) -> None:
        """What the engine does before a program runs."""
        for kind, (resource_id, inputs, outputs) in self.state.items():
            seen = self.about(kind).read(kind, resource_id, inputs, outputs)
            self.state[kind] = resource_id, plain(seen.inputs), plain(seen.properties)

    def begin(self) -> None:
        """The program declares its key pair, which comes first."""
        self.client.about(f"{self.name}-key").check("KeyPair", {"subject": "CN=x"})

    def declare(self, kind: str, **changes: Any) -> list[str]:
        """Check and Diff of an `up` without a preview, as far as they get; why they are refused."""
        _, inputs, outputs = self.state[kind]
        news, problems = self.about(kind).check(kind, {**inputs, **changes}, inputs)
        if problems:
            return [reason for _, reason in problems]
        try:
            self.about(kind).diff(kind, inputs, outputs, news)
        except VerbFailedError as error:
            return [error.message]
        return []


Two = tuple[Component, Component]


@pytest.fixture
def keys(provider: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    one, other = (open_secrets(make(provider, "KeyPair", {"subject": f"CN={each}"})[2]) for each in "ab")
    return one, other


def sets_and_holders(provider: Client, org: Org) -> Two:
    a, b = Component(provider, "a"), Component(provider, "b")
    for component, name, user in ((a, "Access", "ci"), (b, "Access_B", "deploy")):
        component.make(SET, {"name": name, "label": name, "managedBy": MANAGED_BY})
        component.make(HOLDERS, {"permissionSet": name, "users": [org.user(user)], "managedBy": MANAGED_BY})
    return a, b


@pytest.fixture(params=[EXTERNAL, CONNECTED])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def two(
    provider: Client, org: Org, landscape: Landscape, keys: tuple[dict[str, Any], dict[str, Any]], kind: str
) -> Two:
    """Two components in one org, whole, and the next run of the engine, which has looked at both."""
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    a, b = sets_and_holders(provider, org)
    a.make(kind, app_inputs(keys[0]))
    b.make(kind, app_inputs(keys[1], name="App_B", label="App_B", permissionSets=["Access_B"]))
    again(provider, org)
    a.look()
    b.look()
    return a, b


OTHERS = pytest.mark.parametrize("other", ["not yet declared", "declared", "gives the name up", "declared no more"])


def the_other(b: Component, kind: str, other: str, **changes: Any) -> None:
    if other == "declared":
        assert b.declare(kind) == []
    elif other == "gives the name up":
        assert b.declare(kind, **changes) == []
    elif other == "not yet declared":
        b.begin()


@OTHERS
def test_an_app_is_not_given_the_name_of_another_components_app_and_is_there_still(
    two: Two, org: Org, keys: tuple[dict[str, Any], dict[str, Any]], kind: str, other: str
) -> None:
    a, b = two
    before = standing(org)
    a.begin()
    the_other(b, kind, other, name="App_C")
    (refused,) = a.declare(kind, name="app_b")
    assert "the resource b-app" in refused
    assert "orgkey:app.name" in refused
    with pytest.raises(VerbFailedError, match="another consumer key"):
        a.about(kind).create(kind, {**a.state[kind][1], "name": "App_B"})
    assert standing(org) == before
    for key, user in zip(keys, ("ci", "deploy"), strict=True):
        assert make(a.client.about("g"), GRANT, grant_inputs(key, org, username=org.user(user)))[2]["verified"] is True


def test_an_app_is_not_deleted_for_a_name_that_another_component_has_which_the_run_has_not_looked_at(
    two: Two, org: Org, kind: str
) -> None:
    a, _ = two
    before = standing(org)
    again(a.client, org)  # under `--target`, or where the provider's settings changed
    a.look()
    (refused,) = a.declare(kind, name="App_B")
    assert "another consumer key" in refused
    assert standing(org) == before


@pytest.mark.parametrize("change", ["a stranger's name", "the other kind's name", "a consumer key that is taken"])
def test_an_app_is_not_deleted_where_the_new_one_could_not_be_made(
    two: Two, org: Org, keys: tuple[dict[str, Any], dict[str, Any]], provider: Client, kind: str, change: str
) -> None:
    a, _ = two
    own = open_secrets(make(provider, "KeyPair", {"subject": "CN=c"})[2])
    other_kind = CONNECTED if kind == EXTERNAL else EXTERNAL
    made = {
        "a stranger's name": (kind, "others/t"),
        "the other kind's name": (other_kind, MANAGED_BY),
        "a consumer key that is taken": (other_kind, "others/t"),
    }
    their_kind, manager = made[change]
    make(provider.about("c-app"), their_kind, app_inputs(own, name="App_C", label="App_C", managedBy=manager))
    again(provider, org)
    a.look()
    before = standing(org)
    changes = {"consumerKey": own["consumerKey"]} if "key" in change else {"name": "App_C"}
    (refused,) = a.declare(kind, **changes)
    assert "App_C" in refused
    assert standing(org) == before


def test_an_app_is_not_deleted_for_a_consumer_key_that_another_component_has(two: Two, org: Org, kind: str) -> None:
    a, b = two
    before = standing(org)
    (refused,) = a.declare(kind, consumerKey=b.state[kind][1]["consumerKey"])
    assert "App_B" in refused
    assert standing(org) == before


def test_a_component_of_another_name_with_another_key_pair_is_refused_in_the_preview_with_what_to_do(
    two: Two, kind: str
) -> None:
    a, _ = two
    _, inputs, _ = a.state[kind]
    renamed = a.client.about("renamed-app")
    news, problems = renamed.check(kind, {**inputs, "consumerKey": "AnotherConsumerKey1"})
    assert problems == []
    with pytest.raises(VerbFailedError, match="aliases"):
        renamed.create(kind, news, preview=True)
    renamed.create(kind, inputs, preview=True)  # with the same key it takes the app over


def test_names_that_nobody_has_are_given(two: Two, kind: str) -> None:
    a, b = two
    assert a.declare(kind, name="App_1") == []
    assert b.declare(kind, name="App_2") == []


@pytest.mark.parametrize("known", [True, False])
def test_a_preview_refuses_it_too_as_far_as_names_are_known(two: Two, kind: str, *, known: bool) -> None:
    a, b = two
    b.begin()
    refused = a.declare(kind, name="App_B" if known else UNKNOWN, consumerKey=UNKNOWN)
    assert bool(refused) is known


# --- permission sets and who holds them


@pytest.fixture
def sets(provider: Client, org: Org) -> Two:
    a, b = sets_and_holders(provider, org)
    again(provider, org)
    a.look()
    b.look()
    return a, b


@pytest.mark.parametrize("other", ["not yet declared", "declared", "gives the name up"])
def test_a_permission_set_is_not_given_the_name_of_another_components(sets: Two, org: Org, other: str) -> None:
    a, b = sets
    before = standing(org)
    a.begin()
    the_other(b, SET, other, name="Access_C")
    (refused,) = a.declare(SET, name="access_B")
    assert "the resource b-set" in refused
    assert "orgkey:permissionSet.name" in refused
    assert standing(org) == before


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_new_component_is_not_given_another_ones_set_whichever_comes_first(sets: Two, first: str) -> None:
    _, b = sets
    c = Component(b.client, "c")
    news = {"name": "Access_B", "label": "Mine", "managedBy": MANAGED_BY}
    b.begin()
    if first == "b":
        assert b.declare(SET) == []
    _, problems = c.about(SET).check(SET, news)
    assert "the resource b-set" in problems[0][1]


def test_a_component_of_another_name_takes_over_what_is_declared_no_more(sets: Two, org: Org) -> None:
    _, b = sets
    c = Component(b.client, "c")
    c.begin()
    for kind in (SET, HOLDERS):
        resource_id, inputs, outputs = b.state[kind]
        c.make(kind, inputs)
        b.about(kind).delete(kind, resource_id, inputs, outputs)
    assert org.holders("Access_B") == [org.user("deploy")]


def test_two_components_that_are_in_state_for_one_set_go_on_where_one_is_declared(sets: Two, org: Org) -> None:
    """So it is after a component was renamed under `--target`."""
    _, b = sets
    c = Component(b.client, "c")
    c.make(SET, b.state[SET][1])
    again(b.client, org)
    for each in (b, c):
        each.look()
    c.begin()
    assert c.declare(SET) == []
    assert len(b.declare(SET)) == 1  # and where both are, neither may have it


@pytest.mark.parametrize(("one", "other", "right"), [(True, False, False), (False, True, False), (False, False, True)])
def test_assignments_of_one_set_are_several_where_none_excludes_the_others(
    provider: Client, permission_set: Made, org: Org, *, one: bool, other: bool, right: bool
) -> None:
    for name, alone, user in (("one", one, "ci"), ("other", other, "deploy")):
        news = {"permissionSet": "Access", "users": [org.user(user)], "authoritative": alone}
        _, problems = provider.about(name).check(HOLDERS, news)
    assert (problems == []) is right
    if not right:
        assert "authoritative" in problems[0][1]


# --- generations of one component


@pytest.mark.usefixtures("holders")
def test_generations_of_one_component_have_an_app_each_and_never_one_anothers(
    provider: Client, org: Org, keys: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    first, second = provider.about("access-app"), provider.about("access-app-2")
    one = make(first, EXTERNAL, app_inputs(keys[0]))
    two = make(second, EXTERNAL, app_inputs(keys[1], name="App_2", label="App 2"))
    again(provider, org)
    first.read(EXTERNAL, *one)
    second.read(EXTERNAL, *two)
    _, problems = second.check(EXTERNAL, {**two[1], "name": "App"}, two[1])
    assert "the resource access-app" in problems[0][1]
    _, problems = first.check(EXTERNAL, one[1], one[1])
    assert "the resource access-app-2" in problems[0][1]
    for client, made in ((second, two), (first, one)):
        assert client.check(EXTERNAL, made[1], made[1])[1] == []


# --- what gives way


@pytest.mark.usefixtures("holders")
@pytest.mark.parametrize("whose", ["a later resource's", "our own"])
def test_an_app_hands_its_key_on_only_where_no_later_resource_has_it(
    provider: Client, key: dict[str, Any], org: Org, whose: str
) -> None:
    resource_id, inputs, outputs = make(provider, EXTERNAL, app_inputs(key))
    if whose != "our own":
        provider.about("later-app").create(EXTERNAL, inputs)
    again(provider, org)
    provider.read(EXTERNAL, resource_id, inputs, outputs)
    renamed = {**inputs, "name": "Another"}
    if whose == "our own":
        provider.create(EXTERNAL, renamed)
    else:
        with pytest.raises(VerbFailedError, match="consumer key is already taken"):
            provider.create(EXTERNAL, renamed)
    names = [each["DeveloperName"] for each in org.query(SEES[EXTERNAL])]
    assert names == (["Another"] if whose == "our own" else ["App"])
