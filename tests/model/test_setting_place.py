"""Where settings are written: every text that names one, for every generation and every kind of program."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.model.setting_place import STACK_FILE, SettingPlace, Written

OTHER = SettingPlace(generation="retiring[1]", number=3)
PLACES = {
    "first": STACK_FILE,
    "named": SettingPlace(generation="generation", number=2),
    "retiring": OTHER,
    "arguments": SettingPlace(Written.ARGUMENTS),
    "named in arguments": SettingPlace(Written.ARGUMENTS, "generation", 2),
    "retiring in arguments": SettingPlace(Written.ARGUMENTS, "retiring[0]", 1),
    "inputs": SettingPlace(Written.INPUTS),
    "unknown": SettingPlace(generation="", number=2),
    "unknown first": SettingPlace(generation=""),
}


@pytest.mark.parametrize(
    ("place", "path", "named"),
    [
        ("first", "key.consumerKey", "orgkey:key.consumerKey"),
        ("first", "app.name", "orgkey:app.name"),
        ("named", "key.consumerKey", "orgkey:key.consumerKey"),
        ("named", "app.name", "orgkey:generation.name"),
        ("named", "app.label", "orgkey:app.label"),
        ("retiring", "key.consumerKey", "orgkey:retiring[1].key.consumerKey"),
        ("retiring", "key.certificatePem", "orgkey:retiring[1].key.certificatePem"),
        ("retiring", "app.name", "orgkey:retiring[1].name"),
        ("retiring", "app.kind", "orgkey:retiring[1].kind"),
        ("retiring", "app.protect", "orgkey:retiring[1].protect"),
        ("retiring", "app.blocked", "orgkey:retiring[1].blocked"),
        ("retiring", "import.app", "orgkey:retiring[1].import"),
        ("retiring", "import", "orgkey:retiring[1].import"),
        ("retiring", "key", "orgkey:key"),
        ("retiring", "app.scopes", "orgkey:app.scopes"),
        ("retiring", "users", "orgkey:users"),
        ("retiring", "import.permissionSet", "orgkey:import.permissionSet"),
        ("arguments", "key.consumerKey", "`key.consumerKey`"),
        ("arguments", "users", "`users`"),
        ("arguments", "import.app", "`imports.app`"),
        ("arguments", "retiring", "`retiring`"),
        ("named in arguments", "app.name", "`generation.name`"),
        ("retiring in arguments", "key.consumerKey", "`retiring[0].key.consumerKey`"),
        ("retiring in arguments", "import.app", "`retiring[0].imported`"),
        ("retiring in arguments", "app.name", "`retiring[0].name`"),
        ("inputs", "key.consumerKey", "`consumerKey`"),
        ("inputs", "app.scopes", "`scopes`"),
        ("inputs", "users", "`users`"),
        ("inputs", "integrationUser", "`username`"),
        ("inputs", "timeouts", "`customTimeouts`"),
        ("unknown", "key.consumerKey", "`key.consumerKey` of generation 2"),
        ("unknown", "app.name", "`app.name` of generation 2"),
        ("unknown", "users", "orgkey:users"),
        ("unknown first", "key.consumerKey", "orgkey:key.consumerKey"),
    ],
)
def test_a_setting_is_called_as_it_is_written_there(place: str, path: str, named: str) -> None:
    assert PLACES[place].setting(path) == named
    assert PLACES[place].told(f"Correct orgkey:{path}.") == f"Correct {named}."
    assert PLACES[place].told(f"(orgkey:{path}), then") == f"({named}), then"


@pytest.mark.parametrize(
    ("place", "written", "told"),
    [
        ("first", "pulumi config set --stack STACK --path orgkey:app.name App", ""),
        (
            "retiring",
            "pulumi config set --stack STACK --path orgkey:app.name App",
            "pulumi config set --stack STACK --path 'orgkey:retiring[1].name' App",
        ),
        ("arguments", "pulumi config set --stack STACK --path orgkey:app.name App", "set `app.name` to App"),
        (
            "unknown",
            "pulumi config set --stack STACK --path orgkey:key.consumerKey K",
            "set `key.consumerKey` of generation 2 to K",
        ),
        (
            "arguments",
            "pulumi config set --stack STACK --path orgkey:permissionSet.license 'Salesforce API'",
            "set `permissionSet.license` to 'Salesforce API'",
        ),
        (
            "inputs",
            "pulumi config rm --stack STACK --path orgkey:permissionSet.license",
            "leave `license` out",
        ),
        (
            "arguments",
            "`pulumi config set --secret --path orgkey:key.privateKeyPem --stack STACK < FILE`",
            "set `key.privateKeyPem`, as a secret, to what is in FILE",
        ),
        (
            "retiring",
            "`pulumi config set --path orgkey:key.certificatePem --stack STACK < FILE`",
            "`pulumi config set --path 'orgkey:retiring[1].key.certificatePem' --stack STACK < FILE`",
        ),
    ],
)
def test_a_command_is_one_for_the_place_or_says_what_to_set(place: str, written: str, told: str) -> None:
    assert PLACES[place].told(f"It is wrong: {written}\nMore.") == f"It is wrong: {told or written}\nMore."


@given(st.sampled_from(sorted(PLACES)), st.text())
def test_what_names_no_setting_is_left_as_it_is(place: str, text: str) -> None:
    assert PLACES[place].told(text) == text
    untouched = f"urn:pulumi:t::orgkey::orgkey:index:JwtBearerAccess$x managed by orgkey acme/uat {text}"
    assert PLACES[place].told(untouched) == untouched


@given(
    st.sampled_from(sorted(PLACES)), st.lists(st.sampled_from(["orgkey:key.consumerKey", "orgkey:users", "x: ", " "]))
)
def test_a_text_is_told_once_however_often_it_is_handed_on(place: str, parts: list[str]) -> None:
    told = PLACES[place].told(" ".join(parts))
    assert PLACES[place].told(told) == told


@given(st.integers(0, 99), st.text(alphabet="abcXYZ.09_", min_size=1))
def test_a_command_for_a_retiring_generation_is_one_word_to_a_shell(index: int, value: str) -> None:
    place = SettingPlace(generation=f"retiring[{index}]")
    line = place.told(f"pulumi config set --stack STACK --path orgkey:key.consumerKey {value}")
    assert shlex.split(line)[-2:] == [f"orgkey:retiring[{index}].key.consumerKey", value]
    assert not re.search(r"(?<!')orgkey:", line)
