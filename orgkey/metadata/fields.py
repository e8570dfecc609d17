"""The field table: one row per setting of an app or a permission set, from `metadata/app.toml` and `metadata/permission-set.toml`.

Everything that needs to know a setting reads it here: check (types, enums, patterns), render and parse (where the element stands
in each kind), compare (what counts as equal), the provider's schema and its generated argument classes, drift severity and the
reference page. A new Metadata API field is one row; what is wrong with a row is said when it is loaded, all of it at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from orgkey.metadata.codec import RefreshPolicy, Value
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.metadata.place import PLACE_KEYS, Place, Type, read_place, read_value
from orgkey.metadata.tables import FOLDER, Row, Tables, is_word


class OnChange(StrEnum):
    """What a changed value does to the resource."""

    UPDATE = "update"
    REPLACE = "replace"


class Loosens(StrEnum):
    """Which change of a setting loosens security; drift reports it above everything else."""

    WHEN_TRUE = "when true"
    WHEN_FALSE = "when false"
    WHEN_MORE = "when something is added"
    WHEN_LESS = "when something is removed"
    BY_RANK = "when the value moves down the list of values"


_EMPTY: Mapping[Type, Value] = {
    Type.STRING: "",
    Type.BOOLEAN: False,
    Type.INTEGER: None,
    Type.STRINGS: [],
    Type.RANGES: [],
}


@dataclass(frozen=True, slots=True)
class Field:
    """One setting: a row of the table, whose keys metadata/README.md explains.

    `default` None means: what the platform means by an absent element. `values` stand safest first where one loosens BY_RANK.
    `longest` is in characters, 0 where no rule is known. `readable` is False where an org may not show the setting: that it is absent
    then says nothing.
    """

    name: str
    type: Type
    meaning: str
    places: Mapping[Resource, Place] = field(default_factory=dict)
    default: Value = None
    required: bool = False
    on_change: OnChange = OnChange.UPDATE
    readable: bool = True
    values: tuple[str, ...] = ()
    values_since: Mapping[str, float] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    pattern: str = ""
    pattern_says: str = ""
    longest: int = 0
    longest_in: Mapping[Resource, int] = field(default_factory=dict)
    loosens: Loosens | None = None
    unit: str = ""
    example: Value = None
    caseless: bool = False

    def default_for(self, resource: Resource) -> Value:
        """The value of a setting that nobody wrote."""
        if self.default is not None:
            return self.default
        place = self.places.get(resource)
        if place and place.absent is not None:
            return place.absent
        return _EMPTY[self.type]

    def key_of(self, text: str) -> str:
        """A text of the setting as the platform compares it."""
        return name_key(text) if self.caseless else text

    def value_in(self, settings: Mapping[str, Value], resource: Resource) -> Value:
        """The setting's value among `settings`; None and an absent name both mean that nobody wrote it."""
        value = settings.get(self.name)
        return self.default_for(resource) if value is None else value


_CARRY_OVER = Field(
    "carryOver",
    Type.STRING,
    "Which parts that no setting names are sent: those it had when made or taken over, those it has now, or none.",
    default="known",
    values=("known", "present", "none"),
)
_TAKE_FROM_OTHERS = Field(
    "takeFromOthers",
    Type.BOOLEAN,
    "A destroy takes the set from others who hold it. Groups that contain it and apps it admits to are an error then.",
    default=False,
)
_GENERATIONS = Field(
    "generations",
    Type.INTEGER,
    "How many generations of an app of this program it admits the users of; default 1.",
    default=1,
)
WAYS: Mapping[Resource, tuple[Field, ...]] = {
    Resource.PERMISSION_SET: (_TAKE_FROM_OTHERS, _GENERATIONS),
    Resource.CONNECTED_APP: (_CARRY_OVER,),
    Resource.EXTERNAL_CLIENT_APP: (_CARRY_OVER,),
}
"""How orgkey goes about it, by resource: inputs that no org holds."""

SETTING_KEYS = (
    *("meaning", "type", "required", "default", "values", "values-since", "read-as", "pattern", "pattern-says"),
    *("longest", "longest-in", "readable", "on-change", "loosens", "unit", "example", "caseless"),
)

_NEEDED = ("name", "label", "description")
_NEEDED_OF_APPS = (*_NEEDED, "certificatePem", "consumerKey", "scopes", "permittedUsers", "permissionSets", "profiles")


def load(folder: Path = FOLDER) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """Read the settings of apps and those of permission sets; raises TableError with every mistake in either file."""
    tables = Tables(folder)
    apps = _settings(tables, "app.toml", (Resource.CONNECTED_APP, Resource.EXTERNAL_CLIENT_APP), _NEEDED_OF_APPS)
    sets = _settings(tables, "permission-set.toml", (Resource.PERMISSION_SET,), _NEEDED)
    tables.judge()
    return apps, sets


def _settings(tables: Tables, file: str, resources: tuple[Resource, ...], needed: Collection[str]) -> tuple[Field, ...]:
    taken = dict.fromkeys(
        ("managedby", *(own.name.lower() for resource in resources for own in WAYS[resource])), "an input"
    )
    elements = _Elements()
    settings = []
    for row in tables.rows(file, (*SETTING_KEYS, *resources), needed=needed):
        if not (is_word(row.name) and row.name[0].islower()):
            row.wrong("", "is no name of a setting: letters and digits, the first a small letter")
        if other := taken.get(row.name.lower()):
            row.wrong("", f"has the name of {other}, small and capital letters apart")
        taken[row.name.lower()] = f"[{row.name}]"
        if setting := _setting(row, resources):
            settings.append(setting)
            for resource, place in setting.places.items():
                if other := elements.taken(place, row.name):
                    row.wrong(f"{resource}.element", f"stands where [{other}] stands")
    return tuple(settings)


