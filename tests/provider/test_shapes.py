"""Whatever shape an app or set has in a real org, its import takes it over as it is.

The first `up` writes the ownership line alone, nothing of what was there is lost, and the next look finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import MANAGED_BY
from tests.provider.protocol import Client, plain
from tests.provider.shape_in_org import put_there, what_is_there
from tests.provider.shapes import (
    CONNECTED,
    CONNECTED_SHAPES,
    EXTERNAL_SHAPES,
    PERMISSION_SET_SHAPES,
    SET,
    Shape,
)

EXTERNAL = "ExternalClientApp"
ROOTS = (SET, CONNECTED, "ExternalClientApplication")
SHAPES = [
    *((EXTERNAL, name, shape) for name, shape in EXTERNAL_SHAPES.items()),
    *((CONNECTED, name, shape) for name, shape in CONNECTED_SHAPES.items()),
    *((SET, name, shape) for name, shape in PERMISSION_SET_SHAPES.items()),
]


def configured(provider: Client, org: Org) -> None:
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )


@pytest.fixture(scope="module")
def cleaned(landscape: Landscape) -> Iterator[None]:
    yield
    landscape.fresh("uat")


@pytest.mark.usefixtures("cleaned")
@pytest.mark.parametrize(
    ("kind", "shape"), [row[::2] for row in SHAPES], ids=[f"{kind}: {name}" for kind, name, _ in SHAPES]
)
def test_an_import_takes_over_what_is_there_as_it_is(
    provider: Client, org: Org, landscape: Landscape, key: dict[str, Any], kind: str, shape: Shape
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    put_there(org, shape, key["certificatePem"])
    before = what_is_there(org, shape)
    seen = provider.read(kind, shape.name)
    inputs, outputs = plain(seen.inputs), plain(seen.properties)
    lacking = {"consumerKey": key["consumerKey"], "certificatePem": key["certificatePem"]} if kind != SET else {}
    written = {name: value for name, value in inputs.items() if value not in ("", [])}
    news, problems = provider.check(kind, {**lacking, **written, "managedBy": MANAGED_BY})
    assert problems == []
    diff = provider.diff(kind, inputs, outputs, news)
    added = {"members", "callbackUrls", "scopes", "permittedUsers"} if shape.missing else set()
    assert {*diff.diffs} - {*lacking.keys() - written.keys()} - added == {"managedBy"}
    assert list(diff.replaces) == []
    after = provider.update(kind, shape.name, (inputs, outputs), news)
    held = what_is_there(org, shape)
    for member, document in before.items():
        lost = document - held[member]
        (said,) = [text for path, text in document if path == "description" and member[0] in ROOTS] or [""]
        assert {path for path, _ in lost} <= {"description"}, (member, lost)
        assert member[0] not in ROOTS or [text for path, text in held[member] if path == "description" and said in text]
    configured(provider, org)
    again = provider.read(kind, shape.name, news, after)
    assert list(provider.diff(kind, plain(again.inputs), plain(again.properties), news).diffs) == []
