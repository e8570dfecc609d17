"""The protocol's messages are loaded without the SDK, and the SDK still finds everything as it expects afterwards."""

from tests.interpreter import printed_by


def test_the_provider_starts_without_the_sdk_the_http_client_xml_and_cryptography() -> None:
    heavy = printed_by(
        "import orgkey.provider.server, sys;"
        "print([name for name in ('pulumi', 'pulumi.automation', 'requests', 'jwt', 'lxml', 'cryptography') if name in sys.modules])"
    )
    assert heavy == "[]"


def test_the_sdk_imported_later_shares_the_same_messages() -> None:
    same = printed_by(
        "from orgkey.provider.protocol import provider_pb2 as ours;"
        "import pulumi, pulumi.automation;"
        "from pulumi.runtime.proto import provider_pb2 as theirs;"
        "print(ours is theirs)"
    )
    assert same == "True"


def test_the_sdk_imported_before_is_used_as_it_is() -> None:
    same = printed_by(
        "import pulumi; from pulumi.runtime.proto import provider_pb2 as theirs;"
        "from orgkey.provider.protocol import provider_pb2 as ours; print(ours is theirs)"
    )
    assert same == "True"