def _setting(row: Row, resources: tuple[Resource, ...]) -> Field | None:
    """One row; None where its type is not known, by which the rest is read."""
    kind = row.choice("type", Type, needed=True)
    values, pattern, pattern_says = row.texts("values"), row.pattern("pattern"), row.text("pattern-says")
    places = {
        resource: place
        for resource in resources
        if (at := row.table(resource, PLACE_KEYS, short="element"))
        and (place := read_place(at, resource, kind, values, pattern))
    }
    found = Field(
        row.name,
        kind or Type.STRING,
        row.text("meaning", needed=True),
        places,
        default=read_value(row, "default", kind, values, pattern),
        required=row.flag("required"),
        on_change=row.choice("on-change", OnChange) or OnChange.UPDATE,
        readable=row.flag("readable", default=True),
        values=values,
        values_since=row.versions("values-since"),
        read_as=row.names("read-as"),
        pattern=pattern,
        pattern_says=pattern_says,
        longest=row.count("longest"),
        longest_in=row.counts("longest-in", resources),
        loosens=row.choice("loosens", Loosens),
        unit=row.text("unit"),
        example=read_value(row, "example", kind, values, pattern),
        caseless=row.flag("caseless"),
    )
    if kind is None:
        return None
    for key, reason in (*_of_another_type(row, found), *_of_other_values(found), *_in_vain(row, found, resources)):
        row.wrong(key, reason)
    return found


def _of_another_type(row: Row, found: Field) -> Iterator[tuple[str, str]]:
    """Yield key and reason of what is for settings of another type."""
    if found.type not in {Type.STRING, Type.STRINGS}:
        for key in ("values", "pattern", "longest", "longest-in", "caseless"):
            if key in row.content:
                yield key, f"is for text; the type is {found.type}"
    fitting = _LOOSENS[found.type]
    if found.loosens and found.loosens not in fitting:
        yield "loosens", f"is not for this type, which loosens {' or '.join(fitting) or 'never'}"


def _of_other_values(found: Field) -> Iterator[tuple[str, str]]:
    """Yield key and reason of what speaks of values that the setting does not have."""
    for key, names in (("values-since", found.values_since), ("read-as", found.read_as)):
        for name in names:
            if name not in found.values:
                yield f"{key}.{name}", "is none of the values"
    for name, other in found.read_as.items():
        if other not in found.values:
            yield f"read-as.{name}", f"is read as {other}, which is none of the values"
        elif other in found.read_as:
            yield f"read-as.{name}", f"is read as {other}, which is read as another one"


def _in_vain(row: Row, found: Field, resources: tuple[Resource, ...]) -> Iterator[tuple[str, str]]:
    """Yield key and reason of what lacks something, or is never used."""
    for key, other in (("pattern", "pattern-says"), ("pattern-says", "pattern")):
        if key in row.content and other not in row.content:
            yield key, f"needs {other}"
    ranked = found.values or any(isinstance(place.codec, RefreshPolicy) for place in found.places.values())
    if found.loosens is Loosens.BY_RANK and not ranked:
        yield "loosens", "needs values, the safest first"
    if found.required and "default" in row.content:
        yield "default", "is never used: the setting is required"
    if found.name != "name" and not any(resource in row.content for resource in resources):
        yield "", f"stands nowhere; {' or '.join(resources)} says where"
    if found.name == "name":
        yield from (
            (resource, "is not for the name, which is the file's") for resource in resources if resource in row.content
        )


_LOOSENS: Mapping[Type, tuple[Loosens, ...]] = {
    Type.STRING: (Loosens.BY_RANK,),
    Type.BOOLEAN: (Loosens.WHEN_TRUE, Loosens.WHEN_FALSE),
    Type.INTEGER: (),
    Type.STRINGS: (Loosens.WHEN_MORE, Loosens.WHEN_LESS),
    Type.RANGES: (Loosens.WHEN_MORE, Loosens.WHEN_LESS),
}


class _Elements:
    """The elements that the settings of one file stand in, and those around them, each with the first setting there."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, ...], str] = {}
        self._around: dict[tuple[str, ...], str] = {}

    def taken(self, place: Place, setting: str) -> str:
        """Note a place; the name of another setting in the same element, within it or around it, or an empty text."""
        container = (place.member, *place.path)
        around = [container[: depth + 1] for depth in range(len(container))]
        own = [(*container, tag) for tag in place.codec.tags]
        other = next((self._own[path] for path in (*own, *around) if path in self._own), "")
        other = other or next((self._around[path] for path in own if path in self._around), "")
        for paths, names in ((own, self._own), (around, self._around)):
            for path in paths:
                names.setdefault(path, setting)
        return other


APP_FIELDS, PERMISSION_SET_FIELDS = load()

_OF_APPS = {row.name: row for row in APP_FIELDS}
CONSUMER_KEY = _OF_APPS["consumerKey"]
SCOPES = _OF_APPS["scopes"].values


def inputs_of(resource: Resource) -> tuple[Field, ...]:
    """What somebody may write of one resource: its settings, and how to go about it."""
    return (*fields_of(resource), *WAYS[resource])


def fields_of(resource: Resource) -> tuple[Field, ...]:
    """The rows that concern one resource, in the table's order."""
    if resource is Resource.PERMISSION_SET:
        return PERMISSION_SET_FIELDS
    return tuple(row for row in APP_FIELDS if row.name == "name" or resource in row.places)
