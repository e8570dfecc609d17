"""Why a login that was just refused fails, in one line: the doctor's verdict, by what this provider's own login sees of the org."""

from __future__ import annotations

from datetime import UTC, datetime

from orgkey.model.grant import JwtGrantArgs
from orgkey.provider.handler import Operation
from orgkey.provider.urn import Urn
from orgkey.salesforce.errors import GrantRefusedError, SalesforceError


def diagnosis_of(args: JwtGrantArgs, error: GrantRefusedError, operation: Operation) -> str:
    """The verdict in one sentence without its full stop; empty where nothing could be told.

    The doctor is loaded for a login that fails alone: every start of the provider would pay for it.
    """
    from orgkey.doctor.attempt import examine_key
    from orgkey.doctor.diagnosis import in_one_line
    from orgkey.doctor.facts import Answer, ExaminedLogin, Facts, Failure, HostFacts
    from orgkey.doctor.judge import judge
    from orgkey.doctor.org_facts import OrgExaminer

    login = ExaminedLogin(
        instance_url=operation.org.url,
        consumer_key=args.consumer_key,
        username=args.username,
        private_key=args.private_key_pem,
        audience=args.audience or "",
        app_kind=args.app_kind,
        stack=Urn.parse(operation.urn).stack,
    )
    examiner = OrgExaminer(operation.snapshot, login)
    try:
        facts = Facts(
            login,
            datetime.fromtimestamp(operation.clock.now() - (error.clock_ahead or 0.0), UTC),
            examine_key(args.private_key_pem),
            answers=(Answer(args.audience or operation.org.url, error.code, error.said),),
            failure=Failure(error.code, error.said),
            host=HostFacts(clock_ahead=error.clock_ahead),
            org=examiner.org(),
            apps=examiner.apps(),
            user=examiner.user(),
            credentials_problem="",
        )
    except SalesforceError:
        return ""
    return in_one_line(facts, judge(facts))


def command_for(urn: str) -> str:
    """The command that shows everything that the verdict comes from."""
    return f"orgkey doctor --stack {Urn.parse(urn).stack}"
