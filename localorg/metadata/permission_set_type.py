"""PermissionSet's elements, in WSDL order (platform notes 3.1)."""

from __future__ import annotations

from localorg.metadata.elements import Element, MetadataType, choice, flags, struct, text


def _access(name: str, *keys: str, word: str = "enabled") -> Element:
    """Return a list of `{name of the thing, enabled}`; its parts are in alphabetical order, as in the WSDL."""
    parts = [*(Element(key, required=True) for key in keys), Element(word, "boolean", required=True)]
    return struct(name, *sorted(parts, key=lambda part: part.name), many=True)


PERMISSION_SET = MetadataType(
    "PermissionSet",
    "permissionsets",
    "permissionset",
    "0PS",
    (
        _access("agentAccesses", "agentName"),
        struct(
            "applicationVisibilities",
            Element("application", required=True),
            *flags("default"),
            Element("visible", "boolean", required=True),
            many=True,
        ),
        _access("classAccesses", "apexClass"),
        _access("customMetadataTypeAccesses", "name"),
        _access("customPermissions", "name"),
        _access("customSettingAccesses", "name"),
        *text("description"),
        _access("emailRoutingAddressAccesses", "name"),
        _access("externalCredentialPrincipalAccesses", "externalCredentialPrincipal"),
        _access("externalDataSourceAccesses", "externalDataSource"),
        struct(
            "fieldPermissions",
            Element("editable", "boolean", required=True),
            Element("field", required=True),
            Element("readable", "boolean"),
            many=True,
        ),
        _access("flowAccesses", "flow"),
        *flags("hasActivationRequired"),
        Element("label", required=True),
        *text("license"),
        struct(
            "objectPermissions",
            *flags("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords"),
            Element("object", required=True),
            *flags("viewAllFields", "viewAllRecords"),
            many=True,
        ),
        _access("pageAccesses", "apexPage"),
        struct(
            "recordTypeVisibilities",
            Element("recordType", required=True),
            Element("visible", "boolean", required=True),
            many=True,
        ),
        struct(
            "tabSettings",
            Element("tab", required=True),
            choice("visibility", "Available", "None", "Visible", required=True),
            many=True,
        ),
        *text("userLicense"),
        struct(
            "userPermissions", Element("enabled", "boolean", required=True), Element("name", required=True), many=True
        ),
    ),
)
