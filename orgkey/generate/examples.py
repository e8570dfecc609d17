"""The examples of the resource pages: each written once, as Pulumi YAML, from which the same program in Python is made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from orgkey.generate.python_code import formatted
from orgkey.model.input_model import python_name
from orgkey.provider.registry import PACKAGE

_REFERENCE = re.compile(r"\$\{(\w+)(?:\.(\w+))?\}")
_COMPONENT = "orgkey:JwtBearerAccess"
_PROVIDER = f"pulumi:providers:{PACKAGE}"

EXAMPLES: Mapping[str, str] = {
    "Provider": """
resources:
  uat:
    type: pulumi:providers:salesforce
    properties:
      instanceUrl: https://acme--uat.sandbox.my.salesforce.com
      credentials: {sfdxAuthUrlEnv: UAT_AUTH_URL}
      expectedKind: sandbox
  production:
    type: pulumi:providers:salesforce
    properties:
      instanceUrl: https://acme.my.salesforce.com
      credentials: {jwt: {consumerKey: 3MVG9bootstrap, username: admin@acme.com, privateKeyEnv: BOOTSTRAP_KEY}}
      expectedKind: production
""",
    "JwtBearerAccess": """
resources:
  uat:
    type: pulumi:providers:salesforce
    properties:
      instanceUrl: https://acme--uat.sandbox.my.salesforce.com
      credentials: {sfdxAuthUrlEnv: UAT_AUTH_URL}
  access:
    type: orgkey:JwtBearerAccess
    properties:
      app: {name: CI_Integration, contactEmail: ops@acme.com, scopes: [Api, RefreshToken, Web]}
      users: [ci@acme.com.uat, deploy@acme.com.uat]
      key: {validityDays: 180}
      timeouts: {create: 45m}
    options: {providers: ["${uat}"]}
outputs:
  consumerKey: ${access.consumerKey}
  privateKeyPem: ${access.privateKeyPem}
""",
    "KeyPair": """
resources:
  key:
    type: salesforce:KeyPair
    properties: {subject: "CN=CI Integration,O=Acme", validityDays: 180}
outputs:
  certificate: ${key.certificatePem}
""",
    "PermissionSet": """
resources:
  access:
    type: salesforce:PermissionSet
    properties: {name: CI_Access, label: CI Access, userPermissions: [ApiEnabled], managedBy: acme-platform/uat}
""",
    "PermissionSetAssignments": """
resources:
  access:
    type: salesforce:PermissionSet
    properties: {name: CI_Access, label: CI Access}
  holders:
    type: salesforce:PermissionSetAssignments
    properties:
      permissionSet: ${access.name}
      users: [ci@acme.com.uat]
      authoritative: true
      groups: [Deployers]
""",
    "ExternalClientApp": """
resources:
  key: {type: salesforce:KeyPair}
  app:
    type: salesforce:ExternalClientApp
    properties:
      name: CI_Integration
      label: CI Integration
      contactEmail: ops@acme.com
      certificatePem: ${key.certificatePem}
      consumerKey: ${key.consumerKey}
      permissionSets: [CI_Access]
""",
    "ConnectedApp": """
resources:
  key: {type: salesforce:KeyPair}
  app:
    type: salesforce:ConnectedApp
    properties:
      name: CI_Integration
      label: CI Integration
      contactEmail: ops@acme.com
      certificatePem: ${key.certificatePem}
      consumerKey: ${key.consumerKey}
      permissionSets: [CI_Access]
      trustedIpRanges: [{start: 203.0.113.0, end: 203.0.113.255}]
    options: {protect: true}
""",
    "JwtGrant": """
resources:
  key: {type: salesforce:KeyPair}
  app:
    type: salesforce:ExternalClientApp
    properties:
      name: CI_Integration
      label: CI Integration
      contactEmail: ops@acme.com
      certificatePem: ${key.certificatePem}
      consumerKey: ${key.consumerKey}
      permissionSets: [CI_Access]
  login:
    type: salesforce:JwtGrant
    properties:
      consumerKey: ${app.consumerKey}
      username: ci@acme.com.uat
      privateKeyPem: ${key.privateKeyPem}
      revisions: ["${app.revision}"]
      deployedAt: ${app.deployedAt}
outputs:
  verified: ${login.verified}
""",
}
"""By the name of the page's resource. Without an explicit provider a resource takes the stack's `salesforce:*` settings."""


def yaml_of(name: str) -> str:
    """The example as a Pulumi YAML program."""
    return f"name: example\nruntime: yaml\n{EXAMPLES[name].strip()}\n"


def python_of(name: str, schemas: Mapping[str, Mapping[str, Any]]) -> str:
    """The same program in Python; `schemas` by the name of the package."""
    return _Program(yaml.safe_load(EXAMPLES[name]), schemas).text()


class _Program:
    """One translation, which gathers the names that it imports."""

    def __init__(self, program: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> None:
        self._program, self._schemas = program, schemas
        self._imports: dict[str, set[str]] = {"orgkey.components": set(), "orgkey.resources": set()}

    def text(self) -> str:
        lines = [self._resource(name, described) for name, described in self._program["resources"].items()]
        lines += [
            f'pulumi.export("{name}", {_value(value)})' for name, value in self._program.get("outputs", {}).items()
        ]
        body = "\n".join(lines)
        imports = [
            f"from {module} import {', '.join(sorted(names))}" for module, names in self._imports.items() if names
        ]
        first = "import pulumi\n\n" if "pulumi." in body else ""
        return formatted(f"{first}{chr(10).join(imports)}\n\n{body}\n", Path("example.py"))

    def _resource(self, name: str, described: Mapping[str, Any]) -> str:
        kind, module, inputs, package = self._declared(described["type"])
        self._imports[module] |= {kind, f"{kind}Args"}
        arguments = ", ".join(self._arguments(described.get("properties", {}), inputs, module, package))
        options = "".join(self._options(described.get("options", {})))
        return f'{name} = {kind}("{name}", {kind}Args({arguments}){options})'

    def _declared(self, token: str) -> tuple[str, str, Mapping[str, Any], str]:
        if token == _PROVIDER:
            return "Provider", "orgkey.resources", self._schemas[PACKAGE]["provider"]["inputProperties"], PACKAGE
        package, kind = token.split(":")
        module = "orgkey.components" if token == _COMPONENT else "orgkey.resources"
        return kind, module, self._schemas[package]["resources"][f"{package}:index:{kind}"]["inputProperties"], package

    def _arguments(
        self, values: Mapping[str, Any], inputs: Mapping[str, Any], module: str, package: str
    ) -> Iterator[str]:
        for key, value in values.items():
            reference = inputs[key].get("$ref")
            if not reference:
                yield f"{python_name(key)}={_value(value)}"
                continue
            nested = self._schemas[package]["types"][reference.removeprefix("#/types/")]["properties"]
            kind = reference.rsplit(":", 1)[-1] + ("Args" if package == PACKAGE else "")
            self._imports[module].add(kind)
            yield f"{python_name(key)}={kind}({', '.join(self._arguments(value, nested, module, package))})"

    def _options(self, options: Mapping[str, Any]) -> Iterator[str]:
        if not options:
            return
        named = {"provider" if key == "providers" else key: value for key, value in options.items()}
        given = (f"{key}={_value(value[0] if key == 'provider' else value)}" for key, value in named.items())
        yield f", pulumi.ResourceOptions({', '.join(given)})"


def _value(value: Any) -> str:
    if isinstance(value, str) and (found := _REFERENCE.fullmatch(value)):
        return ".".join(python_name(part) for part in found.groups() if part)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_value(item)}' for key, item in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else repr(value)
