"""The messages of Pulumi's provider protocol, without the SDK that they ship in.

`import pulumi.runtime.proto` runs the whole SDK first (asyncio, telemetry, Automation API): half of this provider's start, and an
`up` starts it twice. The generated modules need nothing of it, so they are imported below bare packages, which are taken away
again: a later `import pulumi` in the same process finds everything as it expects. ADR 7 has the numbers.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")

if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        status_pb2,
    )
else:

    def _import(*names: str) -> list[types.ModuleType]:
        bare = {} if "pulumi" in sys.modules else _bare_packages()
        sys.modules.update(bare)
        try:
            return [importlib.import_module(f"pulumi.runtime.proto.{name}") for name in names]
        finally:
            for name in bare:
                del sys.modules[name]

    def _bare_packages() -> dict[str, types.ModuleType]:
        root = Path(importlib.util.find_spec("pulumi").origin).parent
        packages = {}
        for name in _PACKAGES:
            packages[name] = types.ModuleType(name)
            packages[name].__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        return packages

    engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2 = _import(
        "engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"
    )

__all__ = ["engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
