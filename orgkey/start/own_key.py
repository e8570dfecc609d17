"""One's own key and certificate, out of their files: read, judged, and the certificate in its one spelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

_OPTIONS = {"privateKeyPem": "--key", "certificatePem": "--certificate"}


@dataclass(frozen=True, slots=True)
class OwnKey:
    """Key and certificate as PEM, empty where there are none; `problems` are sentences."""

    private_key: str = field(default="", repr=False)
    certificate: str = ""
    problems: tuple[str, ...] = ()


def own_key(key_file: str | None, certificate_file: str | None) -> OwnKey:
    """Read both files, or neither."""
    if key_file is None and certificate_file is None:
        return OwnKey()
    if key_file is None or certificate_file is None:
        return OwnKey(problems=("--key and --certificate come together: give both.",))
    texts, wrong = [], []
    for option, file in (("--key", key_file), ("--certificate", certificate_file)):
        try:
            texts.append(Path(file).expanduser().read_bytes().decode("latin-1"))
        except (OSError, ValueError, RuntimeError) as error:
            wrong.append(f"{option} {file} cannot be read: {getattr(error, 'strerror', None) or 'it is no path'}.")
    return OwnKey(problems=tuple(wrong)) if wrong else _judged(*texts)


def _judged(private_key: str, certificate: str) -> OwnKey:
    from orgkey.identity.key_pair import given_key_pair_problems
    from orgkey.identity.reading import canonical_certificate, canonical_key, read_certificate, read_key

    found = [
        f"{_OPTIONS[name]} {reason.replace('privateKeyPem', '--key')}."
        for name, reason in given_key_pair_problems(private_key, certificate, now=datetime.now(UTC))
    ]
    if found:
        return OwnKey(problems=tuple(found))
    key = read_key(private_key)
    return OwnKey(canonical_key(key), canonical_certificate(read_certificate(certificate, key)))
