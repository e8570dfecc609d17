"""simple-salesforce is loaded without what is never used here, and whoever uses that finds it as ever."""

from tests.interpreter import printed_by

HEAVY = "('zeep', 'more_itertools', 'jwt', 'cryptography')"


def test_a_client_is_made_without_soap_bulk_jobs_and_logins() -> None:
    loaded = printed_by(
        "import requests, sys; from orgkey.salesforce.rest_client import Salesforce;"
        "Salesforce(session_id='s', instance_url='https://example.com', session=requests.Session());"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert loaded == "[]"


def test_a_client_still_has_bulk_jobs_and_soap() -> None:
    used = printed_by(
        "import requests; from orgkey.salesforce.rest_client import Salesforce;"
        "client = Salesforce(session_id='s', instance_url='https://example.com', session=requests.Session());"
        "print(type(client.bulk).__module__, type(client.bulk2).__module__)"
    )
    assert used == "simple_salesforce.bulk simple_salesforce.bulk2"


def test_its_other_modules_are_the_real_ones_to_whoever_imports_them_later() -> None:
    same = printed_by(
        "import orgkey.salesforce.rest_client; import simple_salesforce.bulk, simple_salesforce.login, sys;"
        "print(simple_salesforce.bulk.SFBulkHandler.__module__, simple_salesforce.login.SalesforceLogin.__name__)"
    )
    assert same == "simple_salesforce.bulk SalesforceLogin"


def test_the_package_imported_before_is_used_as_it_is() -> None:
    same = printed_by(
        "import simple_salesforce; from orgkey.salesforce.rest_client import Salesforce;"
        "print(Salesforce is simple_salesforce.Salesforce, simple_salesforce.SFBulkHandler.__module__)"
    )
    assert same == "True simple_salesforce.bulk"
