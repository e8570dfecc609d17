"""The tables in `metadata/`: TOML files with one table per row, read so that every mistake is told at once.

What a row of which file may hold is the business of the modules that read them: `fields.py`, `members.py` and `parts.py`. The folder's
README says it for people.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from importlib.abc import FileLoader

_IN_WHEEL = Path(__file__).parent / "tables"
_IN_CHECKOUT = Path(__file__).parents[2] / "metadata"
FOLDER = _IN_CHECKOUT if Path(__file__).is_file() and not _IN_WHEEL.is_dir() else _IN_WHEEL
"""A checkout has the files at its top. A wheel has them beside this module, where a checkout has nothing (ADR 12)."""

# The module's loader reads files, and what is in a wheel that is on the path as the archive it is.
_read = cast("FileLoader", __spec__.loader).get_data

_Kind = TypeVar("_Kind")
_Choice = TypeVar("_Choice", bound=str)


class TableError(ValueError):
    """Rows of the tables are wrong: nothing was read. `mistakes` has each with its file, row and key."""

    def __init__(self, mistakes: Collection[str]) -> None:
        self.mistakes = tuple(mistakes)
        lines = "\n".join(f"  {mistake}" for mistake in self.mistakes)
        super().__init__(f"mistakes in the tables of metadata/ (metadata/README.md explains every key):\n{lines}")


class Tables:
    """The files of one folder, and the mistakes found in them so far."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self.mistakes: list[str] = []

    def rows(self, file: str, keys: Collection[str], *, needed: Collection[str] = ()) -> Iterator[Row]:
        """Yield the rows of a file in its order; `needed` are the names of those that the code goes by."""
        try:
            content = tomllib.loads(_read(str(self._folder / file)).decode())
        except (OSError, ValueError) as error:  # a row that stands twice is an error of TOML itself
            self.mistakes.append(f"{file}: cannot be read: {error}")
            return
        for name in needed:
            if name not in content:
                self.mistakes.append(f"{file} [{name}]: is missing; the code goes by this name")
        for name, row in content.items():
            if isinstance(row, dict):
                yield Row(self.mistakes, f"{file} [{name}]", name, row, keys)
            else:
                self.mistakes.append(f"{file} {name}: stands outside of any row; a row begins with its [name]")

    def judge(self) -> None:
        """Raise TableError where there was any mistake."""
        if self.mistakes:
            raise TableError(self.mistakes)


class Row:
    """One row, or a table within it: asked key by key, each answer of the right kind.

    A key that is absent or wrong answers with its empty value; that it is wrong, or missing though `needed`, goes to the mistakes.
    """

    __slots__ = ("_mistakes", "_prefix", "content", "name", "where")

    def __init__(
        self,
        mistakes: list[str],
        where: str,
        name: str,
        content: Mapping[str, object],
        keys: Collection[str],
        prefix: str = "",
    ) -> None:
        self._mistakes, self.where, self.name, self.content, self._prefix = mistakes, where, name, content, prefix
        for key in content:
            if key not in keys:
                self.wrong(key, f"is no key of it; the keys are {', '.join(keys)}")

    def wrong(self, key: str, reason: str) -> None:
        """Note a mistake; an empty key is the row itself."""
        self._mistakes.append(f"{self.where} {self._prefix}{key}: {reason}" if key else f"{self.where}: {reason}")

    def text(self, key: str, *, needed: bool = False) -> str:
        """A text that is not empty."""
        text = self._of(key, str, "text", "", needed=needed)
        if not text and self.content.get(key) == "":
            self.wrong(key, "must not be empty")
        return text

    def flag(self, key: str, *, default: bool = False) -> bool:
        """`true` or `false`."""
        return self._of(key, bool, "true or false", default)

    def count(self, key: str) -> int:
        """A whole number above 0; 0 where there is none."""
        if key not in self.content:
            return 0
        number = self._of(key, int, "a whole number above 0", 1)
        if number < 1:
            self.wrong(key, "must be a whole number above 0")
        return number

    def version(self, key: str, default: float) -> float:
        """An API version."""
        return (self._version(key, self.content[key]) or default) if key in self.content else default

    def choice(self, key: str, choices: Iterable[_Choice], *, needed: bool = False) -> _Choice | None:
        """One of a few words; None where it is absent or another."""
        if key not in self.content and not needed:
            return None
        text = self._of(key, str, "text", "", needed=needed)
        for choice in choices:
            if choice == text:
                return choice
        if isinstance(self.content.get(key), str):
            self.wrong(key, f"must be one of: {', '.join(choices)}")
        return None

    def texts(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        """A list of texts, none twice."""
        if key not in self.content and not needed:
            return ()
        items = self._of(key, list, "a list of texts", [], needed=needed)
        if not all(isinstance(item, str) and item for item in items):
            self.wrong(key, "must be a list of texts")
            return ()
        for item in sorted({item for item in items if items.count(item) > 1}):
            self.wrong(key, f"names {item} twice")
        return tuple(items)

    def names(self, key: str) -> Mapping[str, str]:
        """A table of texts."""
        if key not in self.content:
            return {}
        table = self._of(key, dict, "a table of texts", {})
        for name, text in table.items():
            if not isinstance(text, str) or not text:
                self.wrong(f"{key}.{name}", "must be text")
        return {name: text for name, text in table.items() if isinstance(text, str)}

    def versions(self, key: str) -> Mapping[str, float]:
        """A table of API versions."""
        if key not in self.content:
            return {}
        table = self._of(key, dict, "a table of API versions", {})
        return {name: self._version(f"{key}.{name}", number) for name, number in table.items()}

    def counts(self, key: str, names: Collection[_Choice]) -> Mapping[_Choice, int]:
        """A table of whole numbers above 0, by the given names."""
        if key not in self.content:
            return {}
        table = self._of(key, dict, "a table of whole numbers", {})
        within = Row(self._mistakes, self.where, self.name, table, names, f"{self._prefix}{key}.")
        return {name: within.count(name) for name in names if name in table}

    def pattern(self, key: str) -> str:
        """A regular expression."""
        if not (text := self.text(key)):
            return ""
        try:
            re.compile(text)
        except re.error as error:
            self.wrong(key, f"is no regular expression: {error}")
            return ""
        return text

    def table(self, key: str, keys: Collection[str], *, short: str) -> Row | None:
        """A table within the row; a text alone is short for a table with the key `short`."""
        content = self.content.get(key)
        if isinstance(content, str):
            content = {short: content}
        if content is not None and not isinstance(content, dict):
            self.wrong(key, f"must be text, or a table of {', '.join(keys)}")
            return None
        return None if content is None else Row(self._mistakes, self.where, self.name, content, keys, f"{key}.")

    def _of(self, key: str, kind: type[_Kind], what: str, empty: _Kind, *, needed: bool = False) -> _Kind:
        value = self.content.get(key)
        if type(value) is kind:  # not isinstance: true is no number
            return value
        if value is not None:
            self.wrong(key, f"must be {what}")
        elif needed:
            self.wrong(key, "is missing")
        return empty

    def _version(self, key: str, number: object) -> float:
        if isinstance(number, int | float) and not isinstance(number, bool) and number >= 1 and number % 1 == 0:
            return float(number)
        self.wrong(key, "must be an API version: 62, say")
        return 0.0


def is_word(text: str) -> bool:
    """Whether a text is letters and digits, a letter first, as names of settings and of elements are."""
    return text.isascii() and text.isalnum() and not text[0].isdigit()
