"""JUnit XML: one test suite per stack, one test case per kind of finding, so that a CI shows orgs as it shows tests.

A stack with several components has each test case once per component, in a class of its name.
A finding is a failure, one that is only worth knowing the test's output, what could not be read an error. What is known of retiring
generations is in properties of the suite. Attributes as Jenkins and GitLab read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from orgkey.fleet.findings import KINDS, Code, Severity
from orgkey.fleet.formats.words import rest_of, use_of, whose
from orgkey.fleet.report import Finding, Report, StackReport, Unknown
from orgkey.model.printable import printable


def junit(report: Report) -> str:
    """The report as JUnit XML."""
    root = etree.Element("testsuites", name="orgkey drift", time=f"{report.seconds:.3f}")
    for each in report.stacks:
        root.append(_suite(each, report.made_at.isoformat(timespec="seconds")))
    for counted in ("tests", "failures", "errors"):
        root.set(counted, str(sum(int(suite.get(counted, "0")) for suite in root)))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written.decode()


def _suite(each: StackReport, made_at: str) -> etree._Element:
    name = printable(f"{each.project}/{each.stack}")
    suite = etree.Element("testsuite", name=name, timestamp=made_at, time=f"{each.seconds:.3f}")
    uses = [(access.name, use) for access in each.components for use in access.retiring]
    if uses:
        properties = etree.SubElement(suite, "properties")
        for access, use in uses:
            etree.SubElement(
                properties,
                "property",
                name=printable(f"{access}, generation {use.generation}"),
                value=printable(use_of(use)),
            )
    components = [access.name for access in each.components]
    several = len(components) > 1
    others = [*(item.component for item in each.findings), *(item.component for item in each.unknown)]
    for component in dict.fromkeys([*components, *others]) if several else [None]:
        class_name = f"{name}/{printable(component)}" if component else name
        found = [item for item in each.findings if component in {None, item.component}]
        unknown = [item for item in each.unknown if component in {None, item.component}]
        _cases(suite, class_name, each, found, unknown)
    suite.set("tests", str(sum(1 for _ in suite.iter("testcase"))))
    suite.set("failures", str(sum(1 for _ in suite.iter("failure"))))
    suite.set("errors", str(sum(1 for _ in suite.iter("error"))))
    return suite


def _cases(
    suite: etree._Element, class_name: str, each: StackReport, findings: Sequence[Finding], unknowns: Sequence[Unknown]
) -> None:
    codes = [code for code in Code if not each.unknown or any(finding.code is code for finding in findings)]
    for code in codes:
        case = etree.SubElement(suite, "testcase", classname=class_name, name=KINDS[code].title, time="0")
        found = [finding for finding in findings if finding.code is code]
        if found and all(finding.severity is Severity.INFO for finding in found):
            out = etree.SubElement(case, "system-out")
            out.text = printable("\n".join(line for finding in found for line in _lines(each, finding)))
        elif found:
            first = printable(f"{whose(each, found[0])}{found[0].summary}")
            failure = etree.SubElement(case, "failure", type=code.value, message=first)
            failure.text = printable("\n".join(line for finding in found for line in _lines(each, finding)))
    for unknown in unknowns:
        what = printable(rest_of(unknown))
        case = etree.SubElement(suite, "testcase", classname=class_name, name=f"{what} can be read", time="0")
        first = printable(f"{whose(each, unknown)}{unknown.reason}".split("\n")[0])
        error = etree.SubElement(case, "error", type="could-not-tell", message=first)
        error.text = printable(f"{whose(each, unknown)}{unknown.reason}")


def _lines(each: StackReport, finding: Finding) -> list[str]:
    return [
        f"{finding.severity}: {whose(each, finding)}{finding.path}: {finding.summary}",
        *finding.details,
        f"what to do: {finding.remedy}",
    ]
