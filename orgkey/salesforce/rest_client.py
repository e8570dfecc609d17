"""simple-salesforce, loaded without those parts of it that nothing here uses: SOAP by zeep, bulk jobs, its own logins.

They are half of its start, a tenth of a second in every command (ADR 7). Each of their classes stands in for itself, and loads its
module when somebody makes an instance; `import simple_salesforce.bulk` in the same process finds everything as it expects.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

_PACKAGE: Final = "simple_salesforce"
_UNUSED: Final[Mapping[str, str]] = {
    f"{_PACKAGE}.bulk": "SFBulkHandler",
    f"{_PACKAGE}.bulk2": "SFBulk2Handler",
    f"{_PACKAGE}.login": "SalesforceLogin",
    f"{_PACKAGE}.metadata": "SfdcMetadataApi",
}
"""Module -> what the package imports from it."""


def _stand_in(module: str, name: str) -> types.ModuleType:
    def load(_cls: type, *args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    made = types.ModuleType(module)
    setattr(made, name, type(name, (), {"__new__": load}))
    return made


@contextmanager
def _without_the_unused() -> Iterator[None]:
    standing_in = {module: _stand_in(module, name) for module, name in _UNUSED.items() if _PACKAGE not in sys.modules}
    sys.modules.update(standing_in)
    try:
        yield
    finally:
        for module in standing_in:
            del sys.modules[module]


if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce
    from simple_salesforce.format import format_soql
else:
    with _without_the_unused():
        from simple_salesforce.api import Salesforce
        from simple_salesforce.format import format_soql

__all__ = ["Salesforce", "format_soql"]
