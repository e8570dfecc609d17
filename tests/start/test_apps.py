"""Which app somebody means, and which apps may be taken over."""

from __future__ import annotations

import pytest

from orgkey.start.apps import AppNotFoundError, AppSeen, Jwt, app_called, doing_jwt, free_name

ECA = AppSeen("external", "CI_Integration", "CI", jwt=Jwt.YES)
CONNECTED = AppSeen("connected", "Old_CI", "Old CI", jwt=Jwt.YES)
PACKAGED = AppSeen("connected", "Loader", "Loader", namespace="vendor", settings_shown=False)
VENDOR = AppSeen("connected", "Workbench", "Workbench", settings_shown=False)
OURS = AppSeen("external", "Ours", "Ours", jwt=Jwt.YES, manager="acme/uat")
WEB = AppSeen("external", "Portal", "Portal", jwt=Jwt.NO)
ALL = (ECA, CONNECTED, PACKAGED, VENDOR, OURS, WEB)


@pytest.mark.parametrize(
    ("wanted", "found"), [("CI_Integration", ECA), ("ci_integration", ECA), ("CI", ECA), ("old ci", CONNECTED)]
)
def test_an_app_goes_by_developer_name_or_label_in_whatever_case(wanted: str, found: AppSeen) -> None:
    assert app_called(wanted, ALL, host="org") is found


def test_a_developer_name_goes_before_a_label() -> None:
    labelled = AppSeen("external", "Other", "CI_Integration")
    assert app_called("CI_Integration", (labelled, ECA), host="org") is ECA


@pytest.mark.parametrize(
    ("wanted", "apps", "kind", "says"),
    [
        ("Nix", ALL, "", ("has no app called Nix", "CI_Integration, Old_CI, Ours, Portal")),
        ("Old_C", ALL, "", ("did you mean Old_CI?",)),
        ("Old_CI", ALL, "external", ("has no app called Old_CI among its External Client Apps",)),
        ("Nix", (), "", ("has no app of its own", "--app NAME")),
        ("Loader", ALL, "", ("is of the package vendor", "--app NAME")),
        ("Workbench", ALL, "", ("is of a vendor",)),
        ("CI", (ECA, AppSeen("connected", "Also", "CI")), "", ("several apps called CI", "Also", "--kind external or")),
        ("CI", (ECA, AppSeen("external", "Also", "CI")), "", ("Name one by its developer name",)),
    ],
)
def test_what_is_not_found_or_not_certain_names_what_there_is(
    wanted: str, apps: tuple[AppSeen, ...], kind: str, says: tuple[str, ...]
) -> None:
    with pytest.raises(AppNotFoundError) as told:
        app_called(wanted, apps, kind=kind, host="org")
    for each in says:
        assert each in str(told.value)


def test_apps_of_packages_vendors_and_stacks_and_those_without_a_certificate_are_not_proposed() -> None:
    assert doing_jwt(ALL) == [ECA, CONNECTED]


@pytest.mark.parametrize(
    ("apps", "stack", "name"),
    [
        ((), "uat", "CI_Integration"),
        (ALL, "uat", "CI_Integration_uat"),
        (ALL, "acme-qa.2", "CI_Integration_acme_qa"),
        ((AppSeen("connected", "ci_integration"),), "uat", "CI_Integration_uat"),
        ((*ALL, AppSeen("external", "CI_Integration_UAT")), "uat", ""),
        (ALL, "2", ""),
        (ALL, "x" * 100, "CI_Integration_" + "x" * 40),
    ],
    ids=["free", "taken", "no identifier", "another kind", "both taken", "a number", "long"],
)
def test_a_new_app_is_proposed_under_a_name_that_no_app_has(apps: tuple[AppSeen, ...], stack: str, name: str) -> None:
    assert free_name("CI_Integration", apps, stack) == name
