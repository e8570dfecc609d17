"""Causes on this machine and on the way to the org: key, network, clock."""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.doctor import clocks
from orgkey.doctor import evidence as seen
from orgkey.doctor.causes.cause import (
    NOTES,
    Cause,
    by_the_answer,
    not_to_be_proved,
)
from orgkey.doctor.facts import UNREACHABLE, UNUSABLE_KEY, Facts
from orgkey.doctor.three_values import Seen, both, no
from orgkey.identity.assertion import LONGEST_LIFE
from orgkey.salesforce.errors import Unreachable

_KEY_FORMS = (
    "passphrase",
    "takes rsa only",
    "rsa-pss",
    "no private key",
    "bits; salesforce takes",
    "path of a file",
    "damaged",
)


def _unreachable(code: str, why: Unreachable, title: str, remedy: str) -> Cause:
    shows = (f"{UNREACHABLE}/{why.value.lower()}",)
    asks = "the same with a longer --timeout"
    return Cause(code, title, shows, lambda facts: not facts.out_of_time or None, remedy, f"{NOTES} 4.1, 4.8", asks)


def _bad_key(code: str, part: str, title: str, remedy: str) -> Cause:
    return Cause(code, title, (f"{UNUSABLE_KEY}/{part}",), by_the_answer, remedy, "RFC 7518 3.3; platform notes 4.1")


def _clocks(facts: Facts) -> str:
    ahead = facts.host.clock_ahead
    if ahead is None:
        return ""
    return f"this machine's clock is {abs(ahead):.0f} seconds {'ahead of' if ahead > 0 else 'behind'} the org's"


def _behind(facts: Facts) -> Seen:
    if facts.failure and "expired" in facts.failure.text:
        return clocks.outlives(facts)
    return both(clocks.outlives(facts, 2 * LONGEST_LIFE), seen.only_the_clock(facts))


def _held_back(facts: Facts) -> Seen:
    return False if clocks.outlives(facts) else clocks.clocks_agree(facts) or None


CAUSES: Sequence[Cause] = (
    # --- the key, before anything is sent
    _bad_key(
        "key.passphrase",
        "passphrase",
        "the private key has a passphrase",
        "take it off with `openssl pkey -in FILE -out key.pem`",
    ),
    _bad_key(
        "key.notRsa",
        "takes rsa only",
        "the private key is no RSA key",
        "make one with `openssl genrsa -out key.pem 2048` and give the app its certificate",
    ),
    _bad_key(
        "key.rsaPss",
        "rsa-pss",
        "the private key is an RSA-PSS key, which cannot sign by RS256",
        "make an RSA key: `openssl genrsa -out key.pem 2048`",
    ),
    _bad_key(
        "key.notPrivate",
        "no private key",
        "what was given is no private key",
        "give the private key that belongs to the app's certificate",
    ),
    _bad_key(
        "key.short",
        "bits; salesforce takes",
        "the private key is too short",
        "make one of 2048 bits or more and give the app its certificate",
    ),
    _bad_key(
        "key.path",
        "path of a file",
        "the path of a key was given where the key itself is meant",
        "give the contents of the file",
    ),
    _bad_key("key.damaged", "damaged", "the private key is damaged", "copy the file as a whole, from BEGIN to END"),
    Cause(
        "key.unreadable",
        "the private key cannot be read",
        (UNUSABLE_KEY,),
        lambda facts: not any(part in facts.key.problem.lower() for part in _KEY_FORMS),
        "give an RSA key, PEM, without a passphrase",
        "RFC 7518 3.3; platform notes 4.1",
    ),
    # --- the way to the org
    _unreachable(
        "host.unknown",
        Unreachable.NAME,
        "the host name is not known",
        "check the address of the org: its My Domain, as Setup > My Domain shows it",
    ),
    _unreachable(
        "host.refused",
        Unreachable.REFUSED,
        "nothing listens at that address",
        "check the address of the org and its port",
    ),
    _unreachable(
        "host.silent",
        Unreachable.TIMEOUT,
        "the host does not answer in time",
        "check network and firewall, and https://status.salesforce.com",
    ),
    _unreachable(
        "tls.untrusted",
        Unreachable.UNTRUSTED,
        "the host's TLS certificate is not trusted by this machine",
        "give the CA of the host, or of the proxy that reads along: --ca-bundle FILE or salesforce:caBundle",
    ),
    _unreachable(
        "tls.failed",
        Unreachable.TLS,
        "no TLS connection came about",
        "check what stands between: a proxy, or a firewall that looks into TLS",
    ),
    _unreachable(
        "proxy.refuses", Unreachable.PROXY, "the proxy does not let us through", "check HTTPS_PROXY and NO_PROXY"
    ),
    _unreachable("host.breaks", Unreachable.BROKEN, "the connection breaks", "check network and proxy, then try again"),
    _unreachable(
        "host.moved",
        Unreachable.ELSEWHERE,
        "the host sends us to another one: My Domain was renamed, or it is the address of pages and not of the org",
        "use the org's present My Domain (Setup > My Domain), https://NAME.my.salesforce.com",
    ),
    _unreachable(
        "host.webPage",
        Unreachable.WEB_PAGE,
        "a web page answers in the place of the org: it is down, still being made, or no Salesforce org",
        "open the address in a browser; check it, and https://status.salesforce.com",
    ),
    _unreachable(
        "org.unwell",
        Unreachable.UNWELL,
        "the org is not well",
        "try again in a few minutes; see https://status.salesforce.com",
    ),
    _unreachable(
        "host.strange",
        Unreachable.STRANGE,
        "what answers is no Salesforce org",
        "check the address, and the proxy between, if any",
    ),
    _unreachable(
        "machine.settings",
        Unreachable.MACHINE,
        "settings of this machine are in the way",
        "check REQUESTS_CA_BUNDLE and the proxy variables",
    ),
    Cause(
        "host.otherFlow",
        "the org took the request for another OAuth flow: something between changes it, or this is no org's own host",
        (
            "unsupported_grant_type",
            "invalid_grant/expired access/refresh token",
            "invalid_grant/activation secret invalid",
            "invalid_grant/no client credentials user",
            "invalid_grant/request not supported on this domain",
        ),
        not_to_be_proved,
        "check that the address is the org's My Domain, and the proxy between, if any",
        f"{NOTES} 4.1, 4.5",
        "the same request without the proxy",
    ),
    # --- the clock
    Cause(
        "clock.behind",
        "this machine's clock is behind, so the assertion is expired when it arrives",
        ("invalid_grant/expired authorization code", "invalid_grant/invalid assertion"),
        _behind,
        "set this machine's clock (NTP)",
        f"{NOTES} 4.2, 4.5",
        "the org's Date header",
        told=_clocks,
        alone=True,
    ),
    Cause(
        "clock.ahead",
        "this machine's clock is ahead, so the assertion ends later than the org allows",
        ("invalid_grant/invalid assertion",),
        lambda facts: both(clocks.clock_off(facts), no(clocks.clock_behind(facts)), seen.only_the_clock(facts)),
        "set this machine's clock (NTP)",
        f"{NOTES} 4.2",
        "the org's Date header",
        told=_clocks,
    ),
    Cause(
        "clock.delay",
        "the assertion was expired when it arrived, and the clocks agree: something holds requests back for minutes",
        ("invalid_grant/expired authorization code",),
        _held_back,
        "check the proxy between",
        f"{NOTES} 4.5",
        "the org's Date header",
        told=_clocks,
    ),
)
