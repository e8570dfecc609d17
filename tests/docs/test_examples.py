"""The programs in README and docs: what they name exists, in Python and in YAML."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from orgkey.components.host import Components
from orgkey.generate.examples import EXAMPLES
from orgkey.provider.schema import schema
from tests.program.stack import PROJECT

SCHEMAS: Mapping[str, Mapping[str, Any]] = {"salesforce": schema(), "orgkey": json.loads(Components().schema or "")}
REFERENCE = re.compile(r"\$\{(\w+)\.(\w+)\}")


def blocks(language: str, mark: str) -> Iterator[Any]:
    """The code blocks in that language that have to do with orgkey, each named by its page and line."""
    for page in (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))):
        text = page.read_text()
        for found in re.finditer(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            if re.search(mark, found[1], re.MULTILINE):
                line = text.count("\n", 0, found.start()) + 2
                yield pytest.param(found[1], id=f"{page.relative_to(PROJECT)}:{line}")


def imported(tree: ast.Module) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("orgkey"):
            module = importlib.import_module(node.module or "")
            names |= {alias.asname or alias.name: getattr(module, alias.name) for alias in node.names}
    return names


@pytest.mark.parametrize("code", [*blocks("python", r"^from orgkey")])
def test_a_python_example_names_arguments_and_outputs_that_exist(code: str) -> None:
    tree = ast.parse(code)
    classes, variables = imported(tree), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and is_dataclass(classes.get(node.func.id)):
            known = {field.name: field for field in fields(classes[node.func.id])}
            given = {keyword.arg for keyword in node.keywords}
            required = {name for name, field in known.items() if field.default is MISSING}
            assert not node.args, ast.unparse(node)
            assert required <= given <= known.keys(), ast.unparse(node)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            made = classes.get(node.value.func.id)
            if inspect.isclass(made) and issubclass(made, pulumi.Resource) and isinstance(node.targets[0], ast.Name):
                variables[node.targets[0].id] = made
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in variables:
            made = variables[node.value.id]
            assert node.attr in {*dir(made), *made.__annotations__}, ast.unparse(node)


def declared(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """A resource of that type and the types that its properties refer to; None for somebody else's."""
    package, _, name = token.partition(":")
    if token.startswith("pulumi:providers:"):
        package = token.rsplit(":", 1)[-1]
        return (SCHEMAS[package]["provider"], SCHEMAS[package]["types"]) if package in SCHEMAS else None
    if package not in SCHEMAS:
        return None
    return SCHEMAS[package]["resources"][f"{package}:index:{name.rsplit(':', 1)[-1]}"], SCHEMAS[package].get(
        "types", {}
    )


def judge(values: Mapping[str, Any], properties: Mapping[str, Any], types: Mapping[str, Any]) -> None:
    for key, value in values.items():
        assert key in properties
        if "$ref" in properties[key] and isinstance(value, dict):
            nested = types[properties[key]["$ref"].removeprefix("#/types/")]
            assert set(nested.get("required", ())) <= value.keys()
            judge(value, nested["properties"], types)


def programs() -> Iterator[Any]:
    yield from blocks("yaml", r"^resources:")
    for file in sorted((PROJECT / "examples").glob("*/Pulumi.yaml")):
        yield pytest.param(file.read_text(), id=str(file.relative_to(PROJECT)))


@pytest.mark.parametrize("code", [*programs()])
def test_a_yaml_example_names_properties_and_outputs_that_exist(code: str) -> None:
    resources = yaml.safe_load(code)["resources"]
    outputs: dict[str, set[str]] = {}
    for name, resource in resources.items():
        found = declared(resource["type"])
        if found is None:
            continue
        described, types = found
        judge(resource.get("properties", {}), described["inputProperties"], types)
        assert set(described.get("requiredInputs", ())) <= resource.get("properties", {}).keys()
        outputs[name] = {"id", "urn", *described.get("properties", {})}
    for name, output in REFERENCE.findall(code):
        assert name not in outputs or output in outputs[name]


def test_every_resource_has_a_page_with_an_example() -> None:
    resources = {token.rsplit(":", 1)[-1] for each in SCHEMAS.values() for token in each["resources"]}
    assert EXAMPLES.keys() == resources | {"Provider"}


def link_targets() -> Iterator[tuple[Path, str]]:
    for page in (*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "metadata").glob("*.md")):
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if "://" not in target:
                yield page, target


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_leads_to_a_file_and_a_heading_that_exist() -> None:
    for page, target in link_targets():
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), f"{page.relative_to(PROJECT)}: {target}"
        assert not anchor or anchor in anchors(found), f"{page.relative_to(PROJECT)}: {target}"
