"""What a conversation may cost: before a request, while it streams, and afterwards."""

from __future__ import annotations

import asyncio
import gc
import re
import threading
import warnings
from decimal import Decimal

import pytest

from omni_nb.chat.conversation import Conversation
from omni_nb.errors import BudgetError, RequestError, ServiceError
from omni_nb.media.parts import ImagePart, ImageURLPart
from omni_nb.offline.behaviour import Behaviour
from omni_nb.offline.server import start
from omni_nb.rules.money import CNY, USD
from omni_nb.rules.pricing import Cost, Usage
from omni_nb.rules.quota import Quota
from omni_nb.turns.budget import Budget
from omni_nb.turns.connection import Connection, connection_of
from omni_nb.views.notebook import Chat, ask, ask_async
from omni_nb.wire.client import Endpoint, Secret
from omni_nb.wire.events import AudioDelta, TextDelta, UsageReport
from tests.begun import begun

TURBO = "qwen-omni-turbo"
NOBODY = Connection(Endpoint("http://127.0.0.1:9/v1", Secret("none")), region="beijing")
PHOTO = ImagePart(b"a photo", "image/png", 1920, 1080, "photo.png")
SPEECH_PRICE = 0.00125


@pytest.fixture(scope="module")
def here():
    with start(Behaviour(pace=0)) as standin:
        yield connection_of(standin)


def chat(**options) -> Conversation:
    return Conversation(TURBO, **{"connection": NOBODY, "budget": CNY(1)} | options)


def answered(made: Conversation, *content, usage: Usage | None = None, pcm: bytes = b"", **state):
    """Answer a question by hand."""
    with begun(made.stream(*content)) as stream:
        if usage:
            stream.reply.feed(UsageReport(usage))
        if pcm:
            stream.reply.feed(AudioDelta(pcm))
        stream.reply.finish(**state)
    return stream.reply


def test_a_request_beyond_the_budget_is_not_sent_and_leaves_nothing():
    made = chat(budget=CNY("0.0001"))
    with pytest.raises(BudgetError, match=re.escape("budget of 0.0001 CNY")) as raised:
        made.stream("What is this?", PHOTO)
    assert "Nothing was sent" in str(raised.value)
    assert made.replies == ()


@pytest.mark.filterwarnings("ignore:.*of the budget")
def test_a_request_that_costs_all_that_is_left_is_sent():
    made = chat(budget=None)
    cost = made.stream("What is this?", PHOTO).reply.estimate.cost.total
    made.budget = CNY(cost)
    with begun(made.stream("What is this?", PHOTO)) as stream:
        stream.reply.finish()
    assert made.replies == (stream.reply,)
    made.budget = CNY(cost - Decimal("1e-9"))
    with pytest.raises(BudgetError):
        made.fork(at=0).stream("What is this?", PHOTO)


