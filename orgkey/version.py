"""The version of this package, in one place: pyproject.toml, the schema and the commands read it."""

VERSION = "0.1.0"
