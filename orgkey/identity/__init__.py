"""The client's side of a JWT bearer login: a key pair with its certificate, and signed assertions. Pure: no network, no disk."""
