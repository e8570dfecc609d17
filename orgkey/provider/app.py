"""ConnectedApp and ExternalClientApp: the OAuth app that trusts the certificate.

The consumer key is sent while the app has none and compared after it: the platform can answer Succeeded and keep another key (notes 2.4).
The certificate is sent with every deploy, because an update without it clears it; where an org gives it back, one that is not ours shows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from orgkey.metadata.certificate import fingerprint
from orgkey.metadata.members import GLOBAL_OAUTH, OAUTH, ROOT_MEMBER, Resource
from orgkey.metadata.ownership import Ownership
from orgkey.metadata.parse import Found
from orgkey.provider.adoption import is_deployed
from orgkey.provider.cut_off import cut_off, tell_whom
from orgkey.provider.giving_way import reason_to_give_way
from orgkey.provider.handler import Diff, ImportRefusedError, InitFailedError, Operation, ReadResult, Values
from orgkey.provider.metadata_deploy import NOTHING_INHERITED, Inherited, destroy
from orgkey.provider.metadata_resource import MetadataHandler
from orgkey.provider.owner import MANAGED_BY
from orgkey.provider.preview import permission_verdicts, tell_what_a_deploy_tells
from orgkey.provider.same_name import judge_name_of, ownership_seen, thing_of
from orgkey.provider.wire import UNKNOWN, has_unknown
from orgkey.salesforce import soql
from orgkey.salesforce.app_links import (
    Grantee,
    Link,
    delete_links,
    grantees,
    links_of,
    make_links,
    missing,
    names_of_labels,
    permission_set_rows,
    read_links,
    unwanted,
)
from orgkey.salesforce.app_links import questions as link_questions
from orgkey.salesforce.apps import ID_PREFIX, is_there, package_of, read_app
from orgkey.salesforce.apps import record_id as app_id
from orgkey.salesforce.deploy_job import ComponentResult
from orgkey.salesforce.errors import ConflictError, DeployFailedError, PartialReadError, RefusedError, host_of
from orgkey.salesforce.preflight import permission_questions, read_consumer_keys
from orgkey.salesforce.preflight_judge import (
    API,
    EXTERNAL,
    METADATA,
    SETUP,
    Need,
    Thing,
    judge_consumer_key,
    judge_key,
    judge_other_kind,
)
from orgkey.salesforce.preflight_table import State, Verdict
from orgkey.salesforce.read import other_kind
from orgkey.salesforce.side_by_side import side_by_side

_THROW_AWAY_BITS = 2048
_MOST_APPS = 50  # whose consumer keys a preview looks at: ten are a request
_GRANTEES = ("permissionSets", "profiles")


class AppHandler(MetadataHandler):
    """See the module."""

    needs: ClassVar[tuple[Need, ...]] = (API, SETUP, METADATA)

    own_outputs: ClassVar[tuple[str, ...]] = (
        "appId",
        "orgId",
        "instanceUrl",
        "claim",
        "claimFound",
        "revision",
        "deployedAt",
        "members",
        "otherParts",
        "carriedOver",
        "notKept",
        "adopted",
        "copiedFrom",
        "deployedCertificate",
        "certificateReturned",
    )

    def questions(self, inputs: Values) -> list[str]:
        return [soql.external_client_app(str(inputs["name"]))]

    def ask_first(self, inputs: Values, operation: Operation) -> None:
        """As for all metadata; beside it, once it is known which org this is, whether there is an app of the other kind."""
        first, other = partial(super().ask_first, inputs, operation), other_kind(self.resource)
        look = partial(is_there, operation.snapshot, other, str(inputs["name"]))
        tasks: list[Callable[[], object]] = [first, look]
        side_by_side(tasks if operation.org.known else [first])

    def asked_after(self, inputs: Values, successes: Sequence[ComponentResult]) -> list[str]:
        """Whom the app admits, which is compared next; where the deploy does not tell its id, that is asked first."""
        deployed = self._deployed_id(str(inputs["name"]), successes)
        return [soql.links(deployed)] if deployed else []

    def _deployed_id(self, name: str, successes: Sequence[ComponentResult]) -> str:
        """The app's record id by the answer of its deploy; empty where that does not tell."""
        root, prefix = ROOT_MEMBER[self.resource], ID_PREFIX[self.resource]
        ids = (each.record_id for each in successes if each.type == root and each.full_name == name)
        return next((each for each in ids if each.startswith(prefix)), "")

    def validated_inputs(self, inputs: Values, operation: Operation) -> Values:
        """A throw-away certificate and consumer key where the real ones are not made yet; only sets that the org has already."""
        known = dict(inputs)
        if known.get("certificatePem") is UNKNOWN:
            from orgkey.identity.key_pair import certify, generate_key

            now = datetime.fromtimestamp(operation.clock.now(), UTC)
            known["certificatePem"] = certify(
                generate_key(_THROW_AWAY_BITS), subject="CN=preview", validity_days=1, now=now
            ).certificate.pem
        if known.get("consumerKey") is UNKNOWN:
            known["consumerKey"] = secrets.token_hex(32)
        sets = [str(name) for name in known.get("permissionSets") or () if name is not UNKNOWN]
        found_sets = operation.snapshot.rows(*(soql.permission_set(name) for name in sets)) if sets else []
        return {**known, "permissionSets": [name for name, rows in zip(sets, found_sets, strict=True) if rows]}

    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        """As for all metadata, with a word on who is cut off by a new certificate.

        Where an import cannot read the certificate, one's own is taken for the one that is there: it is sent, and shows nothing.
        """
        diff = super().diff(old_inputs, old_outputs, inputs, now)
        if "certificatePem" not in diff.inputs:
            return diff
        unread = (
            not old_inputs.get("certificatePem")
            and bool(old_inputs.get("consumerKey"))
            and not is_deployed(old_outputs)
        )
        if unread and inputs.get("certificatePem") is not UNKNOWN:
            diff = replace(diff, inputs=[name for name in diff.inputs if name != "certificatePem"])
        warning = cut_off(str(inputs.get("name")), old_inputs, old_outputs, inputs)
        return replace(diff, warnings=[*diff.warnings, warning]) if warning else diff

    def replacing(self, names: Sequence[str], old_inputs: Values, old_outputs: Values, inputs: Values) -> list[str]:
        """Neither a consumer key that the app has already needs another app, nor the first one of an app that has none."""
        stays = inputs.get("consumerKey") == old_outputs.get("consumerKey") or not old_inputs.get("consumerKey")
        found = super().replacing(names, old_inputs, old_outputs, inputs)
        return [name for name in found if name != "consumerKey" or not stays]

    def replacement_warning(self, old_inputs: Values, replaces: Sequence[str]) -> str:
        warning = super().replacement_warning(old_inputs, replaces)
        cut_off = "; clients that use the present consumer key are cut off" if "consumerKey" in replaces else ""
        renamed = (
            "; its clients are cut off until the new one works. A generation that retires keeps a name of its own where "
            "orgkey:retiring gives it, and orgkey:generation renames an app without cutting anybody off"
        )
        return warning + cut_off + (renamed if "name" in replaces else "")

    def app_key(self, inputs: Values, outputs: Values) -> str:
        return str(outputs.get("consumerKey") or inputs.get("consumerKey") or "")

    def record_id(self, outputs: Values) -> str:
        return str(outputs.get("appId") or "")

    def preflight(self, inputs: Values, before: Values | None, operation: Operation) -> list[Verdict]:
        """Whether the login may make such an app, and whose its name is, in either kind."""
        tell_what_a_deploy_tells(operation)
        name, manager = inputs.get("name"), inputs.get(MANAGED_BY) or ""
        if before is not None:
            tell_whom(str(name), before, inputs, operation)
        if before is not None or has_unknown(name) or has_unknown(manager):
            return permission_verdicts(self.needs, operation)
        operation.snapshot.prefetch(soql.ORGANIZATION, *permission_questions(), soql.external_client_app(str(name)))
        verdicts = [*permission_verdicts(self.needs, operation), self._other_kind(inputs, operation)]
        if self._is_new(inputs, operation):
            whose = read_consumer_keys(operation.snapshot, at_most=_MOST_APPS).get(str(inputs["consumerKey"]), "")
            verdicts.append(judge_consumer_key(str(name), whose, host=host_of(operation.org.url)))
        found = self.find(str(name), operation) if manager else None
        if found is None:
            return verdicts
        thing = self._app_thing(found, inputs, operation)
        verdicts.append(judge_name_of(self, thing, inputs, operation))
        if verdicts[-1].state is State.RIGHT and self._is_new(inputs, operation):
            verdicts.append(self._key_verdict(thing, inputs, operation))
        return verdicts

    def _key_verdict(self, thing: Thing, inputs: Values, operation: Operation) -> Verdict:
        name, key = str(inputs["name"]), str(inputs["consumerKey"])
        return judge_key(self.resource, name, thing, key, host=host_of(operation.org.url))

    def refuse_conflict(self, inputs: Values, operation: Operation) -> None:
        verdict = self._other_kind(inputs, operation)
        if verdict.state is State.WRONG:
            raise ConflictError(verdict.text)

    def _other_kind(self, inputs: Values, operation: Operation) -> Verdict:
        name, other, thing = str(inputs["name"]), other_kind(self.resource), None
        if is_there(operation.snapshot, other, name):
            thing = Thing(Ownership.UNMARKED)
            app = read_app(operation.snapshot, other, name) if inputs.get(MANAGED_BY) else None
            thing = thing_of(app.found.marker, inputs, operation) if app else thing
        return judge_other_kind(self.resource, name, thing, host=host_of(operation.org.url))

    def _app_thing(self, found: Found, inputs: Values, operation: Operation) -> Thing:
        return thing_of(found.marker, inputs, operation, str(found.settings.get("consumerKey") or ""))

    def _is_new(self, inputs: Values, operation: Operation) -> bool:
        """Whether the state has no such app, whose replacement would bring another key, and the key is known."""
        return not has_unknown(inputs.get("consumerKey")) and not operation.run.in_state(
            operation.urn, (self.name, str(inputs["name"]))
        )

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        """As for all metadata; an import of what a package brought is refused as that, and not as something that is not there."""
        result = super().read(resource_id, inputs, outputs, operation)
        if result is None and not inputs and not outputs:
            package = package_of(operation.snapshot, self.resource, resource_id)
            if package:
                raise ImportRefusedError(
                    f"The {self.resource} {resource_id} in {host_of(operation.org.url)} belongs to the package {package}: "
                    "its publisher alone changes it, and an org does not show its settings.\n"
                    "Make an app of your own with another name, and do not import this one."
                )
        return result

    def find(
        self, name: str, operation: Operation, *, known_names: Mapping[str, str] | None = None, record_id: str = ""
    ) -> Found | None:
        app = read_app(operation.snapshot, self.resource, name, known_names=known_names, known_id=record_id)
        if app is None:
            return None
        if isinstance(app.links, RefusedError):
            operation.partly_read(_unseen_links(name, app.links, operation))
        elif app.links:
            return _with_links(app.found, links_of(app.links, operation.snapshot.identity().namespace))
        return self._as_listed(app.found, operation)

    def _as_listed(self, found: Found, operation: Operation) -> Found:
        """What the document itself lists, with API names."""
        return found

    def seen_outputs(self, name: str, outputs: Values, operation: Operation) -> Values:
        return {"appId": app_id(operation.snapshot, self.resource, name)}

    def refuse_adoption(self, found: Found, inputs: Values, ownership: Ownership, operation: Operation) -> None:
        found_key = str(found.settings.get("consumerKey") or "")
        if not found_key or found_key == inputs["consumerKey"] or self.keeps_its_key(ownership):
            return
        why = reason_to_give_way(self, str(inputs["name"]), found_key, ownership, operation)
        if why:
            operation.progress(f"the {self.resource} {inputs['name']} {why}")
            destroy(self.resource, str(inputs["name"]), operation)
            raise _MadeRoomError
        verdict = self._key_verdict(self._app_thing(found, inputs, operation), inputs, operation)
        if verdict.state is State.WRONG:
            raise ConflictError(verdict.text)

    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        try:
            return self._create_with_room(inputs, operation)
        except DeployFailedError:
            name = str(inputs["name"])
            if (self.name, name) not in operation.run.gone or self.find(name, operation) is None:
                raise
            return self._create_with_room(inputs, operation)  # it arrived between the look and the deploy

    def _create_with_room(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        try:
            return super().create(inputs, operation)
        except _MadeRoomError:
            return super().create(inputs, operation)

    def seen_facts(self, found: Found, inputs: Values, outputs: Values) -> Values:
        returned = bool(found.settings["certificatePem"]) or bool(outputs.get("certificateReturned"))
        facts: dict[str, Any] = {"certificateReturned": returned}
        if "revision" in outputs and "deployedCertificate" not in outputs:
            # A state from before it was remembered, or a deploy whose answer was lost: then the outputs have what was sent.
            sent, shown = str(outputs.get("certificatePem") or ""), str(found.settings["certificatePem"])
            arrived = bool(shown) and fingerprint(shown) == fingerprint(sent)
            facts["deployedCertificate"] = fingerprint(sent if arrived else str(inputs.get("certificatePem") or ""))
        return facts

    def shows_absence(self, found: Found, facts: Values) -> bool:
        return bool(facts["certificateReturned"]) or not found.settings["consumerKey"]

    def deployed_outputs(
        self, outputs: Values, after: Found | None, successes: Sequence[ComponentResult], operation: Operation
    ) -> Values:
        name = str(outputs["name"])
        if after is not None:
            self._compare_consumer_key(outputs, after, operation)
        return {
            "appId": self._deployed_id(name, successes) or app_id(operation.snapshot, self.resource, name),
            "deployedAt": _now(operation),
            "deployedCertificate": fingerprint(str(outputs["certificatePem"])),
            "certificateReturned": bool(after and after.settings["certificatePem"]),
        }

    def uncertain_outputs(self, operation: Operation) -> Values:
        return {"deployedAt": _now(operation)}  # from then on the proof waits for a propagation that may be under way

    def arrived_outputs(self, outputs: Values, operation: Operation) -> Values:
        certificate = fingerprint(str(outputs["certificatePem"]))
        return {**self.uncertain_outputs(operation), "deployedCertificate": certificate}

    def prepare_deploy(self, inputs: Values, found: Found | None, operation: Operation) -> None:
        """Admit whom an app that is there does not admit yet, so that nobody is locked out between its deploy and the links."""
        admitted = {each.key for each in _wanted(found.settings)} if found else set()
        lacking = [each for each in _wanted(inputs) if each.key not in admitted]
        if not lacking or found is None:
            return
        name = str(inputs["name"])
        rows, record = permission_set_rows(operation.snapshot, lacking), app_id(operation.snapshot, self.resource, name)
        if not record:
            return
        operation.progress(f"admitting {' and '.join(map(str, lacking))} to the app {name}")
        with suppress(RefusedError):  # an app that does not take it before the deploy may do so after it
            make_links(operation.snapshot, record, [row.record_id for row in rows.values()])

    def complete_deploy(self, outputs: Values, operation: Operation) -> None:
        """Make the links that the deploy did not make, and delete those that nobody wants."""
        record, name, wanted = str(outputs["appId"]), str(outputs["name"]), _wanted(outputs)
        links = read_links(operation.snapshot, record) if record else []
        if not record or isinstance(links, RefusedError):
            return  # what the document lists is all that can be known
        if lacking := missing(wanted, links):
            operation.progress(f"admitting {' and '.join(map(str, lacking))} to the app {name}")
            rows = permission_set_rows(operation.snapshot, lacking)
            make_links(operation.snapshot, record, [row.record_id for row in rows.values()])
        if extra := unwanted(wanted, links):
            operation.progress(
                f"no longer admitting {' and '.join(str(each.grantee) for each in extra)} to the app {name}"
            )
            delete_links(operation.snapshot, [each.record_id for each in extra])

    def _compare_consumer_key(self, outputs: Values, after: Found, operation: Operation) -> None:
        name, deployed_key = str(outputs["name"]), str(after.settings.get("consumerKey") or "")
        if deployed_key and deployed_key != outputs["consumerKey"]:
            reason = (
                f"{host_of(operation.org.url)} says that the deploy succeeded, but the app {name} kept another consumer key.\n"
                "Set orgkey:key.consumerKey to the app's own consumer key, or delete the app in the org and run `pulumi up` again."
            )
            raise InitFailedError(
                name, {**outputs, **self.arrived_outputs(outputs, operation), "consumerKey": deployed_key}, [reason]
            )


class ConnectedAppHandler(AppHandler):
    """The older kind. Since 2026 most orgs do not let anybody make one."""

    name: ClassVar[str] = "ConnectedApp"
    resource: ClassVar[Resource] = Resource.CONNECTED_APP

    def keeps_its_key(self, ownership: Ownership) -> bool:
        return ownership is Ownership.COPY

    def questions(self, inputs: Values) -> list[str]:
        return [*super().questions(inputs), *link_questions(_wanted(inputs))]

    def document(self, inputs: Values, found: Found | None, operation: Operation) -> tuple[Values, Values | None]:
        """Leave whom the app admits out of its document where the links say it; else write sets by label (ADR 11).

        Orgs give labels out and were seen to take them; whether they take API names is open (platform notes 1.6). An absent element
        leaves the links alone.
        """
        previous = found.settings if found else None
        record = app_id(operation.snapshot, self.resource, str(inputs["name"])) if found else ""
        if record and not isinstance(read_links(operation.snapshot, record), RefusedError):
            left_out = dict.fromkeys(_GRANTEES, ())
            return {**inputs, **left_out}, {**(previous or {}), **left_out}
        sets = [each for each in _wanted(inputs) if not each.is_profile]
        rows = permission_set_rows(operation.snapshot, sets) if sets else {}
        return {**inputs, "permissionSets": [rows[each].label for each in sets]}, previous

    def _as_listed(self, found: Found, operation: Operation) -> Found:
        labels = found.settings["permissionSets"]
        if not labels or not isinstance(labels, list):
            return found
        names = names_of_labels(operation.snapshot, [str(label) for label in labels])
        return replace(found, settings={**found.settings, "permissionSets": names})

    def replacement_warning(self, old_inputs: Values, replaces: Sequence[str]) -> str:
        warning = super().replacement_warning(old_inputs, replaces)
        return f"{warning}; since Spring '26 most orgs do not let anybody make a Connected App again"


class ExternalClientAppHandler(AppHandler):
    """The kind that every org lets one make."""

    name: ClassVar[str] = "ExternalClientApp"
    needs: ClassVar[tuple[Need, ...]] = (*AppHandler.needs, EXTERNAL)
    resource: ClassVar[Resource] = Resource.EXTERNAL_CLIENT_APP

    def put(
        self, inputs: Values, found: Found | None, operation: Operation, inherited: Inherited = NOTHING_INHERITED
    ) -> dict[str, Any]:
        """As for all metadata; an app of ours that lost its OAuth settings, and takes none again, is recreated (platform notes 2.4).

        A sandbox refresh may leave it so. Nobody can log in through it any more, so nobody loses anything.
        """
        try:
            return super().put(inputs, found, operation, inherited)
        except DeployFailedError as error:
            if (
                found is None
                or inherited.adopted
                or not error.broken_app
                or not self._is_broken(found, inputs, operation)
            ):
                raise
            name = str(inputs["name"])
            operation.warn(
                f"the External Client App {name} had lost its OAuth settings and takes none again: it is deleted and recreated"
            )
            destroy(self.resource, name, operation)
            return super().put(inputs, None, operation, replace(inherited, copied_from=""))

    def _is_broken(self, found: Found, inputs: Values, operation: Operation) -> bool:
        is_own = ownership_seen(found, inputs, operation) in {Ownership.OURS, Ownership.COPY}
        return is_own and bool({GLOBAL_OAUTH, OAUTH} & set(found.missing))


class _MadeRoomError(Exception):
    """A sandbox's copy of production's app, or one that came of a lost deploy, was removed; creating starts anew."""


def _now(operation: Operation) -> str:
    return datetime.fromtimestamp(operation.clock.now(), UTC).isoformat(timespec="milliseconds")


def _unseen_links(name: str, error: RefusedError, operation: Operation) -> PartialReadError:
    return PartialReadError(
        f"{host_of(operation.org.url)} does not show this login which permission sets and profiles may use the app {name} "
        f"({error.in_short}); what the app itself lists is taken for it.\n"
        "Use a login that may ask for SetupEntityAccess.",
        ("permissionSets", "profiles"),
    )


def _wanted(settings: Values) -> list[Grantee]:
    """Whom the settings admit, as far as they are known."""
    sets, profiles = (settings.get(name) for name in _GRANTEES)
    known = [
        [str(name) for name in each if name is not UNKNOWN] if isinstance(each, list | tuple) else []
        for each in (sets, profiles)
    ]
    return grantees(*known)


def _with_links(found: Found, links: Sequence[Link]) -> Found:
    """Take the pre-authorized sets and profiles from the links themselves where the org shows them (platform notes 2.5, 3.2)."""
    sets = sorted(each.grantee.name for each in links if not each.grantee.is_profile)
    profiles = sorted(each.grantee.name for each in links if each.grantee.is_profile)
    settings = {**found.settings, "permissionSets": sets, "profiles": [name for name in profiles if name]}
    return replace(found, settings=settings)
