"""The components of orgkey. Wiring only: no provider, no client."""

from orgkey.components.arguments import ImportSettings, JwtBearerAccessArgs, TimeoutSettings
from orgkey.components.jwt_bearer_access import JwtBearerAccess
from orgkey.components.settings import (
    AppSettings,
    AssignmentSettings,
    GrantSettings,
    KeySettings,
    PermissionSetSettings,
)

__all__ = [
    "AppSettings",
    "AssignmentSettings",
    "GrantSettings",
    "ImportSettings",
    "JwtBearerAccess",
    "JwtBearerAccessArgs",
    "KeySettings",
    "PermissionSetSettings",
    "TimeoutSettings",
]
