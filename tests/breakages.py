"""What somebody else does in an org behind our back, through the org's own APIs."""

from __future__ import annotations

from tests.landscape import Org

SET, APP = "CI_Integration_Access", "CI_Integration"
POLICIES = "ExtlClntAppOauthConfigurablePolicies"


def remove_the_user(org: Org) -> None:
    org.unassign(SET, org.user("ci"))


def add_a_user(org: Org) -> None:
    org.assign(SET, org.user("devops"))


def let_everybody_in(org: Org) -> None:
    name = f"{APP}_oauthPlcy"
    org.deploy(
        {
            f"extlClntAppOauthPolicies/{name}.ecaOauthPlcy": (
                f'<{POLICIES} xmlns="http://soap.sforce.com/2006/04/metadata">'
                f"<externalClientApplication>{APP}</externalClientApplication>"
                "<ipRelaxationPolicyType>Bypass</ipRelaxationPolicyType>"
                f"<label>{name}</label>"
                "<permittedUsersPolicyType>AllSelfAuthorized</permittedUsersPolicyType>"
                "<refreshTokenPolicyType>Infinite</refreshTokenPolicyType>"
                f"</{POLICIES}>"
            )
        },
        {POLICIES: [name]},
    )


def widen_the_scopes(org: Org) -> None:
    name = f"{APP}_oauth"
    org.deploy(
        {
            f"extlClntAppOauthSettings/{name}.ecaOauth": (
                '<ExtlClntAppOauthSettings xmlns="http://soap.sforce.com/2006/04/metadata">'
                "<commaSeparatedOauthScopes>Api, RefreshToken, Full</commaSeparatedOauthScopes>"
                f"<externalClientApplication>{APP}</externalClientApplication>"
                f"<label>{name}</label></ExtlClntAppOauthSettings>"
            )
        },
        {"ExtlClntAppOauthSettings": [name]},
    )


def delete_the_app(org: Org) -> None:
    org.deploy({}, destroy={"ExternalClientApplication": [APP]})


def unlink_the_set(org: Org) -> None:
    org.unlink(APP)


def grant_a_permission_in_the_set(org: Org) -> None:
    description = org.query(f"SELECT Description FROM PermissionSet WHERE Name = '{SET}'")[0]["Description"]
    org.deploy(
        {
            f"permissionsets/{SET}.permissionset": (
                '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">'
                f"<description>{description}</description><hasActivationRequired>false</hasActivationRequired>"
                "<label>CI Integration Access</label>"
                "<userPermissions><enabled>true</enabled><name>ApiEnabled</name></userPermissions></PermissionSet>"
            )
        },
        {"PermissionSet": [SET]},
    )


def link_another_set(org: Org) -> None:
    other = org.call("POST", "/services/data/v67.0/sobjects/PermissionSet", json={"Name": "Other", "Label": "Other"})
    assert other.status_code == 201, other.text
    app_id = org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{APP}'")[0]["Id"]
    link = {"ParentId": other.json()["id"], "SetupEntityId": app_id}
    answer = org.call("POST", "/services/data/v67.0/sobjects/SetupEntityAccess", json=link)
    assert answer.status_code == 201, answer.text


def take_over_the_set(org: Org) -> None:
    set_id = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'")[0]["Id"]
    answer = org.call(
        "PATCH", f"/services/data/v67.0/sobjects/PermissionSet/{set_id}", json={"Description": "ours now"}
    )
    assert answer.status_code == 204, answer.text


def rename_the_set(org: Org) -> None:
    set_id = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{SET}'")[0]["Id"]
    answer = org.call("PATCH", f"/services/data/v67.0/sobjects/PermissionSet/{set_id}", json={"Label": "For the CI"})
    assert answer.status_code == 204, answer.text
