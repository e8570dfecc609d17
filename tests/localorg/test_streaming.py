"""The Streaming API over real HTTPS: handshake, connect, subscribe, events, and how sessions and clients end."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.localorg.bayeux import Bayeux, numbers, replay_ids
from tests.localorg.landscape_client import Landscape, OrgClient, start, stop
from tests.waiting import until

RETRY = {"reconnect": "retry", "interval": 0, "timeout": 110_000}
NONE = {"reconnect": "none", "interval": 0}
KINDS = ("/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/unsubscribe", "/event/Order__e", "/meta/x")
FIELDS = ("id", "clientId", "connectionType", "subscription", "ext", "supportedConnectionTypes", "data", "version")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["/event/Order__e", "replay"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_names = itertools.count()


def publish(org: OrgClient, event: str, *values: int) -> list[str]:
    """Publish events; return their UUIDs."""
    answers = [org.data("POST", f"/sobjects/{event}", json={"Number__c": value}) for value in values]
    assert {answer.status_code for answer in answers} <= {201}
    return [answer.json()["errors"][0]["message"] for answer in answers]


@pytest.fixture
def event() -> str:
    """A platform event that no other test publishes."""
    return f"Test{next(_names)}__e"


@pytest.fixture
def token(landscape: Landscape, org: OrgClient) -> str:
    """A session of the user `ci`."""
    made: str = landscape.admin("POST", "/sessions", {"org": "uat", "username": org.username("ci")})["accessToken"]
    return made


@pytest.fixture
def client(org: OrgClient, token: str) -> Iterator[Bayeux]:
    with Bayeux(org, token) as made:
        yield made


@pytest.fixture(scope="module")
def user_id(running: Landscape) -> str:
    """A user whom no other test knows."""
    made: str = running.admin("POST", "/users", {"org": "uat", "alias": "captured", "name": "Carla Captured"})["id"]
    return made


class TestHandshake:
    def test_a_handshake_gives_a_client_and_a_cookie(self, client: Bayeux) -> None:
        reply = client.shake_hands()
        assert reply == {
            "ext": {"replay": True, "payload.format": True},
            "minimumVersion": "1.0",
            "clientId": reply["clientId"],
            "supportedConnectionTypes": ["long-polling"],
            "channel": "/meta/handshake",
            "id": "1",
            "version": "1.0",
            "successful": True,
        }
        [cookie] = client.http.cookies
        assert (cookie.name, cookie.secure, cookie.path) == ("BAYEUX_BROWSER", True, "/")

    @pytest.mark.parametrize(
        ("token", "reason"),
        [
            ("", "401::Request requires authentication"),
            ("00D!wrong", "401::Authentication invalid"),
        ],
    )
    def test_without_a_session_it_is_denied(self, org: OrgClient, token: str, reason: str) -> None:
        with Bayeux(org) as client:
            client.token = token
            reply = client.shake_hands()
        assert reply["error"] == "403::Handshake denied"
        assert reply["ext"]["sfdc"] == {"failureReason": reason}
        assert (reply["advice"], reply["successful"]) == ({"reconnect": "none"}, False)

    def test_a_user_without_the_api_is_denied(self, landscape: Landscape, org: OrgClient) -> None:
        user = {"org": "uat", "username": org.username("noapi")}
        with Bayeux(org, landscape.admin("POST", "/sessions", user)["accessToken"]) as client:
            reply = client.shake_hands()
        assert reply["error"] == "403::Handshake denied"
        reason = "403::The REST API is not enabled for this Organization."
        assert reply["ext"]["sfdc"] == {"failureReason": reason}

    @pytest.mark.parametrize(
        ("path", "error"),
        [
            ("/cometd", "400::API version in the URI is mandatory. URI format: '/cometd/68.0'"),
            (
                "/cometd/36.0",
                "400::Unsupported API version. Only API versions '37.0' and above are supported. URI format: '/cometd/68.0'",
            ),
        ],
    )
    def test_the_version_belongs_to_the_path(self, client: Bayeux, path: str, error: str) -> None:
        client.path = path
        reply = client.shake_hands()
        assert (reply["error"], reply["advice"]) == (error, NONE)

    def test_clients_may_append_the_kind_of_the_message(self, client: Bayeux) -> None:
        client.path = "/cometd/67.0/handshake"
        assert client.shake_hands()["successful"]

    def test_only_long_polling_is_offered(self, client: Bayeux) -> None:
        reply = client.tell("/meta/handshake", version="1.0", supportedConnectionTypes=["websocket"])
        assert reply["error"] == "400::Invalid connection type websocket"
        client.shake_hands()
        reply = client.tell("/meta/connect", connectionType="websocket")
        assert (reply["error"], reply["advice"]) == ("400::Invalid connection type websocket", NONE)

    def test_one_cookie_serves_several_orgs_of_a_client(self, landscape: Landscape, client: Bayeux) -> None:
        client.start()
        with Bayeux(landscape.org("acme")) as other:
            other.http.cookies = client.http.cookies
            other.start()
            assert other.connect(advice={"timeout": 0})[-1]["successful"]
        assert client.connect(advice={"timeout": 0})[-1]["successful"]

    def test_a_client_that_keeps_no_cookie_is_refused(self, client: Bayeux) -> None:
        client.shake_hands()
        client.http.cookies.clear()
        [reply] = client.connect()
        told = f"400::Client {client.client_id} has established a session, but no BAYEUX_BROWSER cookie present"
        assert (reply["error"], reply["advice"]) == (told, NONE)


class TestConnect:
    def test_the_first_connect_is_answered_at_once_with_advice(self, client: Bayeux) -> None:
        client.shake_hands()
        reply = {"clientId": client.client_id, "channel": "/meta/connect", "id": "2", "successful": True}
        assert client.connect() == [{**reply, "advice": RETRY}]

    def test_a_later_one_is_held_until_its_time_is_over(self, landscape: Landscape, client: Bayeux) -> None:
        landscape.knob(streaming_timeout=0.05)
        client.start()
        [reply] = client.connect()
        assert (reply["successful"], "advice" in reply) == (True, False)

    def test_an_event_ends_it(self, org: OrgClient, client: Bayeux, event: str) -> None:
        held = client.start(f"/event/{event}").hold()
        assert not held.done()
        publish(org, event, 1)
        assert numbers(held.result(10)) == [1]

    def test_events_that_are_there_are_given_at_once_and_once(self, org: OrgClient, client: Bayeux, event: str) -> None:
        client.start(f"/event/{event}")
        publish(org, event, 1, 2, 3)
        assert numbers(client.connect()) == [1, 2, 3]
        assert client.connect(advice={"timeout": 0})[:-1] == []

    def test_other_requests_go_on_while_it_is_held(self, org: OrgClient, client: Bayeux) -> None:
        held = client.start().hold()
        assert org.data("GET", "/limits").status_code == 200
        assert client.tell("/meta/disconnect")["successful"]
        held.result(10)

    def test_a_second_connect_takes_the_place_of_the_first(self, client: Bayeux) -> None:
        held = client.start().hold()
        client.connect(advice={"timeout": 1})
        client.tell("/meta/disconnect")
        assert held.result(10)[-1]["successful"]

    def test_a_connect_among_other_messages_is_not_held(self, org: OrgClient, client: Bayeux, event: str) -> None:
        client.start()
        publish(org, event, 1)
        channel = f"/event/{event}"
        replies = client.send(
            client.message("/meta/subscribe", subscription=channel, ext={"replay": {channel: -2}}),
            client.message("/meta/connect", connectionType="long-polling"),
        )
        assert [each["channel"] for each in replies] == ["/meta/subscribe", channel, "/meta/connect"]

    def test_a_client_that_hangs_up_loses_no_event(self, org: OrgClient, client: Bayeux, event: str) -> None:
        client.start(f"/event/{event}")
        message = client.message("/meta/connect", connectionType="long-polling")
        headers = {"Authorization": f"Bearer {client.token}"}
        with pytest.raises(requests.ReadTimeout):
            client.http.post(org.url + client.path, json=[message], headers=headers, timeout=0.1)
        until(lambda: client._under_way() == 0, "the org has noticed")
        publish(org, event, 1)
        assert numbers(client.connect()) == [1]

    def test_a_client_that_stays_away_is_unknown(self, landscape: Landscape, client: Bayeux) -> None:
        client.start()
        landscape.advance(111)
        [reply] = client.connect()
        assert (reply["error"], reply["successful"]) == ("403::Unknown client", False)
        assert reply["advice"] == {"reconnect": "handshake", "interval": 0}

    def test_after_events_it_must_be_back_earlier(
        self, landscape: Landscape, org: OrgClient, client: Bayeux, event: str
    ) -> None:
        client.start(f"/event/{event}")
        publish(org, event, 1)
        client.connect()
        landscape.advance(41)
        assert client.connect()[-1]["error"] == "403::Unknown client"

    def test_a_client_is_its_users_own(self, landscape: Landscape, org: OrgClient, client: Bayeux) -> None:
        client.start()
        client.token = org.token
        assert client.connect()[-1]["error"] == "403::Unknown client"

    def test_a_disconnected_client_is_unknown(self, client: Bayeux) -> None:
        client.start()
        reply = client.tell("/meta/disconnect")
        assert (reply["successful"], reply["clientId"]) == (True, client.client_id)
        assert client.connect()[-1]["error"] == "403::Unknown client"


class TestSession:
    def test_the_end_of_the_session_ends_a_held_connect(
        self, landscape: Landscape, org: OrgClient, client: Bayeux, event: str
    ) -> None:
        held = client.start(f"/event/{event}").hold()
        landscape.admin("POST", "/end-sessions", {"org": "uat", "username": org.username("ci")})
        assert held.result(10) == [
            {
                "clientId": client.client_id,
                "advice": NONE,
                "channel": "/meta/connect",
                "id": "4",
                "error": "401::Authentication invalid",
                "successful": False,
            }
        ]

    @pytest.mark.parametrize("way", ["revoke", "AuthSession", "deactivate"])
    def test_however_it_ends(self, org: OrgClient, client: Bayeux, landscape: Landscape, way: str) -> None:
        held = client.start().hold()
        if way == "revoke":
            org.landscape.http.post(f"{org.url}/services/oauth2/revoke", data={"token": client.token}, timeout=30)
        elif way == "deactivate":
            user = {"org": "uat", "username": org.username("ci")}
            landscape.admin("PATCH", "/users", {**user, "active": False})
            landscape.admin("PATCH", "/users", {**user, "active": True})
        else:
            landscape.admin("POST", "/end-sessions", {"org": "uat", "username": org.username("ci")})
        assert held.result(10)[-1]["error"] == "401::Authentication invalid"

    def test_with_a_new_session_the_client_shakes_hands_and_goes_on_by_replay_id(
        self, landscape: Landscape, org: OrgClient, client: Bayeux, event: str
    ) -> None:
        channel = f"/event/{event}"
        client.start(channel)
        publish(org, event, 1)
        [last] = replay_ids(client.connect())
        user = {"org": "uat", "username": org.username("ci")}
        landscape.admin("POST", "/end-sessions", user)
        assert client.connect()[-1]["error"] == "401::Authentication invalid"
        publish(org, event, 2)
        client.token = landscape.admin("POST", "/sessions", user)["accessToken"]
        assert client.connect()[-1]["error"] == "403::Unknown client"
        client.start(channel, replay=last)
        publish(org, event, 3)
        assert numbers(client.connect()) == [2, 3]

    def test_it_lives_on_while_the_client_is_connected(
        self, landscape: Landscape, client: Bayeux, org: OrgClient, event: str
    ) -> None:
        held = client.start(f"/event/{event}").hold()
        landscape.advance(3 * 3600)
        publish(org, event, 1)
        assert numbers(held.result(10)) == [1]

    def test_by_knob_it_ends_by_itself(self, landscape: Landscape, client: Bayeux) -> None:
        landscape.knob(streaming_keeps_session=False)
        held = client.start().hold()
        landscape.advance(3 * 3600)
        assert held.result(10)[-1]["error"] == "401::Authentication invalid"

    def test_by_knob_it_ends_when_its_time_is_over(self, landscape: Landscape, org: OrgClient, client: Bayeux) -> None:
        landscape.knob(streaming_keeps_session=False, session_timeout=1)
        user = {"org": "uat", "username": org.username("ci")}
        client.token = landscape.admin("POST", "/sessions", user)["accessToken"]
        assert client.start().connect()[-1]["error"] == "401::Authentication invalid"

    def test_a_refresh_of_the_sandbox_ends_it(self, landscape: Landscape) -> None:
        org = landscape.org("dev")
        user = {"org": "dev", "username": org.username("ci")}
        with Bayeux(org, landscape.admin("POST", "/sessions", user)["accessToken"]) as client:
            held = client.start().hold()
            landscape.admin("POST", "/orgs/dev/refresh")
            assert held.result(10)[-1]["error"] == "401::Authentication invalid"


class TestSubscribe:
    def test_the_reply_names_the_channel(self, client: Bayeux, event: str) -> None:
        client.start()
        assert client.subscribe(f"/event/{event}") == {
            "clientId": client.client_id,
            "channel": "/meta/subscribe",
            "id": "3",
            "subscription": f"/event/{event}",
            "successful": True,
        }

    @pytest.mark.parametrize(
        ("channel", "error"),
        [
            ("", "400::Channel name not specified"),
            (None, "400::Channel name not specified"),
            ("event/Order__e", "400::Channel subscriptions must start with a leading '/'"),
            ("/topic/Orders", "400::The channel you requested to subscribe to does not exist {/topic/Orders}"),
            ("/event/Order", "400::The channel you requested to subscribe to does not exist {/event/Order}"),
            ("/event/*", "400::The channel you requested to subscribe to does not exist {/event/*}"),
            (
                "/data/PermissionSetChangeEvent",
                "400::The channel you requested to subscribe to does not exist {/data/PermissionSetChangeEvent}",
            ),
        ],
    )
    def test_a_channel_that_is_not_there_is_refused(self, client: Bayeux, channel: str | None, error: str) -> None:
        client.start()
        reply = client.subscribe(channel)
        assert (reply["error"], reply["successful"], reply["subscription"]) == (error, False, channel)

    def test_by_knob_only_named_events_are_there(self, landscape: Landscape, org: OrgClient, client: Bayeux) -> None:
        landscape.knob(platform_events="Order__e, Other__e")
        client.start("/event/Other__e")
        assert "does not exist" in client.subscribe("/event/Third__e")["error"]
        assert org.data("POST", "/sobjects/Third__e", json={}).status_code == 404

    def test_several_channels_in_one_message(self, org: OrgClient, client: Bayeux, event: str) -> None:
        other = f"Other_{event}"
        client.start()
        assert client.subscribe([f"/event/{event}", f"/event/{other}"])["successful"]
        publish(org, other, 1)
        publish(org, event, 2)
        assert numbers(client.connect()) == [1, 2]

    def test_every_client_of_a_channel_gets_each_event(self, org: OrgClient, event: str) -> None:
        with Bayeux(org) as one, Bayeux(org) as two, Bayeux(org) as three:
            held = [each.start(f"/event/{event}").hold() for each in (one, two, three)]
            publish(org, event, 1)
            assert [numbers(each.result(10)) for each in held] == [[1]] * 3

    def test_many_events_come_in_several_answers_without_a_wait(
        self, org: OrgClient, client: Bayeux, event: str
    ) -> None:
        client.start(f"/event/{event}")
        for first in range(0, 600, 200):
            records = [{"attributes": {"type": event}, "Number__c": each} for each in range(first, first + 200)]
            assert org.data("POST", "/composite/sobjects", json={"records": records}).status_code == 200
        assert numbers(client.connect()) + numbers(client.connect()) == list(range(600))

    def test_an_unsubscribed_channel_is_silent(self, org: OrgClient, client: Bayeux, event: str) -> None:
        channel = f"/event/{event}"
        client.start(channel)
        assert client.tell("/meta/unsubscribe", subscription=channel)["successful"]
        publish(org, event, 1)
        assert numbers(client.connect(advice={"timeout": 0})) == []

    def test_a_subscription_wakes_a_connect_that_is_held(self, org: OrgClient, client: Bayeux, event: str) -> None:
        publish(org, event, 1)
        held = client.start().hold()
        client.subscribe(f"/event/{event}", -2)
        assert numbers(held.result(10)) == [1]

    def test_an_org_hears_nothing_of_another(self, landscape: Landscape, client: Bayeux, event: str) -> None:
        client.start(f"/event/{event}", replay=-2)
        publish(landscape.org("acme"), event, 1)
        assert numbers(client.connect(advice={"timeout": 0})) == []

    def test_clients_do_not_publish(self, client: Bayeux, event: str) -> None:
        client.start()
        reply = client.tell(f"/event/{event}", data={"Number__c": 1})
        assert reply["error"] == "403:denied_by_security_policy:publish_denied"


class TestPlatformEvent:
    def test_the_message_has_what_was_published(self, org: OrgClient, client: Bayeux, event: str) -> None:
        client.start(f"/event/{event}")
        given: dict[str, Any] = {"Text__c": "ä\n", "Number__c": 1.5, "Flag__c": True, "Empty__c": None}
        answer = org.data("POST", f"/sobjects/{event}/", json=given)
        made = answer.json()
        assert answer.status_code == 201
        assert made["success"] is True
        assert re.fullmatch("e01[A-Za-z0-9]{15}", made["id"])
        [enqueued] = made["errors"]
        assert (enqueued["statusCode"], enqueued["fields"]) == ("OPERATION_ENQUEUED", [])
        message, _ = client.connect()
        assert set(message) == {"channel", "data"}
        assert set(message["data"]) == {"schema", "payload", "event"}
        assert len(base64.urlsafe_b64decode(message["data"]["schema"] + "==")) == 16
        assert message["data"]["event"]["EventUuid"] == enqueued["message"]
        payload = message["data"]["payload"]
        assert {name: payload[name] for name in given} == given
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", payload["CreatedDate"])
        assert payload["CreatedById"] == org.user_id("admin")

    def test_collections_publish_each_record(self, org: OrgClient, client: Bayeux, event: str) -> None:
        client.start(f"/event/{event}")
        records = [{"attributes": {"type": event}, "Number__c": number} for number in (1, 2)]
        results = org.data("POST", "/composite/sobjects", json={"records": records}).json()
        assert [each["errors"][0]["statusCode"] for each in results] == ["OPERATION_ENQUEUED"] * 2
        assert numbers(client.connect()) == [1, 2]

    def test_what_was_rolled_back_is_not_published(self, org: OrgClient, client: Bayeux, event: str) -> None:
        client.start(f"/event/{event}")
        records = [{"attributes": {"type": event}, **fields} for fields in ({"Number__c": 1}, {"Wrong": 2})]
        results = org.data("POST", "/composite/sobjects", json={"records": records, "allOrNone": True}).json()
        assert [each["success"] for each in results] == [False, False]
        assert numbers(client.connect(advice={"timeout": 0})) == []

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"Number": 1}, "INVALID_FIELD"),
            ({"CreatedDate": "2026-11-26T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
            ({"Number__c": [1]}, "JSON_PARSER_ERROR"),
            ({"Number__c": float("inf")}, "JSON_PARSER_ERROR"),
        ],
    )
    def test_fields_are_checked(self, org: OrgClient, event: str, fields: dict[str, Any], code: str) -> None:
        answer = org.data("POST", f"/sobjects/{event}", data=json.dumps(fields))
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


class TestChangeDataCapture:
    def test_a_changed_user_is_told_on_both_channels(self, org: OrgClient, client: Bayeux, user_id: str) -> None:
        client.start("/data/UserChangeEvent", "/data/ChangeEvents")
        title = f"Operator {next(_names)}"
        assert org.data("PATCH", f"/sobjects/User/{user_id}", json={"Title": title}).status_code == 204
        one, two, _ = client.connect()
        assert {one["channel"], two["channel"]} == {"/data/UserChangeEvent", "/data/ChangeEvents"}
        assert one["data"] == two["data"]
        payload = one["data"]["payload"]
        header = payload.pop("ChangeEventHeader")
        assert set(payload) == {"Title", "LastModifiedDate"}
        assert payload["Title"] == title
        assert header.pop("commitTimestamp") > 1_600_000_000_000
        assert header.pop("transactionKey")
        assert header.pop("commitNumber")
        assert header == {
            "entityName": "User",
            "recordIds": [user_id],
            "changeType": "UPDATE",
            "changeOrigin": "com/salesforce/api/rest/67.0",
            "sequenceNumber": 1,
            "commitUser": org.user_id("admin"),
            "changedFields": ["Title", "LastModifiedDate"],
        }

    def test_names_are_parts_of_a_compound_field(self, org: OrgClient, client: Bayeux, user_id: str) -> None:
        client.start("/data/UserChangeEvent")
        name = f"Name{next(_names)}"
        org.data("PATCH", f"/sobjects/User/{user_id}", json={"LastName": name})
        message, _ = client.connect()
        payload = message["data"]["payload"]
        assert payload["Name"] == {"LastName": name}
        assert "Name.LastName" in payload["ChangeEventHeader"]["changedFields"]

    def test_a_new_user_is_told_with_all_fields(self, org: OrgClient, client: Bayeux) -> None:
        client.start("/data/UserChangeEvent")
        row = {"ProfileId": org.query("SELECT ProfileId FROM User WHERE Alias = 'devops'")[0]["ProfileId"]}
        unique = f"new{next(_names)}"
        given = {
            "Username": f"{unique}@acme.com.uat",
            "LastName": "New",
            "Email": "new@acme.com",
            "Alias": unique,
            **row,
        }
        made = org.data("POST", "/sobjects/User", json=given).json()
        message, _ = client.connect()
        payload = message["data"]["payload"]
        header = payload["ChangeEventHeader"]
        assert (header["changeType"], header["recordIds"], header["changedFields"]) == ("CREATE", [made["id"]], [])
        assert (payload["Username"], payload["IsActive"], payload["Name"]["LastName"]) == (
            given["Username"],
            True,
            "New",
        )

    def test_a_refused_change_is_not_told(self, org: OrgClient, client: Bayeux, user_id: str) -> None:
        client.start("/data/UserChangeEvent")
        assert org.data("PATCH", f"/sobjects/User/{user_id}", json={"ProfileId": None}).status_code >= 400
        assert client.connect(advice={"timeout": 0})[:-1] == []


class TestRequests:
    @pytest.mark.parametrize("body", ["", "{", "[]", "[1]", '[{"id": 1}]', '{"channel": 1}', "null"])
    def test_what_is_no_message_is_refused(self, org: OrgClient, body: str) -> None:
        answer = org.call("POST", "/cometd/67.0", data=body)
        assert answer.status_code == 400

    @many
    @given(JSON)
    def test_no_message_is_a_defect(self, org: OrgClient, body: object) -> None:
        assert org.call("POST", "/cometd/67.0", json=body).status_code < 500

    @many
    @given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), JSON))
    def test_no_field_of_a_message_is_a_defect(self, client: Bayeux, channel: str, fields: dict[str, Any]) -> None:
        if not client.client_id:
            client.start()
        message = {"channel": channel, "clientId": client.client_id, "advice": {"timeout": 0}, **fields}
        assert client.post([message]).status_code < 500

    def test_one_message_needs_no_list(self, client: Bayeux) -> None:
        message = client.message("/meta/handshake", version="1.0", supportedConnectionTypes=["long-polling"])
        assert client.post(message).json()[0]["successful"]

    def test_an_ordered_end_of_the_session_is_a_bayeux_reply(
        self, landscape: Landscape, client: Bayeux, event: str
    ) -> None:
        client.start()
        landscape.fault("cometdSubscribe", "INVALID_SESSION_ID", "return-503")
        assert client.subscribe(f"/event/{event}")["error"] == "401::Authentication invalid"
        assert client.post([client.message("/meta/subscribe", subscription="/event/A__e")]).status_code == 503

    def test_streaming_counts_no_api_requests(self, org: OrgClient, client: Bayeux) -> None:
        def used() -> str:
            return org.data("GET", "/limits").headers["Sforce-Limit-Info"].partition("=")[2].partition("/")[0]

        before = int(used())
        client.start()
        assert int(used()) == before + 1


def test_a_refreshed_sandbox_has_lost_its_events(landscape: Landscape, event: str) -> None:
    org = landscape.org("dev")
    publish(org, event, 1)
    landscape.admin("POST", "/orgs/dev/refresh")
    with Bayeux(landscape.org("dev")) as client:
        client.start(f"/event/{event}", replay=-2)
        assert numbers(client.connect(advice={"timeout": 0})) == []


def test_a_held_connect_ends_with_the_server_and_events_outlive_it(
    tmp_path_factory: pytest.TempPathFactory, event: str
) -> None:
    home = tmp_path_factory.mktemp("streaming")
    landscape = start(home)
    channel = f"/event/{event}"
    try:
        with Bayeux(landscape.org("uat")) as client:
            client.start(channel)
            publish(client.org, event, 1)
            [last] = replay_ids(client.connect())
            publish(client.org, event, 2)
            held = client.start(channel).hold()
            stop(home)
            assert held.exception(10) is None or isinstance(held.exception(), requests.ConnectionError)
            landscape.close()
            landscape = start(home)
            client.org, client.landscape = landscape.org("uat"), landscape
            client.http.close()
            assert client.connect()[-1]["error"] == "403::Unknown client"
            client.start(channel, replay=last)
            assert numbers(client.connect()) == [2]
    finally:
        landscape.close()
        stop(home)
    assert "Traceback" not in (home / "server.log").read_text()
