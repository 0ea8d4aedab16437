"""What marimo makes of our values, outside of its own page."""

from __future__ import annotations

import json

import comm
import ipywidgets
import marimo
import pytest
from marimo._messaging.msgspec_encoder import encode_json_str

import omni_nb as omni
from omni_nb.render.reply import reply_bundle
from omni_nb.turns.connection import connection_to
from omni_nb.turns.reply import Reply
from omni_nb.views.marimo import is_here, show_replies_as
from omni_nb.views.session import Session


@pytest.fixture(autouse=True)
def contained(monkeypatch: pytest.MonkeyPatch) -> None:
    """What marimo does to every widget of its process, once it formats a value, ends here."""
    monkeypatch.setattr(comm, "create_comm", comm.create_comm)
    monkeypatch.setattr(ipywidgets.Widget, "_widget_construction_callback", None)


@pytest.fixture
def reply(monkeypatch) -> Reply:
    monkeypatch.setattr(Reply, "_display_", None, raising=False)  # put back afterwards
    return omni.Chat(connection=connection_to("offline")).ask("Who are you?", show=False)


def test_where_marimo_is_only_imported_no_cell_of_it_runs():
    assert not is_here()
    assert not Session().has_cells


def test_a_reply_that_is_a_cells_value_looks_as_it_was_shown(reply):
    kept = {reply: reply_bundle(reply, hint="as it was shown")}
    show_replies_as(lambda each: kept[each])
    html = marimo.as_html(reply).text
    assert "as it was shown" in html
    assert "This is the offline stand-in service" in html


def test_our_html_is_text_also_for_the_encoder_of_marimo(reply):
    for value in (reply, reply.usage, omni.models()):
        bundle = value._repr_mimebundle_()
        assert json.loads(encode_json_str(bundle)) == bundle
