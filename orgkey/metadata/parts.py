"""Parts of an app that the field table does not know, as far as they say who may log in through it and how.

Source of the names: WSDL of API 68, ExtlClntApp* and ConnectedApp. They are flows besides the JWT bearer grant, whom these run as, and
what binds tokens to one client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from orgkey.metadata.render import UnknownPart

LOOSENS_WHEN_TRUE = frozenset(
    {
        "isClientCredentialEnabled",
        "isClientCredentialsFlowEnabled",
        "isCodeCredFlowEnabled",
        "isCodeCredentialEnabled",
        "isDeviceFlowEnabled",
        "isGuestCodeCredFlowEnabled",
        "isTokenExchangeEnabled",
        "isTokenExchangeFlowEnabled",
    }
)
"""Another flow by which somebody can log in through the app."""

LOOSENS_WHEN_FALSE = frozenset(
    {"isCodeCredPostOnly", "isCodeCredentialPostOnly", "isEnforceRefreshTokenTTL", "isSecretRequiredForTokenExchange"}
)
"""A restriction of such a flow."""

RUNS_AS = frozenset(
    {"clientCredentialsFlowUser", "executeHandlerAs", "oauthClientCredentialUser", "pluginExecutionUser"}
)
"""The user whom a flow without a user, or code of the app, runs as."""

STOPS_JWT_LOGIN = frozenset({"isDPopEnabled", "isIpBindingEnabled", "isMtlsEnabled", "isPKImTLSEnabled"})
"""Tokens are bound to a key, certificate or address of the client, which a JWT bearer login does not give."""


RESTRICTS_TOKENS = frozenset({"tokenIpRanges"})
"""Addresses that may use the app's tokens; a login from elsewhere gets one that is good for nothing."""


def switched_off(there: Iterable[UnknownPart], known: Iterable[UnknownPart]) -> Iterator[UnknownPart]:
    """What to send beside the `known` parts, so that a flow or binding that somebody switched on is off again.

    A part that a deploy does not mention may stay as it is.
    """
    mentioned = {(part.member, part.path, _tag(part)) for part in known}
    for part in there:
        tag = _tag(part)
        on = tag in LOOSENS_WHEN_TRUE | STOPS_JWT_LOGIN and ">true<" in part.xml
        if on and (part.member, part.path, tag) not in mentioned:
            yield replace(part, xml=part.xml.replace(">true<", ">false<"))


def named_in(text: str, parts: Iterable[UnknownPart]) -> list[UnknownPart]:
    """Those parts that a message about a deploy speaks of: by their element, or by a name in them."""
    return [part for part in parts if any(word in text for word in (_tag(part), *_texts(part)))]


def described(part: UnknownPart) -> str:
    """A part for a message: its element, and what it names."""
    return " ".join([_tag(part), *_texts(part)[:2]])


def _tag(part: UnknownPart) -> str:
    from lxml import etree

    return etree.QName(etree.fromstring(part.xml)).localname


def _texts(part: UnknownPart) -> list[str]:
    from lxml import etree

    texts = ((element.text or "").strip() for element in etree.fromstring(part.xml).iter())
    return [text for text in texts if text and text not in {"true", "false"}]
