"""The HTML report: that it says everything, lets nobody's words be markup, and stands alone; test_html_in_chromium.py opens it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from base64 import b64encode
from datetime import timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest
from lxml import html as parser

from orgkey.fleet.findings import KINDS, Code
from orgkey.fleet.formats.html import html
from orgkey.fleet.formats.words import can_be_ignored
from orgkey.fleet.report import Report, StackReport
from orgkey.metadata.fields import APP_FIELDS, PERMISSION_SET_FIELDS
from orgkey.model.printable import printable
from orgkey.stack_file.settings import SettingsError, load
from tests.fleet.made_up import HOSTILE, NOW, certificate, finding, hostile, landscape, many, stack

ROOT = Path(__file__).parents[2]


def report(*stacks: StackReport) -> Report:
    return Report(made_at=NOW, seconds=1, stacks=stacks)


def page(report: Report) -> parser.HtmlElement:
    return parser.document_fromstring(html(report))


def text(element: parser.HtmlElement) -> str:
    """What a reader sees, on one line."""
    return " ".join(element.text_content().split())


def rows(page: parser.HtmlElement) -> dict[str, list[str]]:
    """The matrix: the cells of each stack, by its name."""
    return {
        text(row.cssselect("th a")[0]): [text(cell) for cell in row.cssselect("td")]
        for row in page.cssselect(".matrix tbody tr")
    }


def test_every_finding_reason_and_command_is_told() -> None:
    made = landscape()
    assert {found.code for each in made.stacks for found in each.findings} == set(Code)
    told = page(made)
    for each in made.stacks[:-1]:
        [details] = [shown for shown in told.cssselect("details") if text(shown.cssselect("h3")[0]) == each.stack]
        for found in each.findings:
            kind = KINDS[found.code]
            [article] = [
                text(shown)
                for shown in details.cssselect("article")
                if text(shown.cssselect(".summary")[0]) == found.summary
            ]
            for words in (
                kind.title, kind.meaning, kind.concerns, found.code, found.severity, found.path, found.remedy, *found.details
            ):  # fmt: skip
                assert words.replace("`", "") in article
        for unknown in each.unknown:
            assert unknown.path in text(details)
            assert unknown.reason in text(details)
        assert [line for pre in details.cssselect("pre") for line in pre.text_content().splitlines()] == list(
            each.commands
        )


def test_declared_and_found_values_stand_beside_each_other() -> None:
    told = page(
        report(
            stack("uat", [finding(Code.POLICY_LOOSENED, "app.scopes", "s", declared=["api"], found=["api", "full"])])
        )
    )
    facts = {text(each.cssselect("dt")[0]): each.cssselect("dd")[0] for each in told.cssselect("article dl div")}
    assert [line.text_content() for line in facts["Declared"]] == ["api"]
    assert [line.text_content() for line in facts["Found"]] == ["api", "full"]


def test_words_of_others_are_never_markup() -> None:
    plain, told = page(report(stack("uat", [finding(Code.MISSING, "app", "s", details=["d"])]))), page(landscape())
    known = {element.tag for element in plain.iter()} | {"ul", "li", "small"}
    assert {element.tag for element in told.iter()} <= known
    assert not [name for element in told.iter() for name in element.attrib if name.startswith("on")]
    shown = told.text_content()
    for words in HOSTILE:
        assert printable(words) in shown
    assert not {char for char in shown if unicodedata.category(char) in {"Cc", "Cf"}} - {"\n"}


def test_backticks_become_code_and_what_stands_in_them_stays_text() -> None:
    told = page(report(stack("uat", [finding(Code.MISSING, "app", "run `pulumi up` and `<b>`")])))
    [summary] = told.cssselect("article .summary")
    assert [code.text_content() for code in summary] == ["pulumi up", "<b>"]


def test_nothing_is_loaded_from_elsewhere() -> None:
    told = page(landscape())
    assert told.xpath("//@src | //@srcset | //@action | //@style | //@data") == []
    for tag in ("script", "link", "img", "iframe", "object", "base", "form"):
        assert told.cssselect(tag) == []
    targets = {f"#{name}" for name in told.xpath("//@id")}
    assert set(told.xpath("//@href")) <= targets
    assert len(targets) == len(told.xpath("//@id"))
    [style] = told.cssselect("style")
    assert not re.search(r"url\(|@import|image-set", style.text)


def test_the_policy_of_the_page_allows_its_own_style_and_nothing_else() -> None:
    told = page(landscape())
    [policy] = told.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    digest = b64encode(sha256(told.cssselect("style")[0].text.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_same_report_makes_the_same_page_whatever_the_zone_it_was_made_in() -> None:
    here, there = landscape(), landscape().model_copy(update={"made_at": NOW.astimezone(timezone(timedelta(hours=9)))})
    assert html(here) == html(landscape()) == html(there)


def test_the_headline_counts_and_says_when_and_how_long() -> None:
    header = text(page(landscape()).cssselect("header")[0])
    assert "Drift report of salesforce-jwt" in header
    assert "24 November 2026, 09:30 UTC in 12.3 s, from 14 stacks" in header
    assert "3 ✓ in sync 7 ✕ drift 4 ? could not tell" in header


def test_the_matrix_has_a_column_for_each_kind_that_occurs_and_says_how_bad_it_is() -> None:
    told = page(
        report(
            stack("dev"),
            stack(
                "uat",
                [
                    finding(Code.RENEWAL_DUE, "key.renewalDue", "s"),
                    finding(Code.POLICY_LOOSENED, "app.scopes", "s"),
                    finding(Code.POLICY_LOOSENED, "app.permittedUsers", "s"),
                ],
            ),
        )
    )
    assert [text(each) for each in told.cssselect(".matrix thead th")][2:] == ["policy loosened", "renewal due"]
    assert rows(told) == {
        "uat": ["✕ drift", "uat, policy loosened: Hhigh\N{MULTIPLICATION SIGN}2", "uat, renewal due: Mmedium"],
        "dev": ["✓ in sync", "·none", "·none"],
    }


def test_what_could_not_be_told_of_a_stack_is_not_shown_as_in_order() -> None:
    shown = rows(page(landscape()))
    assert set(shown["sandbox7"][1:]) == {"?could not tell"}
    assert sorted(set(shown["partial"][1:])) == ["?could not tell", "partial, owner changed: Mmedium"]


def test_the_worst_stacks_come_first() -> None:
    names = list(rows(page(landscape())))
    assert names[:7] == ["integration", "perf", "qa", "training", "uat", "production", "partial"]
    assert names[-5:] == ["sandbox7", "staging", "dev2", "hotfix", "ux"]


def test_certificates_stand_by_month_soonest_first_and_the_past_is_marked() -> None:
    told = page(report(stack("a", certificate=certificate(40, -3)), stack("b", certificate=certificate(40, 40))))
    assert [text(month) for month in told.cssselect(".month")] == [
        "November 2026 this month 21 renewal was due 3 days ago a",
        "January 2027 3 ends in 40 days a, b 3 renewal in 40 days b",
    ]
    assert [text(each.cssselect("time")[0]) for each in told.cssselect(".month .past")] == ["21"]


def test_stacks_of_several_projects_are_told_apart() -> None:
    assert list(rows(page(report(stack("uat", project="one"), stack("uat", project="two"))))) == ["one/uat", "two/uat"]


def test_a_report_of_no_stack_says_so() -> None:
    assert "No stack was looked at." in text(page(report()))


PATHS = [
    *(f"app.{row.name}" for row in APP_FIELDS),
    *(f"permissionSet.{row.name}" for row in PERMISSION_SET_FIELDS),
    *(
        "assignments.users",
        "key.renewAfter",
        "key.renewalDue",
        "key.notAfter",
        "app.managedBy",
        "app.otherParts",
        "app.carryOver",
    ),
    *("permissionSet", "grant", "grant.verified", "other.label", ""),
]


def taken_by_the_stack_file(path: str, kind: str) -> bool:
    config = {
        "salesforce:instanceUrl": "https://acme--uat.sandbox.my.salesforce.com",
        "salesforce:credentials": '{"sfAlias": "uat-admin"}',
        "orgkey:app": f'{{"name": "CI", "contactEmail": "ops@acme.com", "kind": "{kind}"}}',
        "orgkey:users": '["ci@acme.com.uat"]',
        "orgkey:ignore": f'["{path}"]',
    }
    try:
        load(config, project="orgkey", stack="uat")
    except SettingsError as error:
        return "orgkey:ignore" not in str(error)
    return True


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_offered_to_be_ignored_when_a_stack_file_takes_it(path: str) -> None:
    assert can_be_ignored(path) == any(taken_by_the_stack_file(path, kind) for kind in ("external", "connected"))
    offered = f"orgkey:ignore: [{path}]" in text(page(report(stack("uat", [finding(Code.SETTING_CHANGED, path, "s")]))))
    assert offered == can_be_ignored(path)


def test_an_installed_wheel_carries_template_and_style(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    program = (
        "import sys; from orgkey.fleet.formats.html import __file__ as place, html; from orgkey.fleet.report import Report;"
        "assert '.whl' in place, place; print(html(Report.model_validate_json(sys.stdin.read())), end='')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(wheel), "PYTHONIOENCODING": "utf-8"},
        input=many(3).model_dump_json(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ended.stdout == html(many(3))


def test_a_hostile_report_is_a_page_as_any_other() -> None:
    assert len(page(report(hostile())).cssselect("article")) == 2 * len(HOSTILE)
