"""The components of orgkey. Wiring only: no provider, no client."""
