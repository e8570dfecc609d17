"""What is secret on the wire: which properties leave as secrets, which must have come as one, and no secret in what people read.

The engine hides secret properties, not what a message says about them ("nobody@acme.com: no such user" beside a secret list of users), so
messages of a request go out without the texts that came in as secrets. They also name the settings of the resource that they are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from google.protobuf import struct_pb2

from orgkey.metadata.check import Problem
from orgkey.model.secret_texts import place_of, texts_of, without
from orgkey.model.setting_place import SettingPlace
from orgkey.provider.handler import Handler
from orgkey.provider.protocol import provider_pb2
from orgkey.provider.wire import Properties, from_struct, to_struct

_STRUCTS = ("args", "news", "olds", "inputs", "old_inputs", "properties")
_texts: ContextVar[frozenset[str]] = ContextVar("secret_texts", default=frozenset())
"""Secret texts of the request that this thread answers."""
_settings_place: ContextVar[SettingPlace] = ContextVar("settings_place", default=SettingPlace())  # noqa: B039 — it never changes
"""Where the settings of the resource are that this thread's request is about."""


def note_request(request: Any) -> None:
    """Start with a request: what of it is secret is hidden from now on, in this thread."""
    _settings_place.set(SettingPlace())
    structs = (getattr(request, name) for name in _STRUCTS if hasattr(request, name))
    _texts.set(
        frozenset(text for struct in structs if isinstance(struct, struct_pb2.Struct) for text in secret_texts(struct))
    )


def note_texts(texts: Iterable[str]) -> None:
    """Hide more."""
    _texts.set(_texts.get().union(texts))


def note_settings_place(place: SettingPlace) -> None:
    """From now on this thread's messages name the settings of that place."""
    _settings_place.set(place)


def placed(message: str) -> str:
    """A message with the settings of the resource that the request is about."""
    return _settings_place.get().told(message)


def redacted(message: str) -> str:
    """A message as people read it: with the settings of its resource, and without the secrets of the request."""
    return without(placed(message), _texts.get())


def sealed_struct(outputs: Mapping[str, Any], hidden: frozenset[str]) -> struct_pb2.Struct:
    """Properties for the wire: `hidden` as secrets, and whatever holds a text that is a secret of the request or the connection."""
    texts = _texts.get()
    holding = {
        name
        for name, value in outputs.items()
        if texts and any(text in each for each in texts_of(value) for text in texts)
    }
    return to_struct(outputs, hidden | holding)


def secret_texts(struct: struct_pb2.Struct) -> Iterator[str]:
    """Every text in the secret properties of a property map."""
    properties = from_struct(struct)
    for name in properties.secrets:
        yield from texts_of(properties.values[name])


def unsealed(handler: Handler, news: Properties) -> list[Problem]:
    """Inputs that must be secrets and are not: whatever wrote them down has them in clear, and so would state and history."""
    return [
        Problem(
            name,
            "is no secret, so it would stand in clear in stack file, state and history; give it as one: "
            f"`pulumi config set --secret --path orgkey:key.{name} --stack STACK < key.pem`, or pulumi.Output.secret(...) in a program",
        )
        for name in sorted(handler.secret_outputs - news.secrets)
        if isinstance(news.values.get(name), str)
    ]


def failures(
    problems: Iterable[Problem], prefix: str = "", *, secrets: frozenset[str] = frozenset()
) -> list[provider_pb2.CheckFailure]:
    """Check failures that name no property to the engine: it would print that property's value (engine notes 8).

    `secrets` are the properties that came as such.
    """
    problems = [
        Problem(place_of(each.path, each.reason, secret=re.split(r"[.\[]", each.path)[0] in secrets), each.reason)
        for each in problems
    ]
    return [
        provider_pb2.CheckFailure(
            reason=redacted(f"{prefix}{problem.path} {problem.reason}".strip() if problem.path else problem.reason)
        )
        for problem in problems
    ]


def hidden_names(handler: Handler, *properties: Properties, before: Properties | None = None) -> frozenset[str]:
    """Names that leave in a secret envelope: what is always secret, what came in as a secret, and what is made of that.

    What was secret `before` stays so until somebody gives it in clear.
    """
    sealed = handler.secret_outputs.union(*(item.secrets for item in properties))
    if before is not None:
        made_anew = frozenset().union(*handler.derived.values()).union(*(item.values for item in properties))
        sealed |= before.secrets - made_anew
    return sealed.union(*(handler.derived.get(name, ()) for name in sealed))


def sealed_inputs(request: Any) -> frozenset[str]:
    """Names of a request's inputs that are secret."""
    return frozenset().union(
        *(
            from_struct(getattr(request, name)).secrets
            for name in ("properties", "news", "inputs")
            if hasattr(request, name)
        )
    )
