"""An org for the tests of pure code: it takes what was rendered and gives it back, as a retrieve of the same files would."""

from collections.abc import Mapping, Sequence

from orgkey.metadata.members import Resource, member_names
from orgkey.metadata.parse import Found, parse, parse_xml
from orgkey.metadata.render import Settings, UnknownPart, render

PERMISSION_SET, CONNECTED, EXTERNAL = Resource.PERMISSION_SET, Resource.CONNECTED_APP, Resource.EXTERNAL_CLIENT_APP
APPS = (CONNECTED, EXTERNAL)
EVERY_RESOURCE = (PERMISSION_SET, CONNECTED, EXTERNAL)

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"

SMALLEST: Mapping[Resource, Settings] = {
    PERMISSION_SET: {"name": "CI_Access", "label": "CI Access"},
    CONNECTED: {
        "name": "CI",
        "label": "CI",
        "contactEmail": "ops@acme.com",
        "certificatePem": CERTIFICATE,
        "consumerKey": "3MVG9abcdefgh",
    },
    EXTERNAL: {
        "name": "CI",
        "label": "CI",
        "contactEmail": "ops@acme.com",
        "certificatePem": CERTIFICATE,
        "consumerKey": "3MVG9abcdefgh",
    },
}


def files(
    resource: Resource,
    settings: Settings,
    *,
    api_version: float = 67.0,
    previous: Settings | None = None,
    carried_over: Sequence[UnknownPart] = (),
) -> dict[str, str]:
    """The rendered files by metadata type."""
    names = member_names(resource, str(settings["name"]))
    members = render(resource, settings, names, api_version=api_version, previous=previous, carried_over=carried_over)
    return {member.type: member.xml.decode() for member in members}


def read_back(resource: Resource, documents: Mapping[str, str | bytes], *, name: str = "CI") -> Found:
    """What orgkey makes of these files."""
    roots = {
        type_name: parse_xml(document.encode() if isinstance(document, str) else document)
        for type_name, document in documents.items()
    }
    return parse(resource, roots, member_names(resource, name))


def round_trip(resource: Resource, settings: Settings) -> Found:
    return read_back(resource, files(resource, settings), name=str(settings["name"]))
