"""What an HTTP answer that is no org's answer means, and why there was none."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime

import requests

from orgkey.salesforce.errors import TransientError, UnreachableError, host_of


def retry_after(response: requests.Response) -> float | None:
    """Seconds after which the org asks to come back (Retry-After, RFC 9110 10.2.3: seconds, or a date); None where it says nothing."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def what_failed(response: requests.Response) -> str:
    """What to tell of an error without the platform's own words, which comes from something before the org; and when to try again."""
    wait = retry_after(response)
    when = f"in {wait:.0f} seconds" if wait else "in a moment"
    return f"{host_of(response.url)} answered HTTP {response.status_code} {response.reason}.\nTry again {when}."


def unreachable(url: str, error: requests.exceptions.RequestException) -> UnreachableError:
    """Say in one sentence why there was no answer, and what to do; the request itself is never shown."""
    host = host_of(url)
    text = str(error)
    match error:
        case requests.exceptions.SSLError():
            reason = (
                "its TLS certificate is not trusted"
                if "CERTIFICATE_VERIFY_FAILED" in text
                else "TLS could not be agreed on"
            )
            advice = "Set salesforce:caBundle to the CA of the host or of the proxy between; verification is never switched off."
        case requests.exceptions.ProxyError():
            reason, advice = "the proxy did not let us through", "Check HTTPS_PROXY and NO_PROXY."
        case requests.exceptions.ConnectTimeout() | requests.exceptions.ReadTimeout():
            reason, advice = (
                "no answer came in time",
                "Try again; if it stays so, check the network and https://status.salesforce.com.",
            )
        case _ if "Name or service not known" in text or "NameResolution" in text or "nodename nor servname" in text:
            reason, advice = "the host name is not known", "Check salesforce:instanceUrl."
        case _ if "refused" in text:
            reason, advice = "the connection was refused", "Check salesforce:instanceUrl and that the org is up."
        case _:
            reason, advice = "the connection broke", "Try again; the same command goes on from here."
    kind = UnreachableError if isinstance(error, requests.exceptions.SSLError) else TransientError
    return kind(f"{host} cannot be reached: {reason}.\n{advice}")


def refuse_foreign(url: str, response: requests.Response) -> None:
    """Raise UnreachableError for a redirect and for a web page: neither comes from an org's API."""
    host = host_of(url)
    if response.is_redirect or response.is_permanent_redirect:
        elsewhere = host_of(response.headers.get("Location", "")) or "elsewhere"
        raise UnreachableError(
            f"{host} sends us to {elsewhere}, and we do not follow with credentials in hand.\n"
            "Set salesforce:instanceUrl to the org's present My Domain.",
        )
    if "text/html" in response.headers.get("Content-Type", "") and response.content.lstrip().startswith(b"<"):
        raise UnreachableError(
            f"{host} answered with a web page (HTTP {response.status_code}) instead of data.\n"
            "It is no Salesforce My Domain, or the org is down or still being made: check salesforce:instanceUrl, then try again.",
        )


def is_fault(response: requests.Response) -> bool:
    """A 500 with the platform's own fault or error in it: an answer, not a broken connection (platform notes 5.7)."""
    head = response.content[:2000]
    return b"Fault" in head or b"errorCode" in head
