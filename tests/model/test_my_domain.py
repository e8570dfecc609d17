"""`salesforce:instanceUrl` as people paste it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.model.my_domain import ADVICE, my_domain, was_put_right

ACME, SANDBOX = "https://acme.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"

TAKEN = [
    (ACME, ACME, False),
    (f"{ACME}/", ACME, False),
    ("HTTPS://Acme.My.Salesforce.com", ACME, False),
    (f"  {ACME}\n", ACME, False),
    (f"{ACME}:443", ACME, False),
    (SANDBOX, SANDBOX, False),
    ("acme.my.salesforce.com", ACME, True),
    ("http://acme.my.salesforce.com", ACME, True),
    (f"{ACME}./", ACME, True),
    (f"{ACME}/services/data/v67.0?x=1#y", ACME, True),
    ("https://acme.lightning.force.com", ACME, True),
    ("https://acme.lightning.force.com/lightning/setup/SetupOneHome/home", ACME, True),
    ("https://acme--uat.sandbox.lightning.force.com/lightning/page/home", SANDBOX, True),
    ("https://acme.my.salesforce-setup.com/lightning/setup/NavigationMenus/home", ACME, True),
    ("https://acme--uat.sandbox.my.salesforce-setup.com/", SANDBOX, True),
    ("https://acme-dev-ed.develop.lightning.force.com", "https://acme-dev-ed.develop.my.salesforce.com", True),
    ("https://acme-dev-ed.develop.my.salesforce.com", "https://acme-dev-ed.develop.my.salesforce.com", False),
    ("https://fun-fact-1234.scratch.lightning.force.com", "https://fun-fact-1234.scratch.my.salesforce.com", True),
    ("https://agency.my.salesforce.mil", "https://agency.my.salesforce.mil", False),
    ("https://agency.lightning.crmforce.mil/x", "https://agency.my.salesforce.mil", True),
    ("https://localhost:8443", "https://localhost:8443", False),
    ("https://uat.localhost:8443/", "https://uat.localhost:8443", False),
    ("https://127.0.0.1:9000", "https://127.0.0.1:9000", False),
    ("https://crm.acme.com", "https://crm.acme.com", False),
]


@pytest.mark.parametrize(("written", "taken", "put_right"), TAKEN)
def test_the_my_domain_is_read_out_of_what_was_pasted(written: str, taken: str, put_right: bool) -> None:  # noqa: FBT001
    assert my_domain(written) == taken
    assert my_domain(taken) == taken
    assert was_put_right(written, taken) is put_right


REFUSED = [
    ("https://login.salesforce.com", "a host that many orgs share"),
    ("https://test.salesforce.com/", "a host that many orgs share"),
    ("https://na139.salesforce.com", "a host that many orgs share"),
    ("https://CS339.salesforce.com/home", "a host that many orgs share"),
    ("https://usa2s.salesforce.com", "a host that many orgs share"),
    ("https://na139.lightning.force.com", "a host that many orgs share"),
    ("https://acme--uat.cs42.my.salesforce.com", "with an instance in it"),
    ("https://acme.my.site.com/s", "Experience Cloud"),
    ("https://acme--uat.sandbox.my.site.com", "Experience Cloud"),
    ("https://acme.force.com/portal", "Experience Cloud"),
    ("https://acme.my.salesforce-sites.com", "Experience Cloud"),
    ("https://acme.builder.salesforce-experience.com", "Experience Cloud"),
    ("https://acme--c.vf.force.com", "pages or files"),
    ("https://acme--c.visualforce.com", "pages or files"),
    ("https://acme.file.force.com", "pages or files"),
    ("https://acme.salesforce-setup.com", "pages or files"),
    ("https://help.salesforce.com/s/articleView", "must be the org's own My Domain"),
    ("https://salesforce.com", "must be the org's own My Domain"),
    ("https://admin:pw@acme.my.salesforce.com", "no user name or password"),
    ("https://acme.my.salesforce.com:8443", "without a port"),
    ("https://localhost:99999", "without a port"),
    ("https://crm.acme.com/path", "without a path"),
    ("https://localhost:8443/x", "without a path"),
    ("http://localhost:8443", "must begin with https://"),
    ("crm.acme.com", "must begin with https://"),
    ("ftp://acme.my.salesforce.com", "must begin with https://"),
    ("https://", "must be the org's My Domain"),
    ("", "must be the org's My Domain"),
    ("https://-acme.my.salesforce.com", "must be the org's My Domain"),
    ("https://acme..my.salesforce.com", "must be the org's My Domain"),
    ("https://acme_x.my.salesforce.com", "must be the org's My Domain"),
    ("https://acme my.salesforce.com", "must be the org's My Domain"),
    ("uat-admin\n", "must begin with https://"),
]


@pytest.mark.parametrize(("written", "says"), REFUSED)
def test_what_is_no_my_domain_is_refused_with_the_right_form(written: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"^must ") as caught:
        my_domain(written)
    assert says in str(caught.value)
    assert ADVICE in str(caught.value) or says == "must begin with https://"


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
PARTS = st.sampled_from(["", ".sandbox", ".develop", ".scratch", ".demo", ".trailblaze"])


@given(NAMES.filter(lambda name: not name[:2].isalpha() or not name[-1].isdigit()), PARTS, st.text(max_size=20))
def test_every_page_of_an_org_leads_to_its_my_domain(name: str, part: str, path: str) -> None:
    want = f"https://{name}{part}.my.salesforce.com"
    for host in ("lightning.force.com", "my.salesforce-setup.com", "my.salesforce.com"):
        assert my_domain(f"https://{name}{part}.{host}/{path}") == want


@given(st.text())
def test_any_other_text_is_taken_or_refused_with_a_sentence(text: str) -> None:
    try:
        taken = my_domain(text)
    except ValueError as error:
        assert str(error).startswith("must ")  # noqa: PT017 — either is right
    else:
        assert my_domain(taken) == taken
