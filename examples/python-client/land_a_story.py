"""Has a project planned and one of its stories merged, over the API of a host. Prints what happens as JSON lines."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
from baton_client import AuthenticatedClient
from baton_client.api.events import list_events
from baton_client.api.items import show_items
from baton_client.api.projects import costs_projects, create_projects, start_projects
from baton_client.api.pull_requests import list_pull_requests
from baton_client.api.questions import answer_questions, list_questions
from baton_client.api.runs import show_runs
from baton_client.api.streams import follow_streams
from baton_client.models import GivenAnswer, NewProject, NewWork, ProblemDocument

# How long a host may be away.
PATIENCE_S = 120
ENDED = ("succeeded", "failed", "cancelled")


def tell(what: str, **more: Any) -> None:
    print(json.dumps({"what": what, **more}), flush=True)


def ask(operation: Callable[..., Any], *segments: str, **parameters: Any) -> Any:
    """The answer of the host. Asks again where the host is away, or says that it cannot answer now."""
    begun = time.monotonic()
    while True:
        try:
            answer = operation(*segments, **parameters)
        except httpx.TransportError as error:
            answer, away = None, error
        else:
            away = None
        if isinstance(answer, ProblemDocument) and answer.status not in (429, 503):
            sys.exit(f"{answer.code}: {answer.detail}")
        if answer is not None and not isinstance(answer, ProblemDocument):
            return answer
        if time.monotonic() - begun > PATIENCE_S:
            sys.exit(f"The host does not answer: {away or answer}")
        time.sleep(0.2)


def frames(client: AuthenticatedClient, project: str, after: int) -> Iterator[dict[str, Any]]:
    """What happens in a project, each event once: a new stream continues where the one before has ended."""
    broken = 0
    while True:
        request = follow_streams._get_kwargs(project=project, after=after)
        try:
            with client.get_httpx_client().stream(**request) as response:
                response.raise_for_status()
                for line in response.iter_lines():
                    if not line.startswith("data: "):
                        continue
                    frame = json.loads(line.removeprefix("data: "))
                    if "cursor" in frame:
                        after = frame["cursor"]
                    broken = 0
                    yield frame
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            broken += 1
            if broken * 0.2 > PATIENCE_S:
                sys.exit(f"The host does not answer: {error}")
            time.sleep(0.2)
        if broken <= 1:
            tell("stream ended", cursor=after)


def answer_all(client: AuthenticatedClient, project: str) -> None:
    """Answers every open question with what was suggested."""
    for question in ask(list_questions.sync, client=client, project=project).items:
        key = f"answer-{question.id}"
        ask(answer_questions.sync, question.id, client=client, body=GivenAnswer(), idempotency_key=key)
        tell("answered", question=question.id)


def work(client: AuthenticatedClient, project: str, order: NewWork, cursor: int) -> int:
    """Starts a workflow, answers what it asks, and waits for its end. Gives where the stream is then."""
    key = f"{order.workflow}-{project}"
    run = ask(start_projects.sync, project, client=client, body=order, idempotency_key=key).run
    tell("started", workflow=order.workflow, run=run)
    for frame in frames(client, project, cursor):
        cursor = frame.get("cursor", cursor)
        # What happened before the stream was opened is not in it, where this program was started a second time.
        has_opened = frame["type"] == "stream.opened"
        if has_opened or frame["type"] == "question.created":
            answer_all(client, project)
        if has_opened or (frame.get("run") == run and frame["type"].startswith("workflow.")):
            state = ask(show_runs.sync, run, client=client).state
            if state in ENDED:
                tell("ended", workflow=order.workflow, run=run, state=state)
                if state != "succeeded":
                    sys.exit(f"{order.workflow} has {state}.")
                return cursor
    raise AssertionError("a stream is followed until the work has ended")


def keep(folder: str, message: str) -> None:
    """Commits what the plan wrote: a sprint begins in a clean checkout."""
    for arguments in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", f"--message={message}"]):
        subprocess.run(["git", "-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@localhost", *arguments], check=True)


def main(folder: str, story: str) -> None:
    client = AuthenticatedClient(base_url=os.environ["BATON_URL"], token=os.environ["BATON_TOKEN"], timeout=httpx.Timeout(30))
    added = ask(create_projects.sync, client=client, body=NewProject(folder=folder), idempotency_key=f"add-{folder}")
    project = added.id
    newest = ask(list_events.sync, client=client, limit=1).items
    cursor = work(client, project, NewWork(workflow="plan", input_={"brief-file": "brief.md"}), newest[0].cursor)
    keep(folder, "Plan")
    work(client, project, NewWork(workflow="sprint", input_={"stories": [story]}), cursor)
    item = ask(show_items.sync, project, story, client=client)
    requests = ask(list_pull_requests.sync, project, client=client, all_=True).items
    costs = ask(costs_projects.sync, project, client=client)
    tell(
        "done",
        story=item.status,
        pull_requests={request.branch: request.state for request in requests},
        replies=costs.total.replies,
        input_tokens=costs.total.input_tokens,
        cost_usd=costs.total.to_dict().get("cost_usd"),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
