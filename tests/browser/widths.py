"""Whether something fits: nothing sticks out of it, and the page does not scroll sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def sticking_out(page: Page, selector: str) -> list[str]:
    """Describe what is wider than the element that the selector finds, or than the page.

    What scrolls or is cut inside of it on purpose (``overflow-x``) does not count, and neither does
    what is hidden from sight.
    """
    found: list[str] = page.locator(selector).first.evaluate(STICKING_OUT)
    return found


def assert_fits(page: Page, selector: str) -> None:
    """Fail when something of the element sticks out of it or of the page."""
    found = sticking_out(page, selector)
    assert not found, f"{selector} does not fit:\n" + "\n".join(found)


def scrolling(page: Page, selector: str) -> list[str]:
    """Describe what of each element that the selector finds has a scroll bar, and by how much."""
    found: list[str] = page.locator(selector).evaluate_all(SCROLLING)
    return found


SCROLLING = """(roots) => roots
  .flatMap((root) => [root, ...root.querySelectorAll("*")])
  .filter((element) => element.checkVisibility({ visibilityProperty: true }))
  .flatMap((element) => {
    const { overflowX, overflowY } = getComputedStyle(element);
    const wide = element.scrollWidth - element.clientWidth;
    const high = element.scrollHeight - element.clientHeight;
    const name = [element.tagName.toLowerCase(), ...element.classList].join(".");
    return [
      ...(/auto|scroll/.test(overflowX) && wide > 0 ? [`${name} scrolls sideways by ${wide}`] : []),
      ...(/auto|scroll/.test(overflowY) && high > 0 ? [`${name} scrolls down by ${high}`] : []),
    ];
  })"""
STICKING_OUT = """(root) => {
  const SLACK = 1; // a border of a fraction of a pixel
  const boxOf = (node) => {
    if (node instanceof Element) return node.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getBoundingClientRect();
  };
  const frame = boxOf(root);
  const left = Math.max(frame.left, 0) - SLACK;
  const right = Math.min(frame.right, document.documentElement.clientWidth) + SLACK;
  const isCut = (node) => {
    for (let at = node.parentElement; at && at !== root; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== "visible") return true;
    }
    return false;
  };
  const isSeen = (node) => {
    const { width, height } = boxOf(node);
    const element = node instanceof Element ? node : node.parentElement;
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true });
  };
  const describe = (node) => {
    const box = boxOf(node);
    const name = node instanceof Element
      ? [node.tagName.toLowerCase(), ...node.classList].join(".")
      : JSON.stringify(node.data.slice(0, 40));
    const [from, to, least, most] = [box.left, box.right, left, right].map(Math.round);
    return `${name}: ${from} to ${to}, not ${least} to ${most}`;
  };
  const nodes = [root];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) nodes.push(walker.currentNode);
  return nodes
    .filter((node) => boxOf(node).left < left || boxOf(node).right > right)
    .filter((node) => isSeen(node) && !isCut(node))
    .map(describe);
}"""