@pytest.mark.filterwarnings("ignore:.*of the budget")
def test_of_those_who_ask_at_once_as_many_are_sent_as_the_budget_has_room_for(here):
    made = Chat(TURBO, connection=here)
    cost = made.stream("?", PHOTO).reply.estimate.cost.total
    made.budget = CNY(cost * Decimal("3.5"))
    together, outcomes = threading.Barrier(8), []

    def asker() -> None:
        stream = made.fork().stream("?", PHOTO)  # checked alone, each would fit
        together.wait()
        try:
            stream.begin()
        except BudgetError:
            outcomes.append(None)
        else:
            outcomes.append(stream)

    threads = [threading.Thread(target=asker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [stream for stream in outcomes if stream is not None]
    for stream in sent:
        stream.stop()
    assert len(sent) == 3


def test_what_was_spent_counts_before_the_next_request():
    made = chat()
    with pytest.warns(UserWarning, match="96 % of the budget of 1 CNY"):
        answered(made, "Hi", usage=Usage(input={"text": 3}, output={"text": 600_000}))
    made.budget = CNY("0.96")
    with pytest.raises(BudgetError):
        made.stream("Hi")
    made.budget = None
    assert made.stream("Hi").reply.estimate.cost is not None


def test_the_warning_comes_once_for_a_budget():
    made, used = chat(), Usage(input={"text": 3}, output={"text": 520_000})
    with pytest.warns(UserWarning, match="83 %"):
        answered(made, "Hi", usage=used)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answered(made, "Hi")
    made.budget = CNY("0.9")
    with pytest.warns(UserWarning, match="of 0.9 CNY"):
        answered(made, "Hi")


def test_what_is_taken_back_or_forked_stays_paid():
    made = chat()
    answered(made, "Hi", usage=Usage(input={"text": 3}, output={"text": 400_000}))
    made.undo()
    branch = made.fork()
    with pytest.warns(UserWarning, match="of the budget"):
        answered(branch, "Hi", usage=Usage(input={"text": 3}, output={"text": 200_000}))
    made.budget = CNY("0.95")
    for each in (made, branch):
        with pytest.raises(BudgetError):
            each.stream("Hi")


def test_what_is_paid_is_kept_as_a_sum():
    made, used = chat(budget=CNY(1000)), Usage(input={"text": 3}, output={"text": 20})

    def costs() -> int:
        gc.collect()
        return sum(type(each) is Cost for each in gc.get_objects())

    def ask_and_take_back(times: int) -> None:
        for _ in range(times):
            answered(made, "Hi", usage=used)
            made.undo()

    ask_and_take_back(2)
    before = costs()
    ask_and_take_back(20)
    assert costs() == before
    paid = 22 * used.cost(TURBO, region="beijing").total
    made.budget = CNY(paid)
    with pytest.raises(BudgetError, match=re.escape(f"{paid:f} CNY is spent")):
        made.stream("Hi")


def test_what_was_paid_in_another_currency_or_is_not_known_keeps_no_budget():
    made, used = chat(budget=None), Usage(input={"text": 3}, output={"text": 20})
    answered(made, "Hi", usage=used)
    made.undo()
    made.budget = USD(1)
    with pytest.raises(RequestError, match="in USD, the prices are in CNY"):
        made.stream("Hi")
    made.budget = None
    made.connection = Connection(Endpoint("http://127.0.0.1:9/v1", Secret("none")))
    answered(made, "Hi", usage=used)
    made.undo()
    made.connection, made.budget = NOBODY, CNY(1)
    with pytest.raises(RequestError, match="has cost so far is not known"):
        made.stream("Hi")


def test_an_interrupted_answer_is_paid_by_our_count():
    made = chat(voice="Cherry", budget=CNY("0.0126"))
    with pytest.warns(UserWarning, match="of the budget"):
        reply = answered(made, "Hi", pcm=bytes(48_000 * 10), stopped="interrupted")
    assert reply.cost is None
    assert float(reply.cost_so_far.total) == pytest.approx(10 * SPEECH_PRICE, rel=1e-3)
    with pytest.raises(BudgetError):
        made.stream("word " * 1000)


def test_a_refused_request_has_cost_nothing():
    made = chat(budget=CNY("0.01"))
    error = ServiceError("no", status_code=401)
    for _ in range(9):
        answered(made, "What is this?", PHOTO, error=error)
    assert made.stream("What is this?", PHOTO)


def test_answers_that_stream_at_once_share_the_budget():
    made = chat(budget=CNY("0.005"))
    first, second = (begun(made.stream("?", PHOTO)) for _ in range(2))
    assert first.reply.cost_so_far == second.reply.cost_so_far
    with pytest.raises(BudgetError):
        made.stream("?", PHOTO)


@pytest.mark.parametrize(
    ("options", "content", "said"),
    [
        ({}, ImageURLPart("https://a.example/1.png"), "cannot be counted"),
        ({"model": "nobody-knows-me"}, "Hi", "price of nobody-knows-me is unknown"),
        ({"budget": USD(1)}, "Hi", "Give the budget in CNY"),
    ],
)
def test_where_a_price_is_not_known_no_budget_can_be_kept(options, content, said):
    made = chat()
    made.model = options.pop("model", TURBO)
    made.budget = options.get("budget", made.budget)
    with pytest.raises(RequestError, match=re.escape(said)) as raised:
        made.stream(content)
    assert not isinstance(raised.value, BudgetError)
    assert made.replies == ()


def test_a_cost_that_was_never_known_cannot_be_budgeted_afterwards():
    made = chat(budget=None, connection=Connection(Endpoint("http://127.0.0.1:9/v1", Secret("x"))))
    answered(made, "Hi", usage=Usage(input={"text": 3}))
    made.connection, made.budget = NOBODY, CNY(1)
    with pytest.raises(RequestError, match="not known"):
        made.stream("Hi")


def test_a_refused_request_of_unknown_price_does_not_stand_in_the_way():
    made = chat(budget=None, connection=Connection(Endpoint("http://127.0.0.1:9/v1", Secret("x"))))
    answered(made, "Hi", error=ServiceError("no"))
    made.connection, made.budget = NOBODY, CNY(1)
    assert made.stream("Hi")


@pytest.mark.parametrize("budget", [1, "1 CNY", True, CNY(0), CNY(-1)])
def test_a_budget_is_money(budget):
    with pytest.raises(RequestError, match="CNY"):
        chat(budget=budget)
    made = chat()
    with pytest.raises(RequestError):
        made.budget = budget
    with pytest.raises(RequestError, match="Quota"):
        made.quota = 1000


@pytest.mark.filterwarnings("ignore:.*of the budget")
def test_speech_that_passes_the_budget_is_stopped_and_kept(here):
    made = Conversation(TURBO, voice="Cherry", connection=here, budget=CNY("0.02"))
    with made.stream("Speak for 60 seconds.") as stream:
        for _ in stream:
            pass
    reply = made.replies[0]
    assert reply.finish_reason == "budget"
    assert 16 <= reply.audio.seconds < 20
    assert reply.usage is None
    assert 0.02 < float(reply.cost_so_far.total) < 0.025
    with pytest.raises(BudgetError):
        made.stream("And then?")


@pytest.mark.filterwarnings("ignore:.*of the budget")
def test_a_written_answer_that_passes_the_budget_is_stopped_too(here, monkeypatch):
    monkeypatch.setattr("omni_nb.turns.stream.LOOK_SECONDS", 0)
    made = Conversation(TURBO, connection=here, budget=CNY("0.00003"))
    with made.stream("Who are you?") as stream:
        for _ in stream:
            pass
    assert made.replies[0].finish_reason == "budget"
    assert made.replies[0].text


@pytest.mark.filterwarnings("ignore:.*of the budget")
@pytest.mark.parametrize("is_async", [False, True])
def test_a_single_question_may_have_a_budget(here, is_async):
    asked = {"voice": "Cherry", "budget": CNY("0.01"), "connection": here, "show": False}
    if is_async:
        reply = asyncio.run(ask_async("Speak for 30 seconds.", **asked))
    else:
        reply = ask("Speak for 30 seconds.", **asked)
    assert reply.finish_reason == "budget"
    assert 8 <= reply.audio.seconds < 12


def test_an_answer_that_is_whole_when_its_bill_passes_the_budget_is_not_called_stopped(
    here, monkeypatch
):
    def is_passed(budget: Budget) -> bool:
        return any(reply.finish_reason for reply in budget._open)

    monkeypatch.setattr(Budget, "is_passed", is_passed)
    monkeypatch.setattr("omni_nb.turns.stream.LOOK_SECONDS", 0)
    reply = ask("Who are you?", budget=CNY(1), connection=here, show=False)
    assert reply.finish_reason == "stop"
    assert reply.usage is not None


def test_a_person_who_stops_first_has_interrupted(here):
    made = Conversation(TURBO, voice="Cherry", connection=here, budget=CNY(1))
    with made.stream("Speak for 60 seconds.") as stream:
        next(iter(stream))
    assert made.replies[0].finish_reason == "interrupted"


def test_an_answer_within_the_budget_is_whole(here):
    made = Conversation(TURBO, connection=here, budget=CNY(1))
    for _ in made.stream("Who are you?"):
        pass
    assert made.replies[0].finish_reason == "stop"


def test_the_warning_lands_where_the_person_asked(here):
    made = Chat(TURBO, voice="Cherry", connection=here, budget=CNY("0.03"))
    with pytest.warns(UserWarning, match="of the budget") as caught:
        made.ask("Speak for 20 seconds.", show=False)
    assert caught[0].filename == __file__


def test_a_quota_is_spent_by_every_answer_once_and_shared(here):
    quota = Quota(1_000_000)
    chats = [Chat(TURBO, connection=here, quota=quota) for _ in range(2)]
    replies = [each.ask("Who are you?", show=False) for each in chats]
    replies.append(chats[0].fork().ask("And you?", show=False))
    assert quota.spent == sum(reply.usage.total for reply in replies)


def test_a_stream_read_elsewhere_is_settled_with_the_next_question():
    made = chat(quota=Quota(1_000_000))
    stream = begun(made.stream("Hi"))
    stream.reply.feed(TextDelta("Hello"))
    thread = threading.Thread(target=stream.stop)
    thread.start()
    thread.join()
    assert made.quota.spent == 0
    made.stream("Hi")
    assert made.quota.spent == stream.reply.usage_so_far.total > 0


def test_a_saved_conversation_remembers_what_it_cost(tmp_path):
    made = chat(budget=None)
    answered(made, "Hi", usage=Usage(input={"text": 3}, output={"text": 600_000}))
    answered(made, "What is this?", PHOTO, stopped="interrupted")
    again = Conversation.load(made.save(tmp_path / "talk.json"), connection=NOBODY)
    assert again.budget is None
    assert [r.estimate for r in again.replies] == [r.estimate for r in made.replies]
    again.budget = CNY("0.96")
    with pytest.raises(BudgetError):
        again.stream("Hi")


def test_a_saved_conversation_knows_what_could_not_be_weighed(tmp_path):
    made = chat(budget=None)
    answered(made, "Hi")
    answered(made, "Which?", ImageURLPart("https://a.example/1.png"), stopped="interrupted")
    again = Conversation.load(made.save(tmp_path / "talk.json"), connection=NOBODY)
    assert [reply.estimate.has_unknown for reply in again] == [False, True]
    assert again[1].account.has_unknown
