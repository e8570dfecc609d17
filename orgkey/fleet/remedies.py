"""What to do about a finding: by itself, and beside what else the same report says.

A remedy never contradicts another one of its report (`contradict` in the finding table): the rules here let one give way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from orgkey.fleet.findings import BY_UP, KINDS, NAMES_UP, REMEDIES, STOPS_UP, Action, Code, Severity
from orgkey.fleet.report import Finding
from orgkey.fleet.shown import shown


def finding(
    code: Code,
    path: str,
    summary: str,
    action: Action = Action.UP,
    *,
    values: tuple[Any, Any] = (None, None),
    severity: Severity | None = None,
    details: Sequence[str] = (),
    **words: str,
) -> Finding:
    """Make a finding, as severe as its kind unless said otherwise. `words` are those that the remedy's row leaves open."""
    return Finding(
        code=code,
        severity=severity or KINDS[code].severity,
        path=path,
        summary=summary,
        remedy=REMEDIES[action].format(**words),
        declared=values[0],
        found=values[1],
        details=tuple(details),
        action=action,
    )


def changed_value(part: str, name: str, declared: Any, found: Any) -> Finding:
    """A property that is another one now."""
    says = f"{name} is {shown(found)}, declared {shown(declared)}"
    return finding(Code.SETTING_CHANGED, f"{part}.{name}", says, values=(declared, found))


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read: of which component (None: the stack), and whether `pulumi up` fails for it too."""

    component: str | None
    fails_up: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A finding whose action is one of `gives_way` asks for `becomes` instead, where the report also asks for one of `beside`."""

    gives_way: Collection[Action]
    beside: Collection[Action]
    becomes: Action
    same_component: bool = False


_ACCESS = frozenset({Action.MEND_ACCESS, Action.UP_FOR_LOGIN})

RULES: Sequence[Rule] = (
    Rule(_ACCESS, {Action.MEND_READING}, Action.READ_THEN_TRY, same_component=True),
    Rule(_ACCESS, BY_UP - {Action.DECIDE, Action.UP_FOR_LOGIN}, Action.UP_THEN_TRY, same_component=True),
    Rule({*BY_UP, Action.REPLACE_CERTIFICATE}, {Action.FIND_OWNER}, Action.OWNER_THEN_UP),
    Rule(BY_UP - {Action.DECIDE}, {Action.MEND_USER}, Action.USER_THEN_UP, same_component=True),
    Rule(NAMES_UP, STOPS_UP, Action.SETTINGS_THEN_UP),
    Rule({*NAMES_UP, *STOPS_UP, Action.SETTINGS_THEN_UP}, {Action.MEND_READING}, Action.READ_THEN_UP),
)
"""In order: each sees what those before it made."""


def settle(findings: Sequence[Finding], unread: Collection[Unread] = ()) -> list[Finding]:
    """Let remedies give way to each other, and to what could not be read."""
    settled = list(findings)
    for rule in RULES:
        settled = [_settled(each, rule, settled, unread) for each in settled]
    return settled


def _settled(each: Finding, rule: Rule, findings: Sequence[Finding], unread: Collection[Unread]) -> Finding:
    if each.action not in rule.gives_way:
        return each
    beside = {
        other.action
        for other in findings
        if other is not each and (other.component == each.component or not rule.same_component)
    }
    if any(item.component in {each.component, None} if rule.same_component else item.fails_up for item in unread):
        beside.add(Action.MEND_READING)
    if beside.isdisjoint(rule.beside):
        return each
    remedy = REMEDIES[rule.becomes].format(remedy=each.remedy)
    return each.model_copy(update={"action": rule.becomes, "remedy": remedy})
