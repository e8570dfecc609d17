"""The people of a new production org: licences, profiles, users, and a few permission sets that were there before us."""

from __future__ import annotations

from dataclasses import dataclass

from localorg.identity.profiles import take_profile
from localorg.metadata.types import CONNECTED_APP_SETTINGS, CONNECTED_APP_SETTINGS_NAME
from localorg.orgs import Org
from localorg.sobjects.reference import PERMISSIONS
from localorg.store import Store

SALESFORCE, INTEGRATION, CHATTER = "Salesforce", "Salesforce Integration", "Chatter Free"
ADMINISTRATOR, STANDARD, MINIMUM = "System Administrator", "Standard User", "Minimum Access - Salesforce"
API_ONLY, CHATTER_USER = "Minimum Access - API Only Integrations", "Chatter Free User"
API_INTEGRATION_LICENSE = "SalesforceAPIIntegrationPsl"
DOMAIN = "acme.com"


@dataclass(frozen=True)
class Person:
    """A user to be: the name before the @, full name, profile, active, frozen, with the API integration licence or not."""

    alias: str
    name: str
    profile: str = STANDARD
    active: bool = True
    frozen: bool = False
    title: str = ""
    api_integration: bool = False


_LICENSES = ((SALESFORCE, "SFDC", 100), (INTEGRATION, "PID_Salesforce_Integration", 5), (CHATTER, "CSN_User", 5000))
_PROFILES = (
    (ADMINISTRATOR, SALESFORCE, tuple(each for each in PERMISSIONS if each != "ApiUserOnly")),
    (STANDARD, SALESFORCE, ("ApiEnabled", "LightningExperienceUser", "RunReports", "ViewRoles")),
    (MINIMUM, SALESFORCE, ("LightningExperienceUser",)),
    (API_ONLY, INTEGRATION, ("ApiEnabled", "ApiUserOnly")),
    (CHATTER_USER, CHATTER, ()),
)
_PSLS = (
    (API_INTEGRATION_LICENSE, "Salesforce API Integration", 5),
    ("SalesforceCPQ_CPQStandardPerm", "Salesforce CPQ License", 25),
    ("IdentityConnect", "Identity Connect", 10),
)
PEOPLE = (
    Person("admin", "Ada Brandt", ADMINISTRATOR, title="Salesforce Administrator"),
    Person("devops", "Dmitri Okafor", ADMINISTRATOR, title="DevOps Engineer"),
    Person("release", "Rosa Lindqvist", ADMINISTRATOR, title="Release Manager"),
    Person("ci", "CI Pipeline", STANDARD, title="Continuous integration"),
    Person("deploy", "Deploy Pipeline", STANDARD, title="Continuous deployment"),
    Person("integration", "Integration Bus", API_ONLY, title="Integration", api_integration=True),
    Person("erp", "ERP Connector", API_ONLY, title="Integration"),
    Person("streaming", "Event Streaming", API_ONLY, title="Integration"),
    Person("noapi", "Nora Appelman", MINIMUM, title="Receptionist"),
    Person("former", "Frank Ormond", STANDARD, active=False, title="Account Executive"),
    Person("frozen", "Freya Olsen", STANDARD, frozen=True, title="Account Executive"),
    Person("anna.keller", "Anna Keller", title="Sales Manager"),
    Person("ben.osei", "Ben Osei", title="Account Executive"),
    Person("carla.neves", "Carla Neves", title="Account Executive"),
    Person("daniel.ito", "Daniel Ito", title="Sales Engineer"),
    Person("elif.kaya", "Elif Kaya", title="Support Lead"),
    Person("farid.haddad", "Farid Haddad", title="Support Engineer"),
    Person("grace.moore", "Grace Moore", title="Support Engineer"),
    Person("hugo.petit", "Hugo Petit", title="Marketing Manager"),
    Person("irene.costa", "Irene Costa", title="Marketing Analyst"),
    Person("jonas.weber", "Jonas Weber", title="Finance Controller"),
    Person("kim.nguyen", "Kim Nguyen", title="Data Analyst"),
    Person("liam.obrien", "Liam O'Brien", title="Account Executive"),
    Person("mei.tanaka", "Mei Tanaka", title="Product Manager"),
    Person("nadia.rossi", "Nadia Rossi", MINIMUM, title="Contractor"),
    Person("otto.berg", "Otto Berg", CHATTER_USER, title="Warehouse"),
)


