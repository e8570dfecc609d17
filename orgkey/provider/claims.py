"""Claims: which of a stack's resources a thing belongs to, by the number in its ownership marker (ADR 10).

The number also tells for ever where the thing came from: it is odd for what a stack made, and even for what was there before.
"""

from __future__ import annotations

from orgkey.metadata.identifiers import same_id
from orgkey.metadata.ownership import Marker
from orgkey.provider.adoption import is_taken_over
from orgkey.provider.handler import Values


def claim_of(outputs: Values) -> int:
    """The number of our claim to a thing; states from before there were claims have none, and are the first."""
    return int(outputs.get("claim") or 1)


def next_above(claim: int, *, taken_over: bool) -> int:
    """The next claim after `claim`; even where the thing was `taken_over` from before the stack."""
    return claim + 1 if (claim % 2 == 0) != taken_over else claim + 2


def says_taken_over(marker: Marker | None, org_id: str) -> bool:
    """Whether a marker says that the thing was there before the stack; a copy's tells of the org that it was copied from."""
    return marker is not None and same_id(marker.org_id, org_id) and marker.claim % 2 == 0


def claim_found(marker: Marker | None, outputs: Values, org_id: str) -> int:
    """The claim that stands in this org; a marker that is gone, or another org's, says nothing against ours."""
    return marker.claim if marker and same_id(marker.org_id, org_id) else claim_of(outputs)


def claims(marker: Marker | None, outputs: Values, org_id: str) -> dict[str, int]:
    """Our claim and the one found, for a Read.

    A Read never raises our claim, and gives none to a state that has none: a resource that awaits its deletion is read too. An import
    makes one, which the next Update writes.
    """
    found = claim_found(marker, outputs, org_id)
    if not outputs:
        return dict.fromkeys(("claim", "claimFound"), next_above(found, taken_over=True))
    return {**({"claim": outputs["claim"]} if "claim" in outputs else {}), "claimFound": found}


def claims_of_copy(outputs: Values) -> dict[str, int]:
    """Our claim to what a sandbox refresh put in the place of what was ours, for a Read: that of something a stack made.

    Of several resources for one thing the last one's stays the highest.
    """
    claim = claim_of(outputs)
    return dict.fromkeys(("claim", "claimFound"), claim if claim % 2 else next_above(claim, taken_over=False))


def next_claim(outputs: Values, marker: Marker | None, org_id: str) -> int:
    """The claim that an Update writes: ours, or one above a later one, whose resource then leaves the thing alone."""
    own, found = claim_of(outputs), claim_found(marker, outputs, org_id)
    return own if found <= own else next_above(found, taken_over=is_taken_over(outputs))
