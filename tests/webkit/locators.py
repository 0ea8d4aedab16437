"""How a `Locator` finds elements in the page."""

from __future__ import annotations

# Each step takes what the one before has found: elements by a CSS selector and by what they are
# called, or one of them by its place.
FIND = """(steps) => {
  const nameOf = (e) => (e.ariaLabel ?? e.labels?.[0]?.innerText ?? e.innerText).trim();
  const isCalled = (e, name, isExact) =>
    isExact ? nameOf(e) === name : nameOf(e).toLowerCase().includes(name.toLowerCase());
  let found = [document];
  for (const { css, name, exact, place } of steps) {
    if (css) found = [...new Set(found.flatMap((e) => [...e.querySelectorAll(css)]))];
    else found = [found.at(place)].filter(Boolean);
    if (name) found = found.filter((e) => e.checkVisibility() && isCalled(e, name, exact));
  }
  return found;
}"""

ROLES = {
    "button": "button, [role=button]",
    "slider": "input[type=range], [role=slider]",
    "spinbutton": "input[type=number]",
}
