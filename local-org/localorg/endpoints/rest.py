"""The REST API for data: versions, limits, queries, single records (platform notes 3.4, 5.7)."""

from __future__ import annotations

import re
from typing import Any

from localorg.endpoints.call import Answer, Call, as_json
from localorg.errors import PlatformError
from localorg.sobjects.describe import describe_global, describe_object
from localorg.sobjects.records import create_record, delete_record, known_object, read_record, update_record
from localorg.sobjects.reference import DATA, TOOLING
from localorg.soql.run import Page

_SEASONS = ("Winter", "Spring", "Summer")
_WINTER_26 = 65

_OF_ECA = re.compile(r"\bFROM\s+ExternalClientApplication\b", re.IGNORECASE)


def release_label(version: int) -> str:
    """Return the name of a release: three a year, Winter '26 is 65.0 (platform notes 7)."""
    year, season = divmod(version - _WINTER_26, len(_SEASONS))
    return f"{_SEASONS[season]} '{26 + year:02d}"


def versions(call: Call) -> Answer:
    """Answer GET /services/data/: the versions, without a login."""
    oldest, newest = (
        int(call.landscape.knobs.number(each, call.place)) for each in ("oldest_version", "newest_version")
    )
    listed = [
        {"label": release_label(each), "url": f"/services/data/v{each}.0", "version": f"{each}.0"}
        for each in range(oldest, newest + 1)
    ]
    return as_json(listed)


def resources(call: Call) -> Answer:
    """Answer GET /services/data/vXX.0/."""
    names = ("tooling", "metadata", "limits", "sobjects", "query", "queryAll", "composite")
    return as_json({name: f"{call.base}/{name}" for name in names})


def limits(call: Call) -> Answer:
    """Answer GET limits."""
    most = int(call.landscape.knobs.number("daily_requests", call.place))
    used = call.parameters.get("used", "0")
    return as_json(
        {
            "DailyApiRequests": {"Max": most, "Remaining": max(0, most - int(used))},
            "DataStorageMB": {"Max": 10240, "Remaining": 10180},
            "FileStorageMB": {"Max": 10240, "Remaining": 10230},
            "ActiveScratchOrgs": {"Max": 40, "Remaining": 40},
            "DailyScratchOrgs": {"Max": 80, "Remaining": 80},
        }
    )


def query(call: Call) -> Answer:
    """Answer GET query, queryAll and tooling/query."""
    text = call.query.get("q")
    if text is None:
        raise PlatformError("MALFORMED_QUERY", "q parameter is missing")
    if call.query.get("columns") == "true":
        from localorg.soql.columns import describe_columns  # brings the grammar: not before the first query

        return as_json(describe_columns(text, _api(call, text)))
    api, size = _api(call, text), _page_size(call)
    user_id = call.session.user_id if call.session else ""
    page = call.landscape.queries.run(call.the_org, text, base=call.base, page_size=size, user_id=user_id, api=api)
    return as_json(_page(call, page, "query"))


def query_more(call: Call) -> Answer:
    """Answer GET query/LOCATOR."""
    locator = call.parameters["locator"]
    page = call.landscape.queries.more(call.the_org.name, locator, page_size=_page_size(call))
    return as_json(_page(call, page, "query"))


def describe_all(call: Call) -> Answer:
    """Answer GET sobjects."""
    return as_json(describe_global(call.base))


def describe_one(call: Call) -> Answer:
    """Answer GET sobjects/X/describe."""
    return as_json(describe_object(known_object(call.parameters["object"], call.change()), call.base))


def about_object(call: Call) -> Answer:
    """Answer GET sobjects/X: its description in short."""
    described = describe_object(known_object(call.parameters["object"], call.change()), call.base)
    described.pop("fields")
    return as_json({"objectDescribe": described, "recentItems": []})


def create(call: Call) -> Answer:
    """Answer POST sobjects/X."""
    made = create_record(call.change(), call.parameters["object"], call.json_object())
    location = f"{call.base}/sobjects/{call.parameters['object']}/{made.id}"
    return as_json(made.as_result(), 201, {"Location": location})


def read(call: Call) -> Answer:
    """Answer GET sobjects/X/ID."""
    name = known_object(call.parameters["object"]).name
    fields = [each.strip() for each in call.query.get("fields", "").split(",") if each.strip()]
    record = read_record(call.change(), name, call.parameters["id"], fields)
    url = f"{call.base}/sobjects/{name}/{record['Id']}"
    return as_json({"attributes": {"type": name, "url": url}, **record})


def update(call: Call) -> Answer:
    """Answer PATCH sobjects/X/ID."""
    update_record(call.change(), call.parameters["object"], call.parameters["id"], call.json_object())
    return Answer(204)


def delete(call: Call) -> Answer:
    """Answer DELETE sobjects/X/ID."""
    delete_record(call.change(), call.parameters["object"], call.parameters["id"])
    return Answer(204)


def _api(call: Call, text: str) -> str:
    """Return the API whose fields a query sees. By knob the Tooling API knows External Client Apps, as the data API does."""
    shown = _OF_ECA.search(text) and call.landscape.knobs.on("eca_in_tooling", call.place)
    return TOOLING if "/tooling/" in call.path and not shown else DATA


def _page_size(call: Call) -> int:
    """Return the rows of a page: the knob, or less by the client's Sforce-Query-Options (200 to 2000)."""
    most = int(call.landscape.knobs.number("query_page", call.place))
    option = call.headers.get("sforce-query-options", "").replace(" ", "").lower()
    asked = option.removeprefix("batchsize=")
    return min(most, max(200, int(asked))) if asked.isdigit() and len(asked) < 6 else most  # noqa: PLR2004


def _page(call: Call, page: Page, resource: str) -> dict[str, Any]:
    body: dict[str, Any] = {"totalSize": page.total, "done": page.next_locator is None, "records": page.records}
    if page.next_locator:
        body["nextRecordsUrl"] = f"{call.base}/{resource}/{page.next_locator}"
    return body
