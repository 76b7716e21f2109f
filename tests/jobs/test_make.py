"""Making more: by a real server that fails in every way, by the starter, and killed in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from studio.dataset.read.load import read
from studio.dataset.steps.steps import Cap, Delete, Edit, steps_text
from studio.errors import DataError
from studio.events import Event, GeneratedRow, Refusals, SynthesisEnded
from studio.generate.keys import ServerError
from studio.jobs.synthesis import SynthesisJob
from studio.models.cache import ModelCache
from studio.synth.folder import SyntheticFolder, accepted, write_accepted
from studio.synth.plan import Plan
from studio.synth.rows import Review
from tests.conftest import refused
from tests.jobs.openai_server import Answer, Body, openai_server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Five passages under five headings, each about another thing."""
    path = tmp_path / "things.md"
    sections = [
        f"# Thing {name}\n\nThe {name} weighs {n + 11} tons. " + f"Every {name} is painted green. " * 25
        for n, name in enumerate(("anchor", "bridge", "crane", "dredger", "engine"))
    ]
    path.write_text("\n\n".join(sections))
    return path


def plan_for(url: str, documents: Path, **fields: object) -> Plan:
    return Plan.model_validate(
        {"documents": (str(documents),), "server": url, "model": "llama", "each": 1, **fields}
    )


def good(body: Body, number: int = 0) -> str:
    """A question and an answer that stand in the passage."""
    name, tons = re.findall(r"The (\w+) weighs (\d+) tons", body["messages"][0]["content"])[0]
    return json.dumps([{"question": f"What does the {name} weigh?", "answer": f"It weighs {tons} tons."}])


def carried_out(plan: Plan, folder: Path) -> list[Event]:
    return list(SynthesisJob(plan, folder, wait=0.01).run_events(None))


def test_rows_from_documents_are_kept_with_where_they_come_from(documents: Path, tmp_path: Path) -> None:
    with openai_server(good) as served:
        events = carried_out(plan_for(served.url, documents), tmp_path / "more")
    rows = [event for event in events if isinstance(event, GeneratedRow)]
    assert [row.prompt for row in rows][:2] == ["What does the anchor weigh?", "What does the bridge weigh?"]
    assert (rows[0].maker, rows[0].model, rows[0].source) == (
        "passages",
        "llama",
        "things.md, “Thing anchor”",
    )
    assert "weighs 11 tons" in rows[0].passage
    assert events[-1] == SynthesisEnded(str(tmp_path / "more"), 5, 5, ())
    assert served.keys == [None] * 5
    assert served.asked[0]["model"] == "llama"


def test_what_is_no_good_is_refused_and_counted(documents: Path, tmp_path: Path) -> None:
    replies = [
        "I am sorry, I cannot.",
        '[{"question": "", "answer": "green"}]',
        '[{"question": "Who built it?", "answer": "A famous emperor, long before the war began."}]',
        '[{"question": "What is it? \\ud83d", "answer": "a"}, {"question": "Colour?", "answer": "green"}]',
        '[{"question": "COLOUR", "answer": "painted green"}]',
    ]
    with openai_server(lambda body, number: replies[number - 1]) as served:
        events = carried_out(plan_for(served.url, documents), tmp_path / "more")
    ended = events[-1]
    assert isinstance(ended, SynthesisEnded)
    assert (ended.asked, ended.rows) == (5, 1)
    assert ended.refused == (
        Refusals("not in the asked form", 1),
        Refusals("empty", 1),
        Refusals("not grounded in the passage", 1),
        Refusals("broken characters", 1),
        Refusals("an exact duplicate", 1),
    )


