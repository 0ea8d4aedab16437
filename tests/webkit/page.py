"""As much of Playwright's page as the helpers of ``tests/browser`` use, over Selenium.

The names are Playwright's and mean the same, but there are no init scripts: what should come
before the page comes after it has loaded. Clicks, keys and the mouse are the browser's own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    JavascriptException,
    StaleElementReferenceException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .locators import FIND, ROLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver.remote.webelement import WebElement
    from selenium.webdriver.webkitgtk.webdriver import WebDriver

TIMEOUT_MILLISECONDS = 20_000
POLL_MILLISECONDS = 50
MOVING = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
"""What the driver says of an element that is being drawn anew, or has something passing over it."""

# What is given is an expression or a function; with a timeout it is read until it is true.
RUN = """
const [arg, timeout, polling, settle] = arguments;
(async () => {
  const given = (EXPRESSION);
  const deadline = performance.now() + timeout;
  for (;;) {
    const value = await (typeof given === "function" ? given(arg) : given);
    if (value || timeout === null || performance.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, polling));
  }
})().then((value) => settle([true, value]), (error) => settle([false, String(error)]));
"""


class Page:
    """The page of a browser that Selenium drives."""

    def __init__(self, driver: WebDriver) -> None:
        self._driver = driver
        self._init_scripts: list[str] = []
        self.mouse = Mouse(driver)

    def add_init_script(self, script: str = "", *, path: Path | None = None) -> None:
        """Run a script in every page that is loaded, once it has been loaded."""
        self._init_scripts.append(path.read_text("utf-8") if path else script)

    def bring_to_front(self) -> None:
        """Do nothing: there is no other tab."""

    def goto(self, url: str) -> None:
        """Load a page."""
        self._driver.get(url)
        for script in self._init_scripts:
            self._driver.execute_script(script)

    def evaluate(self, expression: str, arg: Any = None) -> Any:
        """Return what an expression is, or what a function returns for the argument."""
        return self._run(expression, arg)

    def wait_for_function(
        self,
        expression: str,
        *,
        arg: Any = None,
        timeout: float = TIMEOUT_MILLISECONDS,
        polling: float = POLL_MILLISECONDS,
    ) -> Any:
        """Wait until an expression is true, or a function is for the argument; return it."""
        found = self._run(expression, arg, timeout, polling)
        if not found:
            raise TimeoutError(f"not true within {timeout} ms: {expression} of {arg}")
        return found

    def _run(
        self, expression: str, arg: Any, timeout: float | None = None, polling: float = 0
    ) -> Any:
        script = RUN.replace("EXPRESSION", expression)
        is_good, value = self._driver.execute_async_script(script, arg, timeout, polling)
        if not is_good:
            raise JavascriptException(value)
        return value

    def locator(self, selector: str) -> Locator:
        """Find elements by a CSS selector."""
        return Locator(self).locator(selector)

    def get_by_role(self, role: str, *, name: str = "", exact: bool = False) -> Locator:
        """Find elements by what they are and are called."""
        return Locator(self).get_by_role(role, name=name, exact=exact)

    def set_viewport_size(self, size: dict[str, int]) -> None:
        """Make the window as large as it takes to show so much."""
        width, height = self.evaluate("[outerWidth - innerWidth, outerHeight - innerHeight]")
        self._driver.set_window_size(size["width"] + width, size["height"] + height)

    def screenshot(self, *, path: Path) -> None:
        """Write a picture of what is shown."""
        self._driver.save_screenshot(str(path))


class Mouse:
    """The mouse, at places of what is shown."""

    def __init__(self, driver: WebDriver) -> None:
        self._driver = driver

    def click(self, x: float, y: float) -> None:
        """Click at a place."""
        actions = ActionChains(self._driver)
        actions.w3c_actions.pointer_action.move_to_location(round(x), round(y)).click()
        actions.perform()

    def drag(self, x: float, y: float, pixels: float, *, steps: int = 12) -> None:
        """Press at a place, move to the right in steps, and release."""
        actions = ActionChains(self._driver, duration=20)
        pointer = actions.w3c_actions.pointer_action
        pointer.move_to_location(round(x), round(y)).pointer_down()
        for step in range(1, steps + 1):
            pointer.move_to_location(round(x + pixels * step / steps), round(y))
        pointer.pointer_up()
        actions.perform()


class Locator:
    """Elements that are looked for whenever something is to be done with them."""

    def __init__(self, page: Page, *steps: dict[str, Any]) -> None:
        self.page = page
        self._steps = steps

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for step in self._steps for name, value in step.items())

    def locator(self, selector: str) -> Locator:
        """Find elements in these by a CSS selector."""
        return self._with(css=selector)

    def get_by_role(self, role: str, *, name: str = "", exact: bool = False) -> Locator:
        """Find elements in these by what they are and are called."""
        return self._with(css=ROLES[role], name=name, exact=exact)

    def nth(self, place: int) -> Locator:
        """Take one of them."""
        return self._with(place=place)

    @property
    def first(self) -> Locator:
        """The first of them."""
        return self.nth(0)

    @property
    def last(self) -> Locator:
        """The last of them."""
        return self.nth(-1)

    def _with(self, **step: Any) -> Locator:
        return Locator(self.page, *self._steps, step)

    # -- read ------------------------------------------------------------------------------------

    def evaluate(self, function: str, arg: Any = None) -> Any:
        """Return what a function returns for the only element and an argument."""
        call = f"async (found, arg) => found.length === 1 && [await ({function})(found[0], arg)]"
        (value,) = self._wait(call, arg)
        return value

    def inner_text(self) -> str:
        """Return the words that are shown."""
        text: str = self.evaluate("(element) => element.innerText")
        return text

    def input_value(self) -> str:
        """Return what is in a field."""
        value: str = self.evaluate("(element) => element.value")
        return value

    def bounding_box(self) -> dict[str, float]:
        """Return where it is shown."""
        box: dict[str, float] = self.evaluate(
            "(element) => element.getBoundingClientRect().toJSON()"
        )
        return box

    # -- wait ------------------------------------------------------------------------------------

    def wait_for(self, *, timeout: float = TIMEOUT_MILLISECONDS) -> None:
        """Wait until there is one, and it is visible."""
        self._only(is_visible=True, timeout=timeout)

    def wait_until(self, condition: str, arg: Any = None) -> None:
        """Wait until there is one, and a function is true for it and an argument."""
        call = f"(found, arg) => found.length === 1 && ({condition})(found[0], arg)"
        self._wait(call, arg)

    def wait_for_text(self, text: str) -> None:
        """Wait until there is one, and it contains a text."""
        self.wait_until("(element, text) => element.textContent.includes(text)", text)

    # -- act -------------------------------------------------------------------------------------

    def click(self) -> None:
        """Click it."""
        self._act(lambda element: element.click())

    def fill(self, text: str) -> None:
        """Write into a field, instead of what is there."""
        self.evaluate("(element) => { element.focus(); element.select(); }")
        self.press_sequentially(text)

    def press(self, key: str) -> None:
        """Press a key in it, e.g. ``Enter`` or ``Shift+Enter``."""
        self._act(lambda element: element.send_keys("".join(keys(key))))

    def press_sequentially(self, text: str) -> None:
        """Type a text into it, after what is there."""
        self._act(lambda element: element.send_keys(text))

    def set_input_files(self, path: Path) -> None:
        """Choose a file in an ``<input type=file>``, which may be hidden."""
        self._only().send_keys(str(path))

    def scroll_into_view_if_needed(self) -> None:
        """Bring it into view."""
        self.evaluate("(element) => element.scrollIntoView({ block: 'center' })")

    def _act(self, action: Callable[[WebElement], None]) -> None:
        deadline = time.monotonic() + TIMEOUT_MILLISECONDS / 1000
        while True:
            try:
                return action(self._only(is_visible=True))
            except MOVING:
                if time.monotonic() > deadline:
                    raise

    # -- look ------------------------------------------------------------------------------------

    def _only(
        self, *, is_visible: bool = False, timeout: float = TIMEOUT_MILLISECONDS
    ) -> WebElement:
        """Wait until there is one; return it."""
        call = """(found, isVisible) =>
          found.length === 1 && (found[0].checkVisibility() || !isVisible) && found[0]"""
        element: WebElement = self._wait(call, is_visible, timeout)
        return element

    def _wait(self, function: str, arg: Any, timeout: float = TIMEOUT_MILLISECONDS) -> Any:
        """Wait until a function is true for all elements and an argument; return what it is."""
        script = f"([steps, arg]) => ({function})(({FIND})(steps), arg)"
        try:
            return self.page.wait_for_function(script, arg=[self._steps, arg], timeout=timeout)
        except TimeoutError:
            raise TimeoutError(f"not true of {self}: {function} of {arg}") from None


def keys(names: str) -> list[str]:
    """Return the driver's characters for keys, e.g. of ``Shift+Enter``."""
    return [getattr(Keys, KEYS[name]) if name in KEYS else name for name in names.split("+")]


KEYS = {
    "ArrowRight": "ARROW_RIGHT",
    "ArrowUp": "ARROW_UP",
    "Enter": "ENTER",
    "Shift": "SHIFT",
}
