"""The messages that an engine and its language host exchange, without the SDK that they ship in.

`import pulumi.runtime.proto` runs the whole SDK first, a quarter of a second, and an `up` starts the host twice: the first time it
only asks what the host is. The generated modules need nothing of the SDK, so they are imported below bare packages, which are
taken away again: `import pulumi` later in the same process finds everything as it expects. The provider does the same (ADR 7).
"""

import importlib.util
import sys
import types
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def _bare_packages() -> dict[str, types.ModuleType]:
    sdk = importlib.util.find_spec("pulumi")
    if sdk is None or sdk.origin is None:
        raise ImportError("there is no pulumi SDK in this Python")
    bare = {}
    for name in _PACKAGES:
        bare[name] = types.ModuleType(name)
        bare[name].__path__ = [str(Path(sdk.origin).parent.joinpath(*name.split(".")[1:]))]
    return bare


_bare = {} if "pulumi" in sys.modules else _bare_packages()
sys.modules.update(_bare)
try:
    from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2
finally:
    for _name in _bare:
        del sys.modules[_name]

__all__ = ["language_pb2", "language_pb2_grpc", "plugin_pb2"]
