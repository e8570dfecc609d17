"""HashiCorp Vault's transit engine on loopback, as far as the engine asks it: it wraps and opens the data key of a stack's secrets.

With a passphrase every command of the engine derives a key in a million rounds: half of what `pulumi` itself takes of a processor in an
`up` without changes. A stack whose secrets provider is a key service has the same secrets in state, under the data key.
"""

from __future__ import annotations

import atexit
import base64
import functools
import http.server
import json
import threading

from cryptography.fernet import Fernet

from tests.waiting import join

PROVIDER = "hashivault://stacks"
"""What `pulumi stack init --secrets-provider` is given."""
_TOKEN = "of the tests"


class _Transit(http.server.BaseHTTPRequestHandler):
    """PUT /v1/transit/encrypt/KEY and /decrypt/KEY, with one key for all."""

    keys = Fernet(Fernet.generate_key())

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Vault-Token"] != _TOKEN:
            self._answer(403, {"errors": ["permission denied"]})
        elif self.path.startswith("/v1/transit/encrypt/"):
            wrapped = self.keys.encrypt(base64.b64decode(asked["plaintext"]))
            self._answer(200, {"data": {"ciphertext": f"vault:v1:{wrapped.decode()}"}})
        else:
            opened = self.keys.decrypt(asked["ciphertext"].removeprefix("vault:v1:"))
            self._answer(200, {"data": {"plaintext": base64.b64encode(opened).decode()}})

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@functools.cache
def vault() -> dict[str, str]:
    """Start it when it is first asked for, until this process ends; returns the variables by which the engine finds it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()

    def end() -> None:
        server.shutdown()
        join(serving)
        server.server_close()

    atexit.register(end)
    return {"VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_address[1]}", "VAULT_SERVER_TOKEN": _TOKEN}
