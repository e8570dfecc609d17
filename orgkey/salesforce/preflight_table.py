"""THE PREFLIGHT TABLE: what an org is asked before anything is written, what is said where it is right or wrong, and what to do.

One row per question. Previews, creates and `orgkey check` tell by it; who judges is `preflight_judge.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What of a stack a verdict is about."""

    SETTINGS = "settings"
    LOGIN = "login"
    PERMISSION_SET = "permission set"
    ASSIGNMENTS = "assignments"
    APP = "app"


class State(StrEnum):
    """What a verdict says."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    NOTE = "note"


class Code(StrEnum):
    """A question, by the name that machines read."""

    SETTINGS = "settings"
    LOGIN = "login"
    PERMISSION = "permission"
    SET_NAME = "permission-set-name"
    SET_LICENSE = "permission-set-license"
    USER = "user"
    USER_ACTIVE = "user-active"
    USER_LICENSE = "user-license"
    ASSIGNMENT_ENDED = "assignment-ended"
    GROUP = "group"
    APP_NAME = "app-name"
    APP_KIND = "app-kind"
    APP_KEY = "app-key"
    CONSUMER_KEY = "consumer-key"
    ADMITTED = "admitted"
    IMPORT = "import"
    DEPLOY = "deploy"


@dataclass(frozen=True, slots=True)
class Row:
    """One question: whose affair it is, and the sentences of its answers, with the facts in braces."""

    part: Part
    right: str
    wrong: str
    remedy: str


TABLE: Mapping[Code, Row] = {
    Code.SETTINGS: Row(Part.SETTINGS, "{file} has no problem", "{path} {reason}", "Correct {file}."),
    Code.LOGIN: Row(Part.LOGIN, "the login works: {login} in {org}", "{reason}", "{remedy}"),
    Code.PERMISSION: Row(
        Part.LOGIN,
        "the login has {permission}",
        "{host}: {login} lacks the permission {permission}: {use}.",
        "Give it to that user (Setup > Permission Sets > the set > System Permissions, or the user's profile), or let "
        "salesforce:credentials lead to a login that has it.",
    ),
    Code.SET_NAME: Row(
        Part.PERMISSION_SET,
        "the name of the permission set {name} is {whose}",
        "{host} already has a permission set {name}, and {whose}.",
        "To take it over: {take_over}\nOr choose another name for yours.",
    ),
    Code.SET_LICENSE: Row(
        Part.PERMISSION_SET,
        "the org has the licence {license}",
        "{host} has no licence {license}, which the permission set {name} is to be bound to.",
        "Leave orgkey:permissionSet.license out, or take a name from Setup > Company Information.",
    ),
    Code.USER: Row(
        Part.ASSIGNMENTS,
        "{user} is there",
        "{user}: no such user in {host}.",
        "Correct orgkey:users: it takes user names, as Setup > Users shows them (a sandbox's end with its name).",
    ),
    Code.USER_ACTIVE: Row(
        Part.ASSIGNMENTS,
        "{user} is there and active",
        "{user}: the user is inactive in {host}.",
        "Activate it (Setup > Users), or take it out of orgkey:users.",
    ),
    Code.USER_LICENSE: Row(
        Part.ASSIGNMENTS,
        "{user} has a licence that the permission set takes ({license})",
        "{user}: the user's licence {license} does not take the permission set {name}: {why}.",
        "{remedy}, or take the user out of orgkey:users.",
    ),
    Code.ASSIGNMENT_ENDED: Row(
        Part.ASSIGNMENTS,
        "{user} has no assignment of {name} that ended by somebody else's decision",
        "{user}: the assignment of the permission set {name} that somebody else made ended at {end}.",
        "Have it renewed or deleted in the org, give orgkey:assignments.expiration a later moment, or take the user out of orgkey:users.",
    ),
    Code.GROUP: Row(
        Part.ASSIGNMENTS,
        "the permission set group {group} is there",
        "{group}: no such permission set group in {host}.",
        "Correct orgkey:assignments.groups.",
    ),
    Code.APP_NAME: Row(
        Part.APP,
        "the name of the app {name} is {whose}",
        "{host} already has a{n} {kind} {name}, and {whose}.",
        "To take it over: {take_over}\nOr choose another name for yours.",
    ),
    Code.APP_KIND: Row(
        Part.APP,
        "no app of the other kind has the name {name}",
        "{host} has a{n} {other} named {name}, and this would be a{n_own} {kind} of the same name{own}.",
        "{remedy}",
    ),
    Code.APP_KEY: Row(
        Part.APP,
        "the app {name} has this stack's consumer key",
        "{host} already has the {kind} {name} with another consumer key.",
        "{own} orgkey:key.consumerKey to the app's own consumer key to keep it, or delete the app in the org.",
    ),
    Code.CONSUMER_KEY: Row(
        Part.APP,
        "no other app in the org has the consumer key of {name}",
        "{host}: the app {other} has the consumer key of orgkey:key.consumerKey already, and no two apps share one.",
        "Choose another orgkey:key.consumerKey. Or leave it out to have one made, where the key pair is not made yet: what "
        "orgkey:key said of a generation that retires by now is in state, and can be taken out.",
    ),
    Code.ADMITTED: Row(
        Part.APP,
        "the org has {what}, which the app admits",
        "{host} does not have {what}, which is to admit users to the app.",
        "Correct orgkey:app. Profiles go by the name that Setup shows, in the org's language.",
    ),
    Code.IMPORT: Row(
        Part.APP,
        "what orgkey:import takes over is there: {what}",
        "{host} has no {what}, which orgkey:import is to take over.",
        "Correct the name, or take orgkey:import out to have it made.",
    ),
    Code.DEPLOY: Row(
        Part.APP,
        "",
        "What only a deploy tells is not known before it: whether the org takes each setting, whether it lets anybody make a Connected "
        "App, and whether another org has the consumer key.",
        "salesforce:validateOnPreview lets the org judge in a preview, changing nothing.",
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question. `says` is a sentence, `remedy` what to do where it is wrong."""

    code: Code
    state: State
    says: str
    remedy: str = ""

    @property
    def part(self) -> Part:
        """What of a stack it is about."""
        return TABLE[self.code].part

    @property
    def text(self) -> str:
        """Both, as an error shows them."""
        return f"{self.says}\nNothing was changed. {self.remedy}"


def right(code: Code, **facts: object) -> Verdict:
    """The verdict that a question has the answer it should have."""
    return Verdict(code, State.RIGHT, TABLE[code].right.format(**facts))


def wrong(code: Code, **facts: object) -> Verdict:
    """The verdict that it has not."""
    row = TABLE[code]
    return Verdict(code, State.WRONG, row.wrong.format(**facts), row.remedy.format(**facts))


def unknown(code: Code, says: str, remedy: str = "") -> Verdict:
    """The verdict that nothing could be told."""
    return Verdict(code, State.UNKNOWN, says, remedy)


def note(code: Code, says: str, remedy: str = "") -> Verdict:
    """Something that is neither right nor wrong, and that people should know."""
    return Verdict(code, State.NOTE, says, remedy)
