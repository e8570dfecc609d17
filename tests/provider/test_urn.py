"""URNs are read in one place, whatever a resource is called."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.fleet.digest import DigestError, parse_digest
from orgkey.fleet.judge import path_of
from orgkey.provider.adoption import import_command
from orgkey.provider.urn import Urn
from tests.provider.protocol import Client

NAMES = st.one_of(
    st.text(min_size=1), st.lists(st.sampled_from(["::", "$", ":", "a", "-", " ", "'"]), min_size=1).map("".join)
)
TYPES = st.sampled_from(["salesforce:index:PermissionSet", "pulumi:pulumi:Stack", "aws:s3/bucket:Bucket"])
PARENTS = st.sampled_from(["", "orgkey:index:JwtBearerAccess", "a:index:A$b:index:B"])


@given(parent=PARENTS, type_token=TYPES, name=NAMES)
def test_a_urn_gives_back_its_parts_whatever_its_name_holds(parent: str, type_token: str, name: str) -> None:
    qualified = f"{parent}${type_token}" if parent else type_token
    assert Urn.parse(f"urn:pulumi:t::p::{qualified}::{name}") == Urn("t", "p", parent, type_token, name)


@given(name=NAMES, part=st.sampled_from(["set", "app", "app-2", "app-12"]))
def test_the_report_and_the_import_command_take_any_name(name: str, part: str) -> None:
    urn = f"urn:pulumi:t::p::orgkey:index:JwtBearerAccess$salesforce:index:PermissionSet::{name}-{part}"
    assert path_of(urn) == "permissionSet"
    _, _, _, shown, resource_id, flag, parent, _ = shlex.split(import_command("PermissionSet", urn, "Access"))
    assert (shown, resource_id, flag) == (f"{name}-{part}", "Access", "--parent")
    assert parent == f"access=urn:pulumi:t::p::orgkey:index:JwtBearerAccess::{name}"


@pytest.mark.parametrize("name", ["a::b", "::", "a$b", "x::salesforce:index:KeyPair::y"])
def test_the_provider_finds_the_resource_whatever_it_is_called(offline: Client, name: str) -> None:
    offline.name = name
    assert offline.check("PermissionSet", {"name": "Access", "label": "Access"})[1] == []
    assert [path for path, _ in offline.check("PermissionSet", {"name": "Access"})[1]] == ["label"]


@pytest.mark.parametrize(
    "text", ["", "x", "urn:pulumi:t::p::salesforce:index:PermissionSet", "urn:other:t::p::a:b:c::d"]
)
def test_what_is_no_urn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a URN"):
        Urn.parse(text)
    with pytest.raises(DigestError):
        parse_digest(f'{{"steps": [{{"urn": "{text}", "op": "same"}}]}}')
