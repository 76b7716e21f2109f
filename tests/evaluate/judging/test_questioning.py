"""Asking a judge: what it costs, what is kept, and what a real server on this machine may do meanwhile."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from studio.catalogue import Phrase
from studio.evaluate.judging.judge import REPLY_TOKENS
from studio.evaluate.judging.judges import AT_ONCE, server_judge
from studio.evaluate.judging.pairs import Pair, PairVerdict, questions_of
from studio.evaluate.judging.questioning import cost_of, judged
from studio.evaluate.judging.win_rate import raw_win_rate, win_rate_score
from studio.events import INCOMPATIBLE, Progress
from studio.generate.keys import ServerError
from studio.generate.server import Server
from tests.conftest import refused
from tests.evaluate.judging.stubs import Kept, Stub, fair, judge_pairs, planted
from tests.jobs.openai_server import Answer, completion, openai_server

PAIRS = planted(12, wins=0.6, seed=4)


def served(url: str, pairs: list[Pair], store: Any, **fields: Any) -> list[PairVerdict]:
    with server_judge(Server(url, "llama-judge", wait=0.001, **fields)) as judge:
        return judge_pairs(judge, pairs, store)


def said(body: dict[str, Any]) -> str:
    return f"One is better than the other. [[{fair(body['messages'][0]['content'])}]]"


def test_the_same_questions_are_asked_once_and_stopping_loses_no_reply() -> None:
    store, stub = Kept(), Stub(fair, steps=3)
    questions = questions_of(PAIRS)
    steps = judged(stub.judge, questions, store)
    for told in steps:
        assert isinstance(told, Progress)
        if told.done == 7:
            break
    steps.close()
    assert len(store.values) == 7
    before = len(stub.asked)
    resumed = judge_pairs(stub.judge, PAIRS, store)
    assert len(stub.asked) - before == len(questions) - 7
    assert resumed == judge_pairs(Stub(fair).judge, PAIRS)
    again = len(stub.asked)
    assert judge_pairs(stub.judge, PAIRS, store) == resumed
    assert len(stub.asked) == again


def test_a_slow_judge_can_be_stopped_while_it_thinks() -> None:
    stub = Stub(fair, steps=1_000_000)
    steps = judged(stub.judge, questions_of(PAIRS), Kept())
    for _ in range(5):
        assert next(steps).done == 0
    steps.close()
    assert len(stub.asked) == 1


def test_a_judge_is_asked_as_many_questions_at_once_as_it_takes() -> None:
    stub = Stub(fair, steps=4, at_once=3)
    assert judge_pairs(stub.judge, PAIRS) == judge_pairs(Stub(fair).judge, PAIRS)
    assert stub.most == 3


def test_another_judge_does_not_take_the_words_of_the_first() -> None:
    store = Kept()
    judge_pairs(Stub(fair).judge, PAIRS, store)
    other = Stub(fair, name="other")
    judge_pairs(other.judge, PAIRS, store)
    assert len(other.asked) == 2 * len(PAIRS)


def test_the_cost_is_counted_before_anything_is_asked() -> None:
    store, stub = Kept(), Stub(fair, at_once=2)
    questions = questions_of(PAIRS)
    cost = cost_of(stub.judge, [*questions, *questions], store, seconds_per_request=2.0)
    assert stub.asked == []
    assert (cost.requests, cost.kept, cost.seconds) == (24, 0, 24.0)
    assert cost.most_written_tokens == 24 * REPLY_TOKENS
    letters = sum(len(question.asked(alone=False)) for question in questions)
    assert letters / 4 <= cost.read_tokens <= letters / 4 + 24
    judge_pairs(stub.judge, PAIRS[:5], store)
    assert (cost_of(stub.judge, questions, store).requests, cost_of(stub.judge, questions, store).kept) == (
        14,
        10,
    )


def test_a_real_server_that_is_busy_at_times_gives_the_same_table() -> None:
    def answer(body: dict[str, Any], number: int) -> Answer:
        if number % 3 == 0:
            return 429, {"error": {"message": "slow down"}}, {"Retry-After": "0.01"}
        return (500, {}, {}) if number % 5 == 0 else said(body)

    with openai_server(answer) as server:
        found = served(server.url, PAIRS, Kept())
    assert found == judge_pairs(Stub(fair).judge, PAIRS)
    assert len(server.asked) > 2 * len(PAIRS)
    assert {(body["temperature"], body["model"]) for body in server.asked} == {(0.0, "llama-judge")}


def test_a_server_that_dies_in_the_middle_is_gone_on_with() -> None:
    """What it said before is kept: the second time only the rest is asked, and the table is the same."""
    store, dead = Kept(), threading.Event()

    def answer(body: dict[str, Any], number: int) -> Answer:
        if number == 10:
            dead.set()
        return None if dead.is_set() else said(body)

    with openai_server(answer) as server:
        with refused("server.no_reply", ServerError, fault="server.closed"):
            served(server.url, PAIRS, store)
        kept, asked = len(store.values), len(server.asked)
        assert 9 - AT_ONCE <= kept <= 9
        dead.clear()
        found = served(server.url, PAIRS, store)
        assert len(server.asked) - asked == 2 * len(PAIRS) - kept
    assert found == judge_pairs(Stub(fair).judge, PAIRS)


def test_a_reply_that_is_cut_or_refused_is_no_vote() -> None:
    def answer(body: dict[str, Any], number: int) -> Answer:
        text = body["messages"][0]["content"]
        if "Question 3?" in text:
            return completion("Well, [[A]] would", "length")
        return (400, {"error": {"message": "policy"}}, {}) if "Question 5?" in text else said(body)

    store = Kept()
    with openai_server(answer) as server:
        found = served(server.url, PAIRS, store)
    assert [each.id for each in found if not each.readable] == ["q3", "q5"]
    raw = win_rate_score("judge", {"tuned": found}, "base", {}, raw_win_rate)
    assert raw.count == 10
    assert len(store.values) == 22  # what was refused is asked again another time


def test_a_server_that_refuses_everything_is_said_to() -> None:
    with (
        openai_server(lambda body, number: (400, {"error": {"message": "no"}}, {})) as server,
        refused("server.refused", ServerError),
    ):
        served(server.url, PAIRS[:3], Kept())


def test_a_server_that_drips_is_given_up_in_time() -> None:
    over = threading.Event()

    def drip(out: Any) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not over.wait(0.02):
            out.write(b" ")
            out.flush()

    try:
        with (
            openai_server(lambda body, number: drip) as server,
            refused("server.no_reply", ServerError, fault="server.too_slow"),
        ):
            served(server.url, PAIRS[:2], Kept(), timeout=0.1)
    finally:
        over.set()


@pytest.fixture(scope="module")
def starter_judge() -> Any:
    from studio.dataset.render.render import Renderer
    from studio.evaluate.judging.judges import local_judge
    from studio.models.cache import ModelCache
    from studio.paths import model_folder

    opened = ModelCache().open(model_folder("starter"))
    renderer = Renderer(opened.tokenizer)
    return local_judge("starter", "Starter", opened.module, opened.tokenizer, renderer, "qwen")


def test_a_model_on_this_mac_is_read_at_its_logits(starter_judge: Any) -> None:
    """The starter, a toy of four layers, prefers a place to an answer, and so has no say."""
    store = Kept()
    pairs = [Pair(str(n), f"What is {n}?", f"It is {n}.", f"{n} is a number.") for n in range(6)]
    found = judge_pairs(starter_judge, pairs, store)
    assert all(each.readable for each in found)
    shares = [value["shares"] for value in store.values.values()]
    assert len(shares) == 12
    assert all(set(each) == {"A", "B", "C"} and 0 < sum(each.values()) <= 1.0001 for each in shares)
    raw = win_rate_score("judge", {"tuned": found}, "base", {}, raw_win_rate)
    assert (raw.state, raw.scores) == (INCOMPATIBLE, ())
    assert isinstance(raw.reason, Phrase)
    assert raw.reason.code == "judge.inconsistent"
    cost = cost_of(starter_judge, questions_of(pairs), Kept())
    assert (cost.requests, cost.written_tokens) == (12, 0)
    assert cost.read_tokens > 12 * 100


def test_the_probabilities_are_those_of_one_plain_pass(starter_judge: Any) -> None:
    import mlx.core as mx

    from studio.dataset.record import Message
    from studio.dataset.render.render import Renderer
    from studio.models.cache import ModelCache
    from studio.paths import model_folder
    from tests.conftest import finish

    question, _ = Pair("1", "What is 3?", "It is 3.", "Three.").questions()
    reply = finish(starter_judge.ask(question))
    opened = ModelCache().open(model_folder("starter"))
    ids = Renderer(opened.tokenizer).prompt_ids((Message("user", question.asked(alone=True)),))
    shares = mx.softmax(opened.module(mx.array([ids]))[0, -1].astype(mx.float32))
    for choice in "ABC":
        tokens = {
            opened.tokenizer.encode(text, add_special_tokens=False)[-1] for text in (choice, f" {choice}")
        }
        own = [token for token in tokens if opened.tokenizer.decode([token]).strip() == choice]
        assert reply.shares[choice] == pytest.approx(sum(float(shares[token]) for token in own), rel=1e-3)
