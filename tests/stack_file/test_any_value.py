"""Whatever stands in the place of a setting: null, another type, a character that cannot be sent. It is taken, or told; nothing else."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.components.check import given as arguments_given
from orgkey.components.check import problems_of
from orgkey.metadata.compare import differences
from orgkey.metadata.fields import fields_of
from orgkey.metadata.members import APP_KINDS, Resource, member_names
from orgkey.metadata.parse import canonical
from orgkey.metadata.render import render
from orgkey.provider.metadata_inputs import changed_inputs, check_inputs
from orgkey.stack_file.arguments import arguments_of
from orgkey.stack_file.secrets import Secrets
from orgkey.stack_file.settings import Settings, SettingsError, load
from tests.metadata.org import CERTIFICATE
from tests.stack_file.files import EVERY_SETTING, as_the_engine_does

Path = tuple[str | int, ...]


def places(value: Any = EVERY_SETTING, path: Path = ()) -> Iterator[Path]:
    """Every place in the stack file that has a value."""
    if path:
        yield path
    listed = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in listed:
        yield from places(item, (*path, name))


PLACES = list(places())
NAMED = [path for path in PLACES if isinstance(path[-1], str)]
ITEMS = [path for path in PLACES if isinstance(path[-1], int)]


def written(path: Path) -> str:
    """A place as a message names it."""
    first, *rest = path
    return str(first) + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)


def at(path: Path) -> Any:
    value: Any = EVERY_SETTING
    for part in path:
        value = value[part]
    return value


TEXTS = [path for path in PLACES if isinstance(at(path), str)]


def changed(*changes: tuple[Path, Any]) -> dict[str, Any]:
    """The stack file with other values at some places; a place that is no more is passed over."""
    made = copy.deepcopy(EVERY_SETTING)
    for path, value in changes:
        holder: Any = made
        try:
            for part in path[:-1]:
                holder = holder[part]
            holder[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    return made


def without(path: Path) -> dict[str, Any]:
    made = copy.deepcopy(EVERY_SETTING)
    holder: Any = made
    for part in path[:-1]:
        holder = holder[part]
    del holder[path[-1]]
    return made


def loaded(config: dict[str, Any]) -> Settings | str:
    """The settings, or what is said of the file."""
    handed_over = {key: as_the_engine_does(value) for key, value in config.items()}
    try:
        return load(handed_over, project="orgkey", stack="uat", secrets=Secrets())
    except SettingsError as error:
        return str(error)


def goes_through(settings: Settings) -> None:
    """The component, Check, Diff, the files and the comparison take what was taken of the file."""
    assert list(problems_of(arguments_given(arguments_of(settings)))) == []
    app = {"certificatePem": CERTIFICATE, "consumerKey": "3MVG9.ci_integration", **settings.app}
    for resource, values in ((APP_KINDS[settings.kind], app), (Resource.PERMISSION_SET, settings.permission_set)):
        inputs, problems = check_inputs(resource, {**values, "managedBy": settings.managed_by}, 67.0)
        assert problems == []
        assert changed_inputs(resource, inputs, inputs) == []
        names = member_names(resource, str(inputs["name"]))
        assert render(resource, inputs, names, api_version=67.0)
        assert differences(resource, {}, inputs)
        for row in fields_of(resource):
            value = canonical(row, row.value_in(inputs, resource))
            assert canonical(row, value) == value


def test_the_file_with_every_setting_is_right() -> None:
    settings = loaded(EVERY_SETTING)
    assert isinstance(settings, Settings)
    goes_through(settings)


@pytest.mark.parametrize("path", NAMED, ids=written)
def test_a_setting_that_is_null_is_one_that_is_left_out(path: Path) -> None:
    with_null, left_out = loaded(changed((path, None))), loaded(without(path))
    if path[0] in {"salesforce:instanceUrl", "salesforce:credentials"} and len(path) == 1:
        assert isinstance(with_null, str)  # the engine hands an empty text over
    elif path[0].startswith("salesforce:") and len(path) == 1:  # type: ignore[union-attr]
        assert isinstance(with_null, str) or isinstance(left_out, Settings)
    else:
        assert with_null == left_out
    if isinstance(with_null, Settings):
        goes_through(with_null)


@pytest.mark.parametrize("path", ITEMS, ids=written)
def test_an_item_of_a_list_that_is_null_is_told_by_its_place(path: Path) -> None:
    told = loaded(changed((path, None)))
    assert isinstance(told, str)
    assert f"- {written(path)} must " in told


@pytest.fixture(scope="module")
def optional() -> list[Path]:
    """Places of which each by itself may be left out."""
    return [path for path in NAMED if isinstance(loaded(without(path)), Settings)]


@given(st.data())
def test_any_settings_may_be_null_together(optional: list[Path], data: st.DataObject) -> None:
    paths = data.draw(st.sets(st.sampled_from(optional), min_size=2))
    settings = loaded(changed(*((path, None) for path in paths)))
    if isinstance(settings, Settings):
        goes_through(settings)


CHARACTERS = ["\x00", "\x01", "\x08", "\x0b", "\x1c", "\x1f", "\ufffe", "\uffff", "\ud800", "\udfff"]


@pytest.mark.parametrize("path", TEXTS, ids=written)
@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
def test_a_character_that_cannot_be_sent_is_told_once_by_its_place(path: Path, character: str) -> None:
    for value in (f"{at(path)}{character}", f"a{character}b@acme.com", character):
        told = loaded(changed((path, value)))
        assert isinstance(told, str)
        lines = re.findall(rf"- {re.escape(written(path))} (.*)", told)
        assert lines == [f"holds the character U+{ord(character):04X}, which metadata XML cannot carry"]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.text(st.sampled_from("\x00\x1c\ud800 \u200ba@/")),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5) | st.just("name"), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.sampled_from(PLACES), ANYTHING)
def test_whatever_stands_in_the_place_of_a_setting_is_taken_or_told(path: Path, value: Any) -> None:
    settings = loaded(changed((path, value)))
    if isinstance(settings, Settings):
        goes_through(settings)


@given(st.dictionaries(st.sampled_from(PLACES), ANYTHING, max_size=5))
def test_whatever_stands_in_the_place_of_several_is_taken_or_told(values: dict[Path, Any]) -> None:
    settings = loaded(changed(*values.items()))
    if isinstance(settings, Settings):
        goes_through(settings)


@pytest.mark.parametrize("owner", [["a"], 5, {"a": "b"}, "a\u200bb", "a\x85b", "a\u202eb", "a\u00adb", "a b", "a/b"])
def test_an_owner_that_nobody_can_read_in_the_marker_is_refused(owner: Any) -> None:
    told = loaded({**EVERY_SETTING, "orgkey:owner": owner})
    if owner == 5:  # YAML's number is a word to the engine
        assert isinstance(told, Settings)
    else:
        assert "orgkey:owner must be " in str(told)
