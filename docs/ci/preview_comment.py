"""Puts previews into one comment of a pull request or merge request, and keeps it up to date.

    pulumi preview ... 2>&1 | python preview_comment.py mask SFDX_AUTH_URL ... > preview-uat.txt
    python preview_comment.py post --expected stacks.json preview-*.txt

`mask` takes what the named environment variables hold out of a text: a service masks its logs, not its comments. `post` reads one file a
stack, whose last line is `exit code N`; a stack of the list without a file counts as failed. It knows GitHub by GITHUB_TOKEN, GitLab by
GITLAB_TOKEN, and without either prints the comment. Needs the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

MARK = "<!-- orgkey preview -->"
_LIMIT = 60_000  # characters of all previews together; GitHub takes 65,536
_SHORTEST = 6  # characters of a line of a secret that is looked for alone
_PAGE = 100
_SECONDS = 60
_GITHUB_ACTIONS = "github-actions[bot]"  # whose comments the token of a workflow writes
_EXIT_CODE = re.compile(r"exit code (\d+)\s*\Z")
_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f]")


def mask(text: str, secrets: Sequence[str]) -> str:
    """The text with `***` in the place of each secret, and of each line of one that has several."""
    parts = {part.strip() for secret in secrets for part in (secret, *secret.splitlines())}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST:
            text = text.replace(part, "***")
    return text


def rendered(previews: Mapping[str, str], expected: Sequence[str], where: str) -> str:
    """The comment as Markdown: a line for each stack, then what its preview said. `where` tells of which commit and run it is."""
    stacks = sorted({*previews, *expected})
    told = [(stack, *_result(previews.get(stack))) for stack in stacks]
    failed = sum(code != 0 for _, code, _ in told)
    head = f"**Preview of {len(told)} {'stack' if len(told) == 1 else 'stacks'}: " + (
        f"{failed} failed**" if failed else "all well**"
    )
    room = _LIMIT // max(len(told), 1)
    return "\n\n".join([MARK, head, *(_section(*one, room) for one in told), where]) + "\n"


def _result(preview: str | None) -> tuple[int | None, str]:
    """The exit code of a preview, None where there is none, and what it said."""
    if preview is None or not (found := _EXIT_CODE.search(preview)):
        return None, (preview or "") + "The job ended before the preview did: see its log."
    return int(found[1]), preview[: found.start()].strip()


def _section(stack: str, code: int | None, said: str, room: int) -> str:
    said = _CONTROL.sub("", said)
    if len(said) > room:
        said = f"{said[: room // 2]}\n… {len(said) - room} characters: see the log of the job …\n{said[-room // 2 :]}"
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", said))])
    what = "preview" if code == 0 else "**preview failed**"
    return (
        f"<details{'' if code == 0 else ' open'}><summary><code>{stack}</code>: {what}</summary>\n\n"
        f"{fence}text\n{said}\n{fence}\n\n</details>"
    )


class Comments:
    """The comments of one request. `base` is the address of their list, `change` of one of them, `own` whose comment is ours."""

    def __init__(self, base: str, change: tuple[str, str], header: tuple[str, str], own: str) -> None:
        self._base, (self._method, self._change), self._header, self._own = base, change, header, own

    @classmethod
    def here(cls, environment: Mapping[str, str]) -> Comments | None:
        """The comments of the request that this job is about; None without a token."""
        if token := environment.get("GITHUB_TOKEN"):
            repository = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}"
            base = f"{repository}/issues/{environment['PULL_REQUEST']}/comments"
            header = ("Authorization", f"Bearer {token}")
            return cls(base, ("PATCH", f"{repository}/issues/comments"), header, _GITHUB_ACTIONS)
        if token := environment.get("GITLAB_TOKEN"):
            api, header = environment["CI_API_V4_URL"], ("PRIVATE-TOKEN", token)
            request = f"projects/{environment['CI_PROJECT_ID']}/merge_requests/{environment['CI_MERGE_REQUEST_IID']}"
            base = f"{api}/{request}/notes"
            who = _asked("GET", f"{api}/user", header)["username"]
            return cls(base, ("PUT", base), header, who)
        return None

    def put(self, body: str) -> str:
        """Change our comment, or write one where there is none; says which."""
        if (found := self._found()) is not None:
            _asked(self._method, f"{self._change}/{found}", self._header, {"body": body})
            return f"changed comment {found}"
        return f"wrote comment {_asked('POST', self._base, self._header, {'body': body})['id']}"

    def _found(self) -> int | None:
        page = 1
        while True:
            comments = _asked("GET", f"{self._base}?per_page={_PAGE}&page={page}", self._header)
            for each in comments:
                writer = each.get("user", each.get("author")) or {}
                if self._own in writer.values() and each["body"].startswith(MARK):
                    return int(each["id"])
            if len(comments) < _PAGE:
                return None
            page += 1


def _asked(method: str, url: str, header: tuple[str, str], content: Mapping[str, str] | None = None) -> Any:
    if not url.startswith(("https://", "http://")):
        raise SystemExit(f"{url} is no web address.")
    data = None if content is None else json.dumps(content).encode()
    headers = {header[0]: header[1], "Content-Type": "application/json", "User-Agent": "orgkey"}
    with urlopen(Request(url, data, headers, method=method), timeout=_SECONDS) as answer:  # noqa: S310 — its scheme is looked at
        return json.load(answer)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("mask").add_argument("variables", nargs="*")
    post = commands.add_parser("post")
    post.add_argument("--expected", type=Path, required=True, help="what `orgkey stacks --json` said")
    post.add_argument("--output", type=Path, help="keep the comment in this file too")
    post.add_argument("files", nargs="*", type=Path)
    given = parser.parse_args()
    if given.command == "mask":
        sys.stdout.write(mask(sys.stdin.read(), [os.environ.get(name, "") for name in given.variables]))
        return
    expected = [row["stack"] for row in json.loads(given.expected.read_text())]
    previews = {
        file.stem.removeprefix("preview-"): file.read_text(errors="replace") for file in given.files if file.exists()
    }
    body = rendered(previews, expected, os.environ.get("PREVIEW_OF", ""))
    if given.output:
        given.output.write_text(body)
    comments = Comments.here(os.environ)
    sys.stdout.write(f"{comments.put(body)}\n" if comments else body)


if __name__ == "__main__":
    main()
