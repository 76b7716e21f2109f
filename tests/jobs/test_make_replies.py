"""What is kept of a server's replies, what is passed over with its reason, and what ends the synthesis."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from studio.events import Event, GeneratedRow, Log, Refusals, SynthesisEnded
from studio.generate.asking import CUT, DECLINED, FILTERED, REFUSED, SILENT, THOUGHT
from studio.generate.keys import ServerError
from studio.generate.server import QuestionRefused
from studio.jobs.synthesis import SynthesisJob
from studio.synth.folder import SyntheticFolder
from studio.synth.plan import Plan
from tests.conftest import refused
from tests.jobs.openai_server import Answer, Body, completion, openai_server

NAMES = ("anchor", "bridge", "crane", "dredger", "engine")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A passage about each thing."""
    path = tmp_path / "things.md"
    sections = [
        f"# {name}\n\nThe {name} weighs {n} tons. " + "It is green. " * 40 for n, name in enumerate(NAMES)
    ]
    path.write_text("\n\n".join(sections))
    return path


def about(body: Body) -> str:
    return re.findall(r"The (\w+) weighs \d", body["messages"][0]["content"])[0]


def good(body: Body) -> str:
    name = about(body)
    return json.dumps(
        [{"question": f"How heavy is the {name}?", "answer": f"The {name} weighs {NAMES.index(name)} tons."}]
    )


def plan_for(url: str, documents: Path) -> Plan:
    return Plan(documents=(str(documents),), server=url, model="llama", each=1)


def made(documents: Path, folder: Path, answers: dict[str, Answer]) -> list[Event]:
    with openai_server(lambda body, number: answers.get(about(body)) or good(body)) as served:
        return list(SynthesisJob(plan_for(served.url, documents), folder, wait=0.001).run_events(None))


LOST: dict[str, tuple[Answer, str]] = {
    "cut": (completion('[{"question": "Why is it?", "answer": "It is green"}]', "length"), CUT),
    "cut in its thoughts": (completion("", "length", reasoning_content="Hm"), CUT),
    "filter": (completion(None, "content_filter"), FILTERED),
    "filter after a part": (completion('[{"question": "Why is it?"', "content_filter"), FILTERED),
    "thoughts beside": (completion("", reasoning_content="Hm"), THOUGHT),
    "thoughts inside": (completion("<think>Q: What?\nA: It is green.</think>\n"), THOUGHT),
    "open thoughts": (completion("<think>Q: What?\nA: It is green."), THOUGHT),
    "declined": (completion(None, refusal="I cannot."), DECLINED),
    "nothing": (completion("\n"), SILENT),
    "null": (completion(None), SILENT),
    "400": ((400, {"error": {"message": "content policy"}}, {}), REFUSED),
    "413": ((413, {}, {}), REFUSED),
}


@pytest.mark.parametrize("name", LOST)
def test_what_cannot_be_kept_is_counted_with_its_reason_and_the_others_go_on(
    documents: Path, tmp_path: Path, name: str
) -> None:
    answer, reason = LOST[name]
    events = made(documents, tmp_path / "more", {"bridge": answer})
    assert [event.source for event in events if isinstance(event, GeneratedRow)] == [
        f"things.md, “{name}”" for name in NAMES if name != "bridge"
    ]
    assert events[-1] == SynthesisEnded(str(tmp_path / "more"), 5, 4, (Refusals(reason, 1),))
    assert SyntheticFolder(tmp_path / "more").finished  # so it is never asked again


def test_a_refusal_is_told_where_it_happens(documents: Path, tmp_path: Path) -> None:
    events = made(documents, tmp_path / "more", {"anchor": LOST["400"][0]})
    told = [event.text for event in events if isinstance(event, Log) and event.level == "warning"]
    assert len(told) == 1
    assert told[0].startswith("Nothing is made from things.md, “anchor”: ")
    assert "refused with 400 (“content policy”)" in told[0]


def test_where_everything_is_refused_it_ends_with_the_servers_words_and_asks_again_later(
    documents: Path, tmp_path: Path
) -> None:
    unknown: Answer = (400, {"error": {"message": "unknown model"}}, {})
    with refused("server.refused", QuestionRefused, status=400, reason=" (“unknown model”)"):
        made(documents, tmp_path / "more", dict.fromkeys(NAMES, unknown))
    assert SyntheticFolder(tmp_path / "more").asked() == set()
    with openai_server(lambda body, number: good(body)) as served:
        (tmp_path / "other").mkdir()
        events = list(SynthesisJob(plan_for(served.url, documents), tmp_path / "other").run_events(None))
    assert events[-1] == SynthesisEnded(str(tmp_path / "other"), 5, 5, ())


def test_a_folder_whose_rest_is_refused_comes_to_its_end(documents: Path, tmp_path: Path) -> None:
    """The server answered earlier, so it is this passage that it does not take."""
    down: list[bool] = [True]

    def answer(body: Body, number: int) -> Answer:
        if about(body) != "engine":
            return good(body)
        return (403, {}, {}) if down else (400, {}, {})

    with openai_server(answer) as served:
        job = SynthesisJob(plan_for(served.url, documents), tmp_path / "more")
        with refused("server.key_refused", ServerError):
            list(job.run_events(None))
        down.clear()
        events = list(job.run_events(None))
    assert events[-1] == SynthesisEnded(str(tmp_path / "more"), 5, 4, (Refusals(REFUSED, 1),))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_concerns_every_question_ends_it_at_once(documents: Path, tmp_path: Path, status: int) -> None:
    with pytest.raises(ServerError):
        made(documents, tmp_path / "more", {"crane": (status, {}, {})})
    assert len(SyntheticFolder(tmp_path / "more").rows()) == 2


def test_many_refusals_in_a_row_end_it(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    rows = [{"prompt": f"Name the thing with number {n}", "completion": "x"} for n in range(60)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked: list[int] = []

    def answer(body: Body, number: int) -> Answer:
        asked.append(number)
        return "Say which thing has the number" if number == 1 else (400, {}, {})

    with openai_server(answer) as served:
        plan = Plan(maker="paraphrase", data=str(data), server=served.url, model="m")
        with pytest.raises(QuestionRefused):
            list(SynthesisJob(plan, tmp_path / "more").run_events(None))
    assert len(asked) == 21
    assert len(SyntheticFolder(tmp_path / "more").asked()) == 1
