"""The landscape's own CA and the certificate of its servers, made once and kept: clients trust the CA by file."""

from __future__ import annotations

import ssl

from localorg.home import Home
from localorg.orgs import HOST


def ensure_certificates(home: Home) -> None:
    """Make CA and server certificate (ECDSA: handshakes are cheap) unless they are there. The CA's key is not kept."""
    if home.ca_bundle.exists() and home.server_key.exists():
        return
    import trustme

    authority = trustme.CA(organization_name="localorg")
    leaf = authority.issue_cert(HOST, "127.0.0.1", "::1")
    home.server_key.touch(mode=0o600)
    leaf.private_key_and_cert_chain_pem.write_to_path(str(home.server_key))
    authority.cert_pem.write_to_path(str(home.ca_bundle))


def server_context(home: Home) -> ssl.SSLContext:
    """Return the TLS settings of all ports."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(home.server_key)
    return context