FAULTS: dict[str, Answer] = {
    "too many requests": (429, {"error": {"message": "slow down"}}, {"Retry-After": "0"}),
    "server error": (500, {}, {}),
    "bad gateway": b"<html>Bad gateway</html>",
    "broken JSON": b'{"choices": [',
    "no choices": b'{"choices": []}',
    "closed connection": None,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_costs_nothing(documents: Path, tmp_path: Path, fault: str) -> None:
    def answer(body: Body, number: int) -> Answer:
        return FAULTS[fault] if number in (1, 2, 4) else good(body)

    with openai_server(answer) as served:
        events = carried_out(plan_for(served.url, documents), tmp_path / "more")
    assert events[-1] == SynthesisEnded(str(tmp_path / "more"), 5, 5, ())
    assert len(served.asked) == 8


LASTING = {
    "server error": "server.answered",
    "broken JSON": "server.no_completion",
    "closed connection": "server.closed",
}


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_stays_ends_with_a_sentence_and_keeps_what_was_made(
    documents: Path, tmp_path: Path, fault: str
) -> None:
    with openai_server(lambda body, number: good(body) if number < 3 else FAULTS[fault]) as served:
        plan = plan_for(served.url, documents)
        with refused("server.no_reply", ServerError, attempts=5, fault=LASTING[fault]):
            carried_out(plan, tmp_path / "more")
    assert len(SyntheticFolder(tmp_path / "more").rows()) == 2


REFUSALS = {
    (401, "bad key"): "server.key_refused",
    (404, "no such model"): "server.no_model",
    (422, "what?"): "server.refused",
}


@pytest.mark.parametrize(("status", "message"), REFUSALS)
def test_a_refusal_is_said_at_once(documents: Path, tmp_path: Path, status: int, message: str) -> None:
    with openai_server(lambda body, number: (status, {"error": {"message": message}}, {})) as served:
        with refused(REFUSALS[status, message], ServerError, reason=f" (“{message}”)"):
            carried_out(plan_for(served.url, documents), tmp_path / "more")
        assert len(served.asked) == 1


def test_an_address_without_a_server_and_one_that_is_none(documents: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with refused("server.silent", ServerError, server=url):
            carried_out(plan_for(url, documents), tmp_path / "more")
    with refused("server.no_address", ServerError, fault="address.no_scheme"):
        carried_out(plan_for("localhost:8080", documents), tmp_path / "others")


def test_settings_that_a_server_does_not_know_are_left_out(documents: Path, tmp_path: Path) -> None:
    def answer(body: Body, number: int) -> Answer:
        for name in ("max_tokens", "temperature"):
            if name in body:
                return 400, {"error": {"message": f"Unsupported: {name}", "param": name}}, {}
        return good(body)

    with openai_server(answer) as served:
        events = carried_out(plan_for(served.url, documents, sources=1), tmp_path / "more")
    assert events[-1] == SynthesisEnded(str(tmp_path / "more"), 1, 1, ())
    assert served.asked[-1]["max_completion_tokens"] == 768


def test_the_key_goes_with_each_request(
    documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SERVER_KEY", "secret")
    with openai_server(good) as served:
        carried_out(plan_for(served.url, documents, sources=1), tmp_path / "more")
    assert served.keys == ["Bearer secret"]
    assert all("secret" not in file.read_text() for file in (tmp_path / "more").iterdir())


def test_it_can_be_stopped_while_a_slow_server_thinks_and_goes_on_later(
    documents: Path, tmp_path: Path
) -> None:
    thinks, may_answer = threading.Event(), threading.Event()

    def answer(body: Body, number: int) -> Answer:
        if number == 3:
            thinks.set()
            may_answer.wait(30)
        return good(body)

    with openai_server(answer) as served:
        job = SynthesisJob(plan_for(served.url, documents), tmp_path / "more")
        events = job.run_events(None)
        for _ in events:
            if thinks.is_set():
                events.close()
        may_answer.set()
        assert len(SyntheticFolder(tmp_path / "more").rows()) == 2
        again = list(SynthesisJob.again(tmp_path / "more").run_events(None))
    assert again[-1] == SynthesisEnded(str(tmp_path / "more"), 5, 5, ())
    assert sum(isinstance(event, GeneratedRow) for event in again) == 3


KILLED = (
    "import sys; from pathlib import Path; from studio.synth.plan import Plan;"
    "from studio.jobs.synthesis import SynthesisJob;"
    "list(SynthesisJob(Plan.model_validate_json(sys.argv[1]), Path(sys.argv[2])).run_events(None))"
)


def test_killed_in_the_middle_it_loses_nothing_and_makes_nothing_twice(
    documents: Path, tmp_path: Path
) -> None:
    killed: list[subprocess.Popen[bytes]] = []
    begun = threading.Event()

    def answer(body: Body, number: int) -> Answer:
        if number == 4:
            begun.wait(30)
            killed[0].send_signal(signal.SIGKILL)
            return None
        return good(body)

    with openai_server(answer) as served:
        plan = plan_for(served.url, documents)
        more = str(tmp_path / "more")
        killed.append(
            subprocess.Popen([sys.executable, "-c", KILLED, plan.model_dump_json(), more], cwd=ROOT)
        )
        begun.set()
        assert killed[0].wait(60) == -signal.SIGKILL
        kept = SyntheticFolder(tmp_path / "more").rows()
        assert [row.number for row in kept] == [1, 2, 3]
        events = carried_out(plan, tmp_path / "more")
    rows = SyntheticFolder(tmp_path / "more").rows()
    assert rows[:3] == kept
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert len({row.made.source for row in rows}) == 5
    assert events[-1] == SynthesisEnded(more, 5, 5, ())


def test_a_file_cut_short_anywhere_goes_on_after_its_last_whole_row(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_text(
        "".join(
            json.dumps({"prompt": f"Say the word {n} ünd more", "completion": "ok"}) + "\n" for n in range(4)
        )
    )
    plan = Plan(maker="noise", data=str(data))
    carried_out(plan, tmp_path / "whole")
    prompts = [row.record(0).prompt for row in SyntheticFolder(tmp_path / "whole").rows()]
    whole = (tmp_path / "whole" / "made.jsonl").read_bytes()
    folder = SyntheticFolder.create(tmp_path / "cut", plan)
    assert len(prompts) == 4
    for length in range(0, len(whole), 41):
        (folder.path / "made.jsonl").write_bytes(whole[:length])
        carried_out(plan, folder.path)
        assert [row.record(0).prompt for row in folder.rows()] == prompts


def test_rows_are_made_from_what_the_steps_leave(tmp_path: Path) -> None:
    data = tmp_path / "talk.jsonl"
    rows = [
        {"prompt": f"How does one repair the bicycle number {n}?", "completion": f"Like {n}."}
        for n in range(9)
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    history = steps_text((Delete(line=1), Edit(line=2, field="answer", value="Carefully."), Cap(rows=3)))
    events = carried_out(Plan(maker="noise", data=str(data), history=history), tmp_path / "more")
    made = [event for event in events if isinstance(event, GeneratedRow)]
    assert {row.answer for row in made} == {"Carefully.", "Like 2.", "Like 3."}


def test_only_accepted_rows_count_as_the_person_left_them(documents: Path, tmp_path: Path) -> None:
    with openai_server(good) as served:
        carried_out(plan_for(served.url, documents), tmp_path / "more")
    folder = SyntheticFolder(tmp_path / "more")
    with refused("synth.none_accepted_in", DataError, folder=folder.path):
        write_accepted(folder.path, tmp_path / "out.jsonl")
    folder.review(1, Review("accepted"))
    folder.review(2, Review("edited", "How heavy is a bridge?", "12 tons."))
    folder.review(3, Review("accepted"))
    folder.review(3, Review("rejected"))
    with (folder.path / "reviews.jsonl").open("a") as file:
        file.write('{"row": 4, "state": "acc')  # a crash
    assert [(record.line, record.prompt) for record in accepted(folder.path)] == [
        (1, "What does the anchor weigh?"),
        (2, "How heavy is a bridge?"),
    ]
    folder.review(4, Review("accepted"))
    states = [review.state for _, review in folder.reviewed()]
    assert states == ["accepted", "edited", "rejected", "accepted", "pending"]
    assert write_accepted(folder.path, tmp_path / "out.jsonl") == 3
    assert read(tmp_path / "out.jsonl").records == accepted(folder.path)
    for call in (
        lambda: folder.review(99, Review("accepted")),
        lambda: Review("maybe"),
        lambda: Review("edited"),
    ):
        with pytest.raises(DataError):
            call()


def test_a_folder_holds_one_plan_and_one_job_at_a_time(documents: Path, tmp_path: Path) -> None:
    plan = plan_for("http://127.0.0.1:9/v1", documents)
    folder = SyntheticFolder.create(tmp_path / "more", plan)
    with refused("synth.other_plan", DataError, folder=folder.path):
        carried_out(plan.model_copy(update={"each": 2}), folder.path)
    with folder.held(), refused("synth.busy", DataError):
        carried_out(plan, folder.path)
    with refused("synth.missing", DataError, folder=tmp_path):
        SynthesisJob.again(tmp_path)


def test_preference_pairs_keep_their_worse_answer(tmp_path: Path) -> None:
    data = tmp_path / "pairs.jsonl"
    data.write_text(
        json.dumps({"prompt": "Name a colour please", "chosen": "Blue.", "rejected": "No."}) + "\n"
    )
    plan = Plan(maker="back-translation", data=str(data), server="", model="m")
    replies = ["Nenne bitte eine Farbe", "Tell me some colour"]
    with openai_server(lambda body, number: replies[number - 1]) as served:
        carried_out(plan.model_copy(update={"server": served.url}), tmp_path / "more")
        assert "Nenne bitte eine Farbe" in served.asked[1]["messages"][0]["content"]
    SyntheticFolder(tmp_path / "more").review(1, Review("accepted"))
    write_accepted(tmp_path / "more", tmp_path / "out.jsonl")
    (record,) = read(tmp_path / "out.jsonl").records
    assert (record.prompt, record.answer, record.rejected) == ("Tell me some colour", "Blue.", "No.")
    assert record.group_key == read(data).records[0].group_key  # so no split divides them


def test_the_starter_completes_text_and_its_rows_are_refused_for_it(tmp_path: Path, documents: Path) -> None:
    plan = Plan(documents=(str(documents),), sources=2, max_tokens=24)
    job = SynthesisJob(plan, tmp_path / "more")
    assert job.on_engine
    events = list(job.run_events(ModelCache()))
    ended = events[-1]
    assert isinstance(ended, SynthesisEnded)
    assert (ended.asked, ended.rows) == (2, 0)
    assert sum(each.count for each in ended.refused) >= 2
    assert list(SynthesisJob.again(tmp_path / "more").run_events(ModelCache()))[-1] == ended


def test_a_local_model_can_be_stopped_between_tokens(tmp_path: Path, starter: Path) -> None:
    plan = Plan(maker="paraphrase", data=str(starter / "instructions.jsonl"), max_tokens=8192, temperature=0)
    events = SynthesisJob(plan, tmp_path / "more").run_events(ModelCache())
    said = [next(events) for _ in range(12)]
    events.close()
    assert said
    assert SyntheticFolder(tmp_path / "more").asked() == set()
    assert os.listdir(tmp_path / "more").count("making.json") == 1
