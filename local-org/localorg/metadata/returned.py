"""What an org gives back of an app: no secrets, and every default that it filled in (platform notes 1.4)."""

from __future__ import annotations

from localorg.metadata.document import Document
from localorg.metadata.elements import Element

_SECRET = "consumerSecret"  # noqa: S105 — the name of an element
_CERTIFICATE = "certificate"


def as_returned(document: Document, *, with_certificate: bool) -> Document:
    """Return a document as the platform gives it back: without secrets, without an app's certificate where that is withheld."""
    withheld = {_SECRET} if with_certificate else {_SECRET, _CERTIFICATE}
    shown = {name: value for name, value in document.items() if name not in withheld}
    if "oauthConfig" in shown:
        shown["oauthConfig"] = {name: value for name, value in shown["oauthConfig"].items() if name not in withheld}
    return shown


def flags(elements: tuple[Element, ...]) -> Document:
    """Return every switch of a type as an org shows it when nobody set it."""
    return {each.name: False for each in elements if each.kind == "boolean"}
