"""Faults that a test orders: this operation, these failures, one per request, in order (style 1.5).

Unknown operations and malformed faults are refused at registration; what never fired is reported as unused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from localorg.errors import LandscapeError

ANY = "*"
ERROR_CODES = {
    "INVALID_SESSION_ID": (401, "Session expired or invalid"),
    "REQUEST_LIMIT_EXCEEDED": (403, "TotalRequests Limit exceeded."),
    "API_DISABLED_FOR_ORG": (403, "The REST API is not enabled for this Organization."),
    "API_CURRENTLY_DISABLED": (503, "API is currently disabled."),
    "SERVER_UNAVAILABLE": (503, "The server is temporarily unavailable."),
    "ALREADY_IN_PROCESS": (
        400,
        "The changes you requested require setup to be locked, and it is locked by another change.",
    ),
    "UNABLE_TO_LOCK_ROW": (400, "unable to obtain exclusive access to this record"),
    "UNKNOWN_EXCEPTION": (
        500,
        "An unexpected error occurred. Please include this ErrorId if you contact support: 1-2 (3)",
    ),
    "INSUFFICIENT_ACCESS": (403, "insufficient access rights on cross-reference id"),
    "LIMIT_EXCEEDED": (400, "You have reached the limit."),
    "UNSUPPORTED_API_VERSION": (410, "The requested API version is retired or deprecated."),
}
OAUTH_ERRORS = {
    "unknown_error": "retry your request",
    "OAUTH_APP_BLOCKED": "this app is blocked by admin",
    "OAUTH_APP_ACCESS_DENIED": "app access denied",
    "OAUTH_EC_APP_NOT_FOUND": "External client app is not installed in this org",
    "OAUTH_AUTHORIZATION_BLOCKED": "Cross-org OAuth flows are not supported for this external client app",
}
"""Refusals of the token endpoint that have a name of their own; elsewhere they are UNKNOWN_EXCEPTION."""

GACK = "gack-record"
"""The request is handled, but the first record or component meets an error of the platform's own."""
LOCK = "lock-record"
"""The request is handled, but another change holds the first record or component that it would write."""
EFFECTS = ("reset-before", "reset-after", "html", LOCK, GACK, *ERROR_CODES, *OAUTH_ERRORS)
_RETURN = re.compile(r"return-([45]\d\d)")
_STALL = re.compile(r"stall-(\d+(?:\.\d+)?)")


@dataclass
class Instruction:
    """One registered order: which requests it means, what is left of it, how many matching ones pass first."""

    id: int
    operation: str
    faults: list[str]
    org: str | None = None
    skip: int = 0
    fired: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Return the instruction as the admin API shows it."""
        return {
            "id": self.id,
            "operation": self.operation,
            "org": self.org,
            "skip": self.skip,
            "left": list(self.faults),
            "fired": list(self.fired),
        }


class Faults:
    """The instructions in force. `operations` are the names that may be used, beside `*` for any."""

    def __init__(self, operations: frozenset[str]) -> None:
        self._operations = operations
        self._instructions: list[Instruction] = []
        self._next = 1

    def register(self, given: object, orgs: frozenset[str]) -> Instruction:
        """Add an instruction from `{"operation", "faults", "org"?, "skip"?}`. Raises LandscapeError."""
        if not isinstance(given, dict):
            raise LandscapeError("a fault is an object: operation, faults, and if wanted org and skip")
        if unknown := set(given) - {"operation", "faults", "org", "skip"}:
            raise LandscapeError(f"a fault has no {', '.join(sorted(unknown))}")
        operation, faults = given.get("operation"), given.get("faults")
        if not isinstance(operation, str) or (operation != ANY and operation not in self._operations):
            raise LandscapeError(
                f"no operation is named {operation!r}; there are: {', '.join(sorted(self._operations))}"
            )
        if not isinstance(faults, list) or not faults:
            raise LandscapeError("faults is a list of at least one name")
        for fault in faults:
            if not is_fault(fault):
                raise LandscapeError(
                    f"no fault is named {fault!r}; there are: return-4xx, return-5xx, stall-SECONDS, "
                    + ", ".join(EFFECTS)
                )
        skip = given.get("skip", 0)
        if isinstance(skip, bool) or not isinstance(skip, int) or skip < 0:
            raise LandscapeError("skip is how many requests pass first")
        org = given.get("org")
        if org is not None and org not in orgs:
            raise LandscapeError(f"no org is named {org!r}; there are: {', '.join(sorted(orgs))}")
        instruction = Instruction(self._next, operation, list(faults), org, skip)
        self._next += 1
        self._instructions.append(instruction)
        return instruction

    def take(self, org: str, operation: str) -> str | None:
        """Return the fault for a request that just arrived, if one is due, and use it up."""
        for instruction in self._instructions:
            if not instruction.faults or instruction.operation not in {ANY, operation}:
                continue
            if instruction.org not in {None, org}:
                continue
            if instruction.skip:
                instruction.skip -= 1
                continue
            fault = instruction.faults.pop(0)
            instruction.fired.append(fault)
            return fault
        return None

    def all(self) -> list[Instruction]:
        """Return all instructions, used up or not."""
        return list(self._instructions)

    def unused(self) -> list[Instruction]:
        """Return the instructions that still have something to fire."""
        return [each for each in self._instructions if each.faults]

    def clear(self) -> None:
        """Forget all instructions."""
        self._instructions.clear()


def is_fault(fault: object) -> bool:
    """Tell whether a name means a fault."""
    return isinstance(fault, str) and bool(fault in EFFECTS or _RETURN.fullmatch(fault) or _STALL.fullmatch(fault))


def stall_seconds(fault: str) -> float | None:
    """Return how long a `stall-…` fault waits before the request is handled."""
    match = _STALL.fullmatch(fault)
    return float(match[1]) if match else None


def returned_status(fault: str) -> int | None:
    """Return the status of a `return-…` fault."""
    match = _RETURN.fullmatch(fault)
    return int(match[1]) if match else None
