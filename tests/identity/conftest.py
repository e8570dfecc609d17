from datetime import UTC, datetime

import pytest

from orgkey.identity.key_pair import KeyPair, certify, generate_key

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def key() -> str:
    """An RSA key of 2048 bits; making one takes a while, so all tests of a process share it."""
    return generate_key(2048)


@pytest.fixture(scope="session")
def other_key() -> str:
    return generate_key(2048)


@pytest.fixture(scope="session")
def pair(key: str) -> KeyPair:
    return certify(key, subject="CN=CI Integration,O=Acme,C=DE", validity_days=365, now=NOW)