def populate(store: Store, org: Org, now: str, people: tuple[Person, ...] = PEOPLE) -> None:
    """Write a production org's first rows. The first person must be an administrator."""
    admin = store.next_id("005")
    audit = {
        "CreatedDate": now,
        "CreatedById": admin,
        "LastModifiedDate": now,
        "LastModifiedById": admin,
        "SystemModstamp": now,
    }
    store.insert(
        org.name,
        "Organization",
        {
            "Id": org.org_id,
            "Name": org.label,
            "InstanceName": "LOC1",
            "OrganizationType": "Enterprise Edition",
            "LanguageLocaleKey": "en_US",
            "TimeZoneSidKey": "Europe/Berlin",
            **audit,
        },
    )
    licenses = {
        name: store.insert(
            org.name,
            "UserLicense",
            {
                "Name": name,
                "MasterLabel": name,
                "LicenseDefinitionKey": key,
                "Status": "Active",
                "TotalLicenses": total,
                **audit,
            },
        )
        for name, key, total in _LICENSES
    }
    for key, label, total in _PSLS:
        row = {"DeveloperName": key, "MasterLabel": label, "Status": "Active", "TotalLicenses": total}
        store.insert(org.name, "PermissionSetLicense", {**row, "UsedLicenses": 0, **audit})
    profiles: dict[str, str] = {}
    for number, (name, license_name, permissions) in enumerate(_PROFILES):
        profiles[name] = store.insert(
            org.name,
            "Profile",
            {
                "Name": name,
                "UserLicenseId": licenses[license_name],
                "UserType": "CsnOnly" if license_name == CHATTER else "Standard",
                **audit,
            },
        )
        own = {f"Permissions{permission}": 1 for permission in permissions}
        store.insert(
            org.name,
            "PermissionSet",
            {
                "Name": f"X00ex{number:011d}",
                "Label": f"00ex{number:011d}",
                "ProfileId": profiles[name],
                "IsOwnedByProfile": 1,
                "IsCustom": 0,
                "Type": "Profile",
                **own,
                **audit,
            },
        )
    _write_settings(store, org, admin, now)
    for person in people:
        add_person(store, org, person, profiles[person.profile], audit, admin if person is people[0] else None)


def _write_settings(store: Store, org: Org, admin: str, now: str) -> None:
    row = {"org": org.name, "type": CONNECTED_APP_SETTINGS.name, "name": CONNECTED_APP_SETTINGS_NAME}
    audit = {"created_by": admin, "created_at": now, "modified_by": admin, "modified_at": now}
    settings_id = store.next_id(CONNECTED_APP_SETTINGS.prefix)
    store.put("_Component", {**row, "id": settings_id, "document": "{}", **audit})


def add_person(
    store: Store, org: Org, person: Person, profile_id: str, audit: dict[str, str], user_id: str | None = None
) -> str:
    """Write a user and the login record beside it; return the user's id."""
    first, _, last = person.name.rpartition(" ")
    username = f"{person.alias}@{DOMAIN}{org.suffix}"
    profile = store.get(org.name, "Profile", profile_id) or {"UserType": "Standard"}
    row = {
        "Id": user_id,
        "Username": username,
        "FirstName": first,
        "LastName": last,
        "Name": person.name,
        "Email": f"{person.alias}@{DOMAIN}",
        "Alias": person.alias[:8],
        "CommunityNickname": person.alias,
        "IsActive": int(person.active),
        "ProfileId": profile_id,
        "UserType": profile["UserType"],
        "TimeZoneSidKey": "Europe/Berlin",
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "Title": person.title,
        **audit,
    }
    made = store.insert(org.name, "User", row)
    store.insert(org.name, "UserLogin", {"UserId": made, "IsFrozen": int(person.frozen), **audit})
    take_profile(store, org.name, made, profile_id, audit["SystemModstamp"])
    if person.api_integration:
        licence = store.find(org.name, "PermissionSetLicense", DeveloperName=API_INTEGRATION_LICENSE)[0]
        given = {"AssigneeId": made, "PermissionSetLicenseId": licence["Id"]}
        store.insert(org.name, "PermissionSetLicenseAssign", {**given, **audit})
    return made
