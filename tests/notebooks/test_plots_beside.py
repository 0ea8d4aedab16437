"""A figure that a cell draws stays the cell's, whatever a page says meanwhile."""

from __future__ import annotations

import pytest

DRAW = """
import threading
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
message = {"content": {"comm_id": widget.comm.comm_id, "data": {"method": "custom", "content": {}}},
           "buffers": []}
manager = get_ipython().kernel.comm_manager
page = threading.Thread(target=manager.comm_msg, args=(None, None, message))
page.start()
page.join()
ax.set_title("whole")
print(plt.get_fignums())
"""


@pytest.mark.parametrize(
    "widget", ["omni.AudioPlayer()", "omni.ChatPanel(omni.Chat(connection=quick))"]
)
def test_a_message_to_a_widget_does_not_end_a_figure(kernel, widget):
    kernel.run(f"%matplotlib inline\nwidget = {widget}")
    outputs = kernel.run(DRAW)
    assert [o["text"] for o in outputs if o["output_type"] == "stream"] == ["[1]\n"]
    assert sum("image/png" in o.get("data", {}) for o in outputs) == 1
