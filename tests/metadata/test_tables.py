"""The tables in `metadata/`: read as they are, every mistake in them told at once, explained in their README, and carried by a wheel."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata import fields, members, parts
from orgkey.metadata.check import Problem, field_problems, problems
from orgkey.metadata.codec import Text
from orgkey.metadata.fields import APP_FIELDS, PERMISSION_SET_FIELDS, SETTING_KEYS, Field, fields_of, inputs_of
from orgkey.metadata.members import MEMBER_KEYS, MEMBER_TYPES, RESOURCE_MEMBERS
from orgkey.metadata.place import PLACE_KEYS, Place, Type
from orgkey.metadata.tables import FOLDER, TableError
from tests.metadata.org import CONNECTED, EVERY_RESOURCE, EXTERNAL, SMALLEST

ROOT = Path(__file__).parents[2]
README = (ROOT / "metadata" / "README.md").read_text()


# --- the tables that there are


def test_a_checkout_reads_the_files_at_its_top() -> None:
    assert FOLDER.samefile(ROOT / "metadata")
    assert fields.load() == (APP_FIELDS, PERMISSION_SET_FIELDS)
    assert members.load() == MEMBER_TYPES
    assert parts.load()["runs-as"] == parts.RUNS_AS


def test_a_wheel_carries_the_tables_unpacked_or_as_the_archive_it_is(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(wheel, unpacked, "zip")
    assert {path.name for path in unpacked.iterdir() if path.suffix != ".dist-info"} == {"orgkey"}
    (unpacked / "metadata").mkdir()  # somebody else's package
    (unpacked / "metadata" / "app.toml").write_text("[stranger]\n")
    program = (
        "from orgkey.metadata import fields, members, parts;"
        "assert not parts.__file__.startswith(ROOT), parts.__file__;"
        "print(*(row.name for row in fields.APP_FIELDS), *members.MEMBER_TYPES, *sorted(parts.RUNS_AS))"
    ).replace("ROOT", repr(str(ROOT)))
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(place)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for place in (wheel, unpacked)
    ]
    assert told == [[*(row.name for row in APP_FIELDS), *MEMBER_TYPES, *sorted(parts.RUNS_AS)]] * 2


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_every_default_is_a_value_that_somebody_may_write(resource: fields.Resource) -> None:
    for row in inputs_of(resource):
        if default := row.default_for(resource):
            assert problems(resource, {**SMALLEST[resource], row.name: default}, api_version=68.0) == []


def test_the_longest_name_of_an_app_leaves_room_for_those_of_its_members() -> None:
    name = next(row for row in APP_FIELDS if row.name == "name")
    longest = max(len(MEMBER_TYPES[each].satellite) for each in RESOURCE_MEMBERS[EXTERNAL])
    assert name.longest_in[EXTERNAL] == name.longest - longest


@pytest.mark.parametrize(
    "key",
    [
        *SETTING_KEYS,
        *PLACE_KEYS,
        *MEMBER_KEYS,
        *parts.ELEMENTS_KEYS,
        *EVERY_RESOURCE,
        *parts.load(),
        *Type,
        *fields.Loosens,
    ],
)
def test_the_readme_explains_every_key_and_word(key: str) -> None:
    assert f"`{key}`" in README


def test_the_row_in_the_readme_is_the_one_in_the_table(tmp_path: Path) -> None:
    [shown] = re.findall("```toml\n(.*?)```", README, re.DOTALL)
    folder = changed(
        tmp_path, "app.toml", lambda text: re.sub(r"(?s)\[profiles\]\n.*?(?=\[ipRelaxation\])", lambda _: shown, text)
    )
    assert fields.load(folder)[0] == APP_FIELDS


# --- API versions


def test_an_element_is_sent_from_its_first_to_its_last_version() -> None:
    place = Place("ConnectedApp", (), Text("label"), since=62.0, until=65.0)
    assert [version for version in range(60, 68) if place.is_in(float(version))] == [62, 63, 64, 65]


@pytest.mark.parametrize(
    ("version", "needed"), [(61.0, "62.0 or newer"), (62.0, ""), (65.0, ""), (66.0, "65.0 or older")]
)
def test_a_setting_whose_element_is_not_in_the_version_in_use_is_refused(version: float, needed: str) -> None:
    place = Place("ConnectedApp", (), Text("nickname"), since=62.0, until=65.0)
    row = Field("nickname", Type.STRING, "", {CONNECTED: place})
    told = (
        [Problem("nickname", f"needs API version {needed}; salesforce:apiVersion is {version:.1f}")] if needed else []
    )
    assert list(field_problems(CONNECTED, row, {"nickname": "x"}, api_version=version)) == told
    assert list(field_problems(CONNECTED, row, {}, api_version=version)) == []


# --- mistakes

GOOD = 'meaning = "A row."\ntype = "string"\nConnectedApp = "ConnectedApp/NAME"\n'
KINDS = "string, boolean, integer, strings, ranges"
LOOSENINGS = "when true, when false, when something is added, when something is removed, when the value moves down the list of values"
APP_KEYS = ", ".join((*SETTING_KEYS, "ConnectedApp", "ExternalClientApp"))


def boolean(more: str = "") -> str:
    return of_type("boolean", more or "ConnectedApp = 'ConnectedApp/NAME'")


def of_type(kind: str, more: str) -> str:
    return f'meaning = "A row."\ntype = "{kind}"\n{more}\n'


MISTAKES: dict[str, tuple[str, ...]] = {
    # keys: unknown, missing, of another kind
    GOOD + "lonest = 3": (f" lonest: is no key of it; the keys are {APP_KEYS}",),
    GOOD + 'PermissionSet = "PermissionSet/NAME"': (f" PermissionSet: is no key of it; the keys are {APP_KEYS}",),
    "": (" type: is missing", " meaning: is missing"),
    'meaning = ""\ntype = "text"': (" meaning: must not be empty", f" type: must be one of: {KINDS}"),
    "meaning = 3\ntype = true": (" meaning: must be text", " type: must be text"),
    GOOD + "required = 1": (" required: must be true or false",),
    GOOD + 'readable = "no"': (" readable: must be true or false",),
    GOOD + "caseless = 1": (" caseless: must be true or false",),
    of_type("boolean", "caseless = true\nConnectedApp = 'ConnectedApp/NAME'"): (
        " caseless: is for text; the type is boolean",
    ),
    GOOD + 'on-change = "delete"': (" on-change: must be one of: update, replace",),
    GOOD + "longest = true": (" longest: must be a whole number above 0",),
    GOOD + "longest = 0": (" longest: must be a whole number above 0",),
    GOOD + "longest-in = { ExternalClientApp = -1, PermissionSet = 3 }": (
        " longest-in.ExternalClientApp: must be a whole number above 0",
        " longest-in.PermissionSet: is no key of it; the keys are ConnectedApp, ExternalClientApp",
    ),
    # values
    GOOD + 'values = "a"': (" values: must be a list of texts",),
    GOOD + 'values = ["a", 3]': (" values: must be a list of texts",),
    GOOD + 'values = ["a", "b", "a"]': (" values: names a twice",),
    GOOD + 'values = ["a", "A"]': (
        " ConnectedApp.names: give two values one text; small and capital letters are one here",
    ),
    GOOD + 'values = ["a", "b"]\ndefault = "c"': (" default: c is none of the values",),
    GOOD + 'values = ["a", "b"]\nvalues-since = { c = 62, a = "62" }': (
        " values-since.c: is none of the values",
        " values-since.a: must be an API version: 62, say",
    ),
    GOOD + "values-since = { c = 62 }": (" values-since.c: is none of the values",),
    GOOD + 'values = ["a", "b"]\nread-as = { a = "c", d = "b" }': (
        " read-as.a: is read as c, which is none of the values",
        " read-as.d: is none of the values",
    ),
    GOOD + 'values = ["a", "b", "c"]\nread-as = { a = "b", b = "c" }': (
        " read-as.a: is read as b, which is read as another one",
    ),
    # defaults
    GOOD + "default = 3": (" default: must be text",),
    GOOD + 'default = "x"\nrequired = true': (" default: is never used: the setting is required",),
    boolean() + 'default = "true"': (" default: must be true or false",),
    of_type("integer", "ConnectedApp = 'ConnectedApp/NAME'\ndefault = 1.5"): (
        " default: must be a whole number above 0",
    ),
    of_type("strings", "ConnectedApp = 'ConnectedApp/NAME'\ndefault = 'a'"): (" default: must be a list of texts",),
    of_type("strings", "ConnectedApp = 'ConnectedApp/NAME'\nvalues = ['a']\ndefault = ['a', 'b']"): (
        " default: b is none of the values",
    ),
    # patterns
    GOOD + "pattern = '[a-'\npattern-says = 'x'": (
        " pattern: is no regular expression: unterminated character set at position 0",
    ),
    GOOD + "pattern = 'a'": (" pattern: needs pattern-says",),
    GOOD + "pattern-says = 'a letter'": (" pattern-says: needs pattern",),
    GOOD + "pattern = '[a-z]+'\npattern-says = 'letters'\ndefault = 'A'": (" default: A does not match the pattern",),
    # what is for another type
    boolean() + "values = ['a']\nlongest = 3": (
        " values: is for text; the type is boolean",
        " longest: is for text; the type is boolean",
    ),
    GOOD + 'loosens = "sometimes"': (f" loosens: must be one of: {LOOSENINGS}",),
    GOOD + 'loosens = "when the value moves down the list of values"': (" loosens: needs values, the safest first",),
    boolean() + 'loosens = "when something is added"': (
        " loosens: is not for this type, which loosens when true or when false",
    ),
    of_type("integer", "ConnectedApp = 'ConnectedApp/NAME'\nloosens = 'when true'"): (
        " loosens: is not for this type, which loosens never",
    ),
    # places
    'meaning = "A row."\ntype = "string"': (": stands nowhere; ConnectedApp or ExternalClientApp says where",),
    boolean("ConnectedApp = 3"): (f" ConnectedApp: must be text, or a table of {', '.join(PLACE_KEYS)}",),
    boolean("ConnectedApp = {}"): (" ConnectedApp.element: is missing",),
    boolean("ConnectedApp = 'NAME'"): (
        " ConnectedApp.element: is no path from the root of a metadata file, as ConnectedApp/oauthConfig/scopes is",
    ),
    boolean("ConnectedApp = 'ConnectedApp//NAME'"): (
        " ConnectedApp.element: is no path from the root of a metadata file, as ConnectedApp/oauthConfig/scopes is",
    ),
    boolean("ConnectedApp = 'ExternalClientApplication/NAME'"): (
        " ConnectedApp.element: begins with no metadata type of it (ConnectedApp)",
    ),
    boolean("ConnectedApp = { element = 'ConnectedApp/NAME', sinse = 62 }"): (
        f" ConnectedApp.sinse: is no key of it; the keys are {', '.join(PLACE_KEYS)}",
    ),
    boolean("ConnectedApp = { element = 'ConnectedApp/NAME', since = '62', until = 62.5 }"): (
        " ConnectedApp.since: must be an API version: 62, say",
        " ConnectedApp.until: must be an API version: 62, say",
    ),
    boolean("ConnectedApp = { element = 'ConnectedApp/NAME', since = 62, until = 61 }"): (
        " ConnectedApp.until: is before since",
    ),
    boolean("ConnectedApp = { element = 'ConnectedApp/NAME', absent = 'yes' }"): (
        " ConnectedApp.absent: must be true or false",
    ),
    boolean("ConnectedApp = { element = 'ConnectedApp/NAME', separator = ',', names = { a = 'b' } }"): (
        " ConnectedApp.separator: means nothing where the type is boolean",
        " ConnectedApp.names: means nothing where the type is boolean",
        " ConnectedApp.names.a: is none of the values",
    ),
    boolean("ConnectedApp = { element = 'ConnectedApp/NAME', form = 'json' }"): (
        " ConnectedApp.form: must be one of: enabled-names, refresh-policy",
    ),
    boolean("ConnectedApp = { element = 'ConnectedApp/NAME', form = 'enabled-names' }"): (
        " ConnectedApp.form: is for the type strings; the type is boolean",
    ),
    of_type("string", "ConnectedApp = { element = 'ConnectedApp/NAME', form = 'refresh-policy' }"): (
        " ConnectedApp.element: must end in refreshTokenPolicyType, as the form is refresh-policy",
    ),
    of_type("ranges", "ConnectedApp = { element = 'ConnectedApp/NAME', start = 'from' }"): (
        " ConnectedApp.end: is missing",
    ),
    of_type("ranges", "default = []\nConnectedApp = { element = 'ConnectedApp/NAME', start = 'from', end = 'to' }"): (
        " default: is not for ranges",
    ),
    # two rows in one place: the same element, around it, within it
    boolean("ConnectedApp = 'ConnectedApp/label'"): (" ConnectedApp.element: stands where [label] stands",),
    boolean("ConnectedApp = 'ConnectedApp/oauthPolicy'"): (
        " ConnectedApp.element: stands where [ipRelaxation] stands",
    ),
    boolean("ConnectedApp = 'ConnectedApp/label/NAME'"): (" ConnectedApp.element: stands where [label] stands",),
    boolean("ExternalClientApp = 'ExtlClntAppOauthConfigurablePolicies/refreshTokenValidityUnit'"): (
        " ExternalClientApp.element: stands where [refreshTokenPolicy] stands",
    ),
}
"""Row, with NAME for its name, and what is said of it after file and row."""


def changed(folder: Path, file: str, change: Callable[[str], str]) -> Path:
    """The real tables in another folder, one of them changed."""
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, folder)
    (folder / file).write_text(change((folder / file).read_text()))
    return folder


def told(load: Callable[[Path], object], folder: Path) -> list[str]:
    """The mistakes that a load ends with."""
    with pytest.raises(TableError, match=r"metadata/README\.md") as raised:
        load(folder)
    assert all(mistake in str(raised.value) for mistake in raised.value.mistakes)
    return list(raised.value.mistakes)


@given(st.lists(st.sampled_from(list(MISTAKES)), min_size=1, unique=True).map(tuple))
def test_the_mistakes_of_all_rows_are_told_at_once_by_file_row_and_key(rows: tuple[str, ...]) -> None:
    names = [f"row{number}" for number in range(len(rows))]
    added = "".join(f"\n[{name}]\n{row.replace('NAME', name)}\n" for name, row in zip(names, rows, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        mistakes = told(fields.load, changed(Path(folder), "app.toml", lambda text: text + added))
    expected = [f"app.toml [{name}]{said}" for name, row in zip(names, rows, strict=True) for said in MISTAKES[row]]
    assert sorted(mistakes) == sorted(expected)


@pytest.mark.parametrize("row", MISTAKES)
def test_each_mistake_is_told_alone(row: str, tmp_path: Path) -> None:
    folder = changed(tmp_path, "app.toml", lambda text: f"{text}\n[more]\n{row.replace('NAME', 'more')}\n")
    assert sorted(told(fields.load, folder)) == sorted(f"app.toml [more]{said}" for said in MISTAKES[row])


def test_both_files_of_settings_are_told_at_once(tmp_path: Path) -> None:
    folder = changed(tmp_path, "app.toml", lambda text: text.replace('type = "ranges"', 'type = "range"'))
    changed_set = (folder / "permission-set.toml").read_text().replace("longest = 150", "longest = -1")
    (folder / "permission-set.toml").write_text(changed_set)
    assert told(fields.load, folder) == [
        f"app.toml [trustedIpRanges] type: must be one of: {KINDS}",
        "permission-set.toml [description] longest: must be a whole number above 0",
    ]


def toml(value: object) -> str:
    """A value as TOML has it; of text, lists, numbers, true and false it is what JSON has."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else json.dumps(value)


