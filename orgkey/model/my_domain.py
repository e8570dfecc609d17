"""`salesforce:instanceUrl` as people paste it: an org's My Domain is read out of any of its pages' addresses, or told why it cannot be.

| address | what it is | taken as |
| --- | --- | --- |
| `X.my.salesforce.com` and `.mil`, with `.sandbox`, `.develop`, `.scratch` … between | My Domain | itself |
| `X.lightning.force.com`, `X.lightning.crmforce.mil` | a page of Lightning | `X.my.salesforce.com`, `.mil` |
| `X.my.salesforce-setup.com` | a page of Setup | `X.my.salesforce.com` |
| `login`, `test`, `na139`, `cs42` `.salesforce.com` | a host that many orgs share | refused |
| `.my.site.com`, `.force.com`, `.salesforce-sites.com`, `.salesforce-experience.com` … | a site | refused |
| `.visualforce.com`, `.file.force.com`, `.documentforce.com` … | pages and files of an org | refused |
| `X--S.cs42.my.salesforce.com` | a sandbox before enhanced domains, whose redirection has ended | refused |
| anything else | the local org, or a name of one's own before an org | itself |

Sources: platform notes 4.1 and 7; "My Domain URL Formats" in Salesforce Help.
"""

from __future__ import annotations

import re

ADVICE = "https://<name>.my.salesforce.com (a sandbox: https://<name>--<sandbox>.sandbox.my.salesforce.com); Setup > My Domain shows it"
_URL = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<user>[^/?#@]*@)?(?P<host>[^/?#:@\[\]]+)(?::(?P<port>\d{1,5}))?(?P<rest>[/?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MY_DOMAIN = re.compile(r".+\.my\.salesforce\.(?:com|mil)")
_PAGES = (
    (re.compile(r"(?P<name>.+)\.lightning\.force\.com"), "com"),
    (re.compile(r"(?P<name>.+)\.lightning\.(?:crmforce|force)\.mil"), "mil"),
    (re.compile(r"(?P<name>.+)\.my\.salesforce-setup\.com"), "com"),
    (re.compile(r"(?P<name>.+)\.my\.salesforce-setup\.mil"), "mil"),
)
_INSTANCE = r"(?:na|cs|eu|ap|um|us|gs|usa|swe|deu|fra|gbr|ind|jpn|aus|can|bra|ita|kor|sgp|che|isr|idn|are|chn)\d+[a-z]?"
_SHARED = re.compile(rf"(?:login|test|www|{_INSTANCE})\.salesforce\.com|{_INSTANCE}\.lightning\.force\.com")
_BEFORE_ENHANCED = re.compile(rf".+\.{_INSTANCE}\.my\.salesforce\.com")
_SITES = re.compile(
    r"(?:.+\.)?(?:my\.site\.com|salesforce-sites\.com|salesforce-experience\.com|force\.com|site\.com|crmforce\.mil)"
)
_FILES = re.compile(
    r"(?:.+\.)?(?:visualforce|vf\.force|documentforce|content\.force|file\.force|salesforce-scrt|salesforce-setup)\.com"
)
_OURS = re.compile(r"(?:.+\.)?(?:salesforce|force|site|salesforce-[a-z]+)\.(?:com|mil)|.+\.crmforce\.mil")


def my_domain(written: str) -> str:
    """The address to use, `https://host` or `https://host:port`; raises ValueError with a sentence that begins with "must"."""
    found = _URL.fullmatch(written.strip())
    host = found["host"].lower().rstrip(".") if found else ""
    if found is None or not _HOST.fullmatch(host) or len(host) > 253:  # noqa: PLR2004 — RFC 1035
        raise ValueError(f"must be the org's My Domain, {ADVICE}")
    if found["user"]:
        raise ValueError(f"must have no user name or password in it: {ADVICE}")
    _refuse_other(host)
    for pages, top in _PAGES:
        if page := pages.fullmatch(host):
            host = f"{page['name']}.my.salesforce.{top}"
    salesforce = bool(_OURS.fullmatch(host))
    if (found["scheme"] or "").lower() != "https" and not (
        salesforce and (found["scheme"] or "http").lower() == "http"
    ):
        raise ValueError("must begin with https://")
    if (found["rest"] or "/") != "/" and not salesforce:
        raise ValueError(f"must be the org's address alone, without a path: {ADVICE}")
    port = found["port"]
    if port and (not 0 < int(port) < 65536 or (salesforce and port != "443")):  # noqa: PLR2004 — TCP
        raise ValueError(f"must be without a port: {ADVICE}")
    return f"https://{host}:{port}" if port and port != "443" else f"https://{host}"


def as_my_domain(written: str) -> str:
    """The same for an address out of a state; what is none stays as it is."""
    try:
        return my_domain(written)
    except ValueError:
        return written


def was_put_right(written: str, taken: str) -> bool:
    """Whether more was changed than case, port 443 and a slash at the end: then people should know."""
    return re.sub(r"(:443)?/?$", "", written.strip().lower()) != taken


def _refuse_other(host: str) -> None:
    if _SHARED.fullmatch(host):
        raise ValueError(f"must be the org's own My Domain, not a host that many orgs share: {ADVICE}")
    if _BEFORE_ENHANCED.fullmatch(host):
        raise ValueError(
            f"must be the My Domain of today: that form with an instance in it leads nowhere any more; {ADVICE}"
        )
    if _FILES.fullmatch(host) and not any(pages.fullmatch(host) for pages, _ in _PAGES):
        raise ValueError(f"must be the org's My Domain, not a host of its pages or files: {ADVICE}")
    if _SITES.fullmatch(host) and not any(pages.fullmatch(host) for pages, _ in _PAGES):
        raise ValueError(f"must be the org's My Domain, not an Experience Cloud or other site of it: {ADVICE}")
    if re.fullmatch(r"(?:.+\.)?salesforce\.(?:com|mil)", host) and not _MY_DOMAIN.fullmatch(host):
        raise ValueError(f"must be the org's own My Domain: {ADVICE}")
