"""HTTP: each endpoint parses a request, calls a verb of the engine, and renders the platform's answer."""
