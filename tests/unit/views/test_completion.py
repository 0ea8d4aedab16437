"""Tab in ``voice="`` and ``model="``: what is offered, and that other code is left alone."""

from __future__ import annotations

import pytest

import omni_nb as omni
from omni_nb.rules.catalog import known_models
from omni_nb.views.completion import values

TURBO = ("Cherry", "Serena", "Ethan", "Chelsie")


@pytest.fixture
def namespace() -> dict:
    class Other:
        voice = model = ""

        def ask(self, *_, **__):
            pytest.fail("called")

    return {
        "omni": omni,
        "ask": omni.ask,
        "Chat": omni.Chat,
        "chat": omni.Chat("qwen3.5-omni-plus"),
        "other": Other(),
    }


@pytest.mark.parametrize(
    ("code", "offered"),
    [
        ('omni.ask("Who?", voice="', TURBO),
        ("omni.ask('Who?', voice='E", ("Ethan",)),
        ('ask(\n    "Who (are you)?",\n    image=photos["a"],\n    voice="S', ("Serena",)),
        ('Chat(voice="Ch', ("Cherry", "Chelsie")),
        ('omni.Chat("qwen3.5-omni-flash", voice="Tin', ("Tina",)),
        ('omni.ask("?", model="qwen3.5-omni-flash", voice="Tin', ("Tina",)),
        ('chat.use(voice="Tin', ("Tina",)),
        ('chat.voice = "Tin', ("Tina",)),
        ('omni.Chat("qwen3.5-omni-f', ("qwen3.5-omni-flash",)),
        ('omni.ask("Who?", model="qwen2', ("qwen2.5-omni-7b",)),
        ('chat.model = "qwen2', ("qwen2.5-omni-7b",)),
        ('omni.compare("?", voice="Eth', ("Ethan",)),
    ],
)
def test_names_are_offered_in_calls_of_ours(namespace, code, offered):
    typed, found = values(code, namespace)
    assert found == offered
    assert code.endswith(typed)


@pytest.mark.parametrize(
    "code",
    [
        'other.ask(voice="C',
        'nowhere.ask(voice="C',
        'other.voice = "C',
        'voice = "C',
        'omni.ask("voice=',
        "omni.ask(voice=C",
        'print("Chat(", "C',
        'omni.ask("?", voice="Cherry", stop="C',
        'chat.cost.voice = "C',
    ],
)
def test_other_code_is_left_alone(namespace, code):
    assert values(code, namespace)[1] == ()


def test_every_model_is_offered(namespace):
    assert values('omni.ask("?", model="', namespace)[1] == tuple(
        facts.name for facts in known_models()
    )


def test_a_shell_offers_them_where_the_package_was_imported():
    from IPython.core.completer import provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell

    from omni_nb.views.completion import install

    shell = InteractiveShell()
    install(shell)
    install(shell)
    shell.user_ns["omni"] = omni
    code = 'omni.ask("Who?", voice="Ch'
    with provisionalcompleter():
        offered = [one.text for one in shell.Completer.completions(code, len(code))]
    assert offered == ["Cherry", "Chelsie"]
