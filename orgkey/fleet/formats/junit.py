"""JUnit XML: one test suite per stack, one test case per kind of finding, so that a CI shows orgs as it shows tests.

A finding is a failure, what could not be told is an error. Attributes as Jenkins and GitLab read them.
"""

from __future__ import annotations

from lxml import etree

from orgkey.fleet.findings import KINDS, Code
from orgkey.fleet.formats.words import UNKNOWN_REST, printable
from orgkey.fleet.report import Report, StackReport


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
    codes = [code for code in Code if not each.unknown or any(finding.code is code for finding in each.findings)]
    for code in codes:
        case = etree.SubElement(suite, "testcase", classname=name, name=KINDS[code].title, time="0")
        found = [finding for finding in each.findings if finding.code is code]
        if found:
            failure = etree.SubElement(case, "failure", type=code.value, message=printable(found[0].summary))
            failure.text = printable(
                "\n".join(
                    line
                    for finding in found
                    for line in (
                        f"{finding.severity}: {finding.path}: {finding.summary}",
                        *finding.details,
                        f"what to do: {finding.remedy}",
                    )
                )
            )
    for unknown in each.unknown:
        what = printable(unknown.path or UNKNOWN_REST)
        case = etree.SubElement(suite, "testcase", classname=name, name=f"{what} can be told", time="0")
        error = etree.SubElement(case, "error", type="could-not-tell", message=printable(unknown.reason.split("\n")[0]))
        error.text = printable(unknown.reason)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(1 for _ in suite.iter("failure"))))
    suite.set("errors", str(sum(1 for _ in suite.iter("error"))))
    return suite
