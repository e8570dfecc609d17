"""Deploys and retrieves as jobs: one of a kind runs in an org, the rest queue; state is in the store (platform notes 5.6).

A job's life: Pending -> InProgress -> its end; Pending or InProgress -> Canceling -> Canceled. How long InProgress
lasts is a knob, measured by the landscape's clock. The work itself is one transaction at the end of that time, which
also writes the job's end: a killed server leaves a job as it was, and goes on with it when it starts again.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from localorg.clock import Clock, format_timestamp
from localorg.errors import PlatformError
from localorg.knobs import Knobs
from localorg.metadata.change import Change
from localorg.metadata.deploy import DeployOptions, DeployOutcome, apply_package, count_components
from localorg.metadata.retrieve import RetrieveRequest, build_retrieve
from localorg.orgs import Org
from localorg.store import Row, Store

DEPLOY, RETRIEVE = "deploy", "retrieve"
PREFIXES = {DEPLOY: "0Af", RETRIEVE: "09S"}
KEEP_DAYS, QUICK_DAYS, DAY = 30, 10, 86400.0
ENDED = ("Succeeded", "SucceededPartial", "Failed", "Canceled")
log = logging.getLogger("localorg.jobs")


class Jobs:
    """The jobs of all orgs. `schedule(seconds, call)` asks the event loop to look again."""

    def __init__(self, store: Store, knobs: Knobs, clock: Clock, find_org: Callable[[str], Org]) -> None:
        self._store = store
        self._knobs = knobs
        self._clock = clock
        self._find_org = find_org
        self.schedule: Callable[[float, Callable[[], None]], object] = lambda _seconds, _call: None
        clock.on_move.append(self.run_all)

    def submit_deploy(
        self,
        org: Org,
        user_id: str,
        package: bytes,
        options: dict[str, Any],
        version: float,
        *,
        reuses: str = "",
        held_back: str = "",
    ) -> Row:
        """Queue a deploy; return its job. `held_back`: why its first component fails (a fault)."""
        checked = replace(_options(options), held_back=held_back)
        total = count_components(package, checked)
        kept = {"given": options, "checked": asdict(checked), "reuses": reuses}
        return self._submit(DEPLOY, org, user_id, json.dumps(kept), package, version, total)

    def submit_retrieve(self, org: Org, user_id: str, request: RetrieveRequest, version: float) -> Row:
        """Queue a retrieve; return its job."""
        return self._submit(RETRIEVE, org, user_id, json.dumps(asdict(request)), None, version, 0)

    def quick_deploy(self, org: Org, user_id: str, validation_id: str, version: float) -> Row:
        """Queue the deploy of a validation that succeeded within ten days. Raises PlatformError, 404 if unknown."""
        job = self.get(org, DEPLOY, validation_id)
        kept = json.loads(job["options"])
        fresh = self._clock.now() - job["created_at"] <= QUICK_DAYS * DAY
        if not kept["checked"]["check_only"] or job["status"] != "Succeeded" or not fresh or job["package"] is None:
            raise PlatformError("INVALID_ID_FIELD", f"Validation is not eligible for a quick deploy: {validation_id}")
        options = {**kept["given"], "checkOnly": False}
        return self.submit_deploy(org, user_id, job["package"], options, version, reuses=validation_id)

    def get(self, org: Org, kind: str, job_id: str) -> Row:
        """Return a job as it is now. Raises PlatformError when the org has no such job."""
        self.run_due(org, kind)
        row = self._store.one(
            "SELECT * FROM _Job WHERE org = ? AND kind = ? AND substr(id, 1, 15) = ?", (org.name, kind, job_id[:15])
        )
        if row is None or len(job_id) not in {15, 18}:
            raise PlatformError(
                "INVALID_CROSS_REFERENCE_KEY",
                f"invalid cross reference id: no {kind} with id {job_id[:30]}",
                status=404,
            )
        return row

    def cancel(self, org: Org, job_id: str) -> Row:
        """Ask a deploy to end. Raises PlatformError when it has ended already."""
        job = self.get(org, DEPLOY, job_id)
        if job["status"] in ENDED:
            raise PlatformError("INVALID_ID_FIELD", "Deployment already completed")
        with self._store.transaction():
            self._store.do("UPDATE _Job SET status = 'Canceling' WHERE id = ?", (job["id"],))
            self._show(job, Status="Canceling")
        self.schedule(0.0, lambda: self.run_due(org, DEPLOY))
        return {**job, "status": "Canceling"}

    def recent(self, org: Org, kind: str, limit: int) -> list[Row]:
        """Return the last jobs of a kind, newest first, without their packages."""
        return self._store.all(
            "SELECT id, status, owner, options, created_at, started_at, ended_at, total, outcome FROM _Job "
            "WHERE org = ? AND kind = ? ORDER BY seq DESC LIMIT ?",
            (org.name, kind, limit),
        )

    def run_all(self) -> None:
        """Look at every org that has unfinished jobs: at the start, and when the clock moved."""
        for row in self._store.all("SELECT DISTINCT org, kind FROM _Job WHERE status NOT IN (?, ?, ?, ?)", ENDED):
            self.run_due(self._find_org(row["org"]), row["kind"])

    def run_due(self, org: Org, kind: str) -> None:
        """Move an org's queue as far as the clock allows."""
        while job := self._next(org, kind):
            if job["status"] == "Canceling":
                self._end(job, DeployOutcome("Canceled").as_dict())
                continue
            started = job["started_at"]
            if started is None:
                started = max(job["created_at"], self._last_end(org, kind))
                with self._store.transaction():
                    self._store.do(
                        "UPDATE _Job SET status = 'InProgress', started_at = ? WHERE id = ?", (started, job["id"])
                    )
                    self._show(job, Status="InProgress", StartDate=format_timestamp(started))
            left = started + self._knobs.number(f"{kind}_time", org.name) - self._clock.now()
            if left > 0:
                self.schedule(left + 0.001, lambda: self.run_due(org, kind))
                return
            self._finish(org, job)

    def change(self, org: Org, user_id: str, version: float) -> Change:
        """Return the writer for a user in an org."""
        return Change(self._store, self._knobs, self._clock, org, user_id, version)

    def _submit(
        self, kind: str, org: Org, user_id: str, options: str, package: bytes | None, version: float, total: int
    ) -> Row:
        job_id = self._store.next_id(PREFIXES[kind])
        now = self._clock.now()
        with self._store.transaction():
            old = now - KEEP_DAYS * DAY
            self._store.do("DELETE FROM _Job WHERE created_at < ?", (old,))
            self._store.do("DELETE FROM DeployRequest WHERE CreatedDate < ?", (format_timestamp(old),))
            seq = self._store.sql.execute("SELECT COALESCE(MAX(seq), 0) + 1 FROM _Job").fetchone()[0]
            row = {
                "id": job_id,
                "org": org.name,
                "kind": kind,
                "seq": seq,
                "status": "Pending",
                "owner": user_id,
                "options": options,
                "package": package,
                "size": len(package or b""),
                "version": str(version),
                "created_at": now,
                "total": total,
            }
            self._store.put("_Job", row)
            if kind == DEPLOY:
                self._list(row, check_only=json.loads(options)["checked"]["check_only"])
        self.schedule(0.0, lambda: self.run_due(org, kind))
        return self._store.one("SELECT * FROM _Job WHERE id = ?", (job_id,)) or {}

    def _next(self, org: Org, kind: str) -> Row | None:
        """Return the running job, else the oldest one that waits or is to be cancelled."""
        return self._store.one(
            "SELECT * FROM _Job WHERE org = ? AND kind = ? AND status IN ('Canceling', 'InProgress', 'Pending') "
            "ORDER BY status = 'Pending', status = 'InProgress', seq LIMIT 1",
            (org.name, kind),
        )

    def _last_end(self, org: Org, kind: str) -> float:
        row = self._store.one("SELECT MAX(ended_at) AS ended FROM _Job WHERE org = ? AND kind = ?", (org.name, kind))
        return float(row["ended"] or 0.0) if row else 0.0

    def _finish(self, org: Org, job: Row) -> None:
        """Do a job's work and write its end, in one transaction."""
        try:
            with self._store.transaction():
                change = self.change(org, job["owner"], float(job["version"]))
                if job["kind"] == RETRIEVE:
                    self._finish_retrieve(change, job)
                else:
                    options = DeployOptions(**json.loads(job["options"])["checked"])
                    outcome, files = apply_package(change, job["package"], options)
                    keep = options.check_only and outcome.status == "Succeeded"
                    self._store.do(
                        "UPDATE _Job SET files = ?, package = CASE WHEN ? THEN package END WHERE id = ?",
                        (files, int(keep), job["id"]),
                    )
                    self._end(job, outcome.as_dict())
        except Exception:  # a defect of ours must end as the platform's own, not as a job that never ends
            error_id = f"{secrets.randbelow(10**9)}-{secrets.randbelow(10**5)} ({secrets.randbelow(10**9)})"
            log.exception("job %s failed, ErrorId %s", job["id"], error_id)
            message = "An unexpected error occurred. Please include this ErrorId if you contact support: " + error_id
            self._end(job, DeployOutcome("Failed", (), message, "UNKNOWN_EXCEPTION").as_dict())

    def _finish_retrieve(self, change: Change, job: Row) -> None:
        values = json.loads(job["options"])
        request = RetrieveRequest(
            values["members"], tuple(values["files"]), tuple(values["packages"]), values["version"], values["single"]
        )
        outcome = build_retrieve(change, request)
        self._store.do("UPDATE _Job SET package = ? WHERE id = ?", (outcome.zip, job["id"]))
        self._end(job, {"status": "Succeeded", **outcome.as_dict()})

    def _end(self, job: Row, outcome: dict[str, object]) -> None:
        started = job["started_at"] or self._last_end(self._find_org(job["org"]), job["kind"])
        duration = self._knobs.number(f"{job['kind']}_time", job["org"])
        ended = min(self._clock.now(), max(started, job["created_at"]) + duration)
        ended = self._clock.now() if outcome["status"] == "Canceled" else ended
        with self._store.transaction():
            self._store.do(
                "UPDATE _Job SET status = ?, ended_at = ?, outcome = ? WHERE id = ?",
                (outcome["status"], ended, json.dumps(outcome), job["id"]),
            )
            self._show(job, Status=outcome["status"], CompletedDate=format_timestamp(ended))

    def _list(self, job: Row, *, check_only: bool) -> None:
        """Add a deploy to what the Tooling API lists (platform notes 5.6)."""
        at = format_timestamp(job["created_at"])
        dates = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), at)
        users = dict.fromkeys(("CreatedById", "LastModifiedById"), job["owner"])
        own = {"Id": job["id"], "Status": job["status"], "CheckOnly": int(check_only)}
        self._store.insert(job["org"], "DeployRequest", {**own, **dates, **users})

    def _show(self, job: Row, **values: object) -> None:
        """Change how the Tooling API lists a deploy; it lists no retrieves."""
        self._store.change(job["org"], "DeployRequest", job["id"], values)


def _options(given: dict[str, Any]) -> DeployOptions:
    """Read deployOptions as either API sends them."""

    def is_on(name: str, *, default: bool = False) -> bool:
        value = given.get(name)
        return default if value is None else value in (True, "true", "True", "1")

    return DeployOptions(
        check_only=is_on("checkOnly"),
        ignore_warnings=is_on("ignoreWarnings"),
        rollback_on_error=is_on("rollbackOnError", default=True),
        single_package=is_on("singlePackage"),
        allow_missing_files=is_on("allowMissingFiles"),
        purge_on_delete=is_on("purgeOnDelete"),
    )