words = st.sampled_from(
    [*SETTING_KEYS, *PLACE_KEYS, *EVERY_RESOURCE, *Type, *fields.Loosens, "a", "A", "", "ConnectedApp/a", "["]
)
values = st.recursive(
    st.integers(-3, 70) | st.booleans() | st.floats(0, 99) | words.map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PLACE_KEYS, "a", CONNECTED]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*SETTING_KEYS, CONNECTED, EXTERNAL]), values))
def test_whatever_a_row_holds_is_a_setting_or_a_mistake_in_that_row(row: dict[str, object]) -> None:
    text = "".join(f"{key} = {toml(value)}\n" for key, value in row.items())
    with tempfile.TemporaryDirectory() as folder:
        tables = changed(Path(folder), "app.toml", lambda real: f"{real}\n[more]\n{text}")
        try:
            assert fields.load(tables)[0][-1].name == "more"
        except TableError as error:
            wrong = error
        else:
            return
    assert wrong.mistakes
    assert all(mistake.startswith("app.toml [more]") for mistake in wrong.mistakes)


NAMES = {
    "[Label]": "is no name of a setting: letters and digits, the first a small letter",
    "[is-on]": "is no name of a setting: letters and digits, the first a small letter",
    "[LABEL]": "has the name of [label], small and capital letters apart",
    "[ispkcerequired]": "has the name of [isPkceRequired], small and capital letters apart",
    "[carryOver]": "has the name of an input, small and capital letters apart",
    "[managedBy]": "has the name of an input, small and capital letters apart",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_or_taken_is_told(name: str, tmp_path: Path) -> None:
    row = f"\n{name}\n{GOOD.replace('NAME', 'another')}"
    assert f"app.toml {name}: {NAMES[name]}" in told(
        fields.load, changed(tmp_path, "app.toml", lambda text: text + row)
    )


GO_BY = {
    *("name", "label", "description", "certificatePem", "consumerKey"),
    *("scopes", "permittedUsers", "permissionSets", "profiles"),
}


def without(name: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        starts = [match.start() for match in re.finditer(r"(?m)^\[[A-Za-z]+\]$", text)]
        [row] = [text[a:b] for a, b in pairwise([*starts, len(text)]) if text[a:b].startswith(f"[{name}]")]
        return text.replace(row, "")

    return change


@pytest.mark.parametrize("name", sorted(GO_BY))
def test_a_row_whose_name_the_code_goes_by_is_told_as_missing(name: str, tmp_path: Path) -> None:
    folder = changed(tmp_path, "app.toml", without(name))
    assert told(fields.load, folder) == [f"app.toml [{name}]: is missing; the code goes by this name"]


@pytest.mark.parametrize("name", sorted({row.name for row in APP_FIELDS} - GO_BY))
def test_any_other_row_can_be_taken_out(name: str, tmp_path: Path) -> None:
    rows, _ = fields.load(changed(tmp_path, "app.toml", without(name)))
    assert [row.name for row in rows] == [row.name for row in APP_FIELDS if row.name != name]


FILES = {
    "twice": (lambda text: f"{text}\n[label]\n", "app.toml: cannot be read: Cannot declare ('label',) twice"),
    "no TOML": (lambda text: f"{text}\nlabel: yes\n", "app.toml: cannot be read: Expected '=' after a key"),
    "outside": (
        lambda text: f"label = 3\n{text}".replace("[label]", "[label2]"),
        "app.toml label: stands outside of any row",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_table_of_rows_is_told(case: str, tmp_path: Path) -> None:
    change, said = FILES[case]
    assert any(mistake.startswith(said) for mistake in told(fields.load, changed(tmp_path, "app.toml", change)))


def test_a_file_that_is_not_there_is_told_beside_the_mistakes_of_the_other(tmp_path: Path) -> None:
    folder = changed(tmp_path, "permission-set.toml", lambda text: text.replace("[license]", "[License]"))
    (folder / "app.toml").unlink()
    first, second = told(fields.load, folder)
    assert first.startswith("app.toml: cannot be read: ")
    assert second.startswith("permission-set.toml [License]: is no name of a setting")


def test_mistakes_in_the_metadata_types_are_told_at_once(tmp_path: Path) -> None:
    def change(text: str) -> str:
        text = text.replace('of = "PermissionSet"', 'of = "Profile"').replace('suffix = "eca"\n', "")
        return text.replace('name-ends = "_plcy"', 'ends = "_plcy"')

    assert told(members.load, changed(tmp_path, "members.toml", change)) == [
        "members.toml [PermissionSet] of: must be one of: PermissionSet, ConnectedApp, ExternalClientApp",
        "members.toml [ExternalClientApplication] suffix: is missing",
        f"members.toml [ExtlClntAppConfigurablePolicies] ends: is no key of it; the keys are {', '.join(MEMBER_KEYS)}",
    ]


def test_a_resource_without_a_metadata_type_is_told(tmp_path: Path) -> None:
    folder = changed(tmp_path, "members.toml", lambda text: text.replace('of = "PermissionSet"', 'of = "ConnectedApp"'))
    assert told(members.load, folder) == ["members.toml: no metadata type is of PermissionSet"]


def test_mistakes_in_the_other_elements_are_told_at_once(tmp_path: Path) -> None:
    def change(text: str) -> str:
        return text.replace("[runs-as]", "[runs-by]").replace('"isMtlsEnabled"', '"isDPopEnabled"')

    assert told(parts.load, changed(tmp_path, "other-elements.toml", change)) == [
        "other-elements.toml [runs-as]: is missing; the code goes by this name",
        f"other-elements.toml [runs-by]: is no group; the groups are {', '.join(parts.load())}",
        "other-elements.toml [stops-jwt-login] elements: names isDPopEnabled twice",
    ]


def test_a_new_row_is_a_setting_of_the_kinds_that_it_has_a_place_in(tmp_path: Path) -> None:
    row = f"\n[nickname]\n{GOOD.replace('NAME', 'nickname')}"
    rows, _ = fields.load(changed(tmp_path, "app.toml", lambda text: text + row))
    assert rows[-1] == Field(
        "nickname", Type.STRING, "A row.", {CONNECTED: Place("ConnectedApp", (), Text("nickname"))}
    )
    assert len(rows) == len(APP_FIELDS) + 1 > len(fields_of(EXTERNAL))
