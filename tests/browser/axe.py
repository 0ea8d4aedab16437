"""What axe-core finds wrong for people who do not see the page, or see it badly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .servers import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

AXE_SCRIPT = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
GRAVE = ("serious", "critical")


def axe(
    page: Page, selector: str | None = None, *, without: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Check the page, or what the selector finds, by the rules of WCAG 2 A and AA.

    Parameters
    ----------
    page
        With what is to be checked in it, visible.
    selector
        CSS; an error when it finds nothing. JupyterLab has faults of its own, so name what is ours.
    without
        Ids of rules to leave out, with the reason in a comment of the test.

    Returns
    -------
    list
        axe's violations: ``id``, ``impact``, ``help``, ``helpUrl`` and ``nodes``, each with
        ``target``, ``html`` and ``failureSummary``.
    """
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT.read_text(encoding="utf-8"))
    violations: list[dict[str, Any]] = page.evaluate(
        RUN, {"selector": selector, "tags": TAGS, "without": list(without)}
    )
    return violations


def assert_accessible(
    page: Page, selector: str | None = None, *, without: Sequence[str] = ()
) -> None:
    """Fail when axe finds something serious or critical, and name rule, place and HTML."""
    violations = axe(page, selector, without=without)
    grave = [violation for violation in violations if violation["impact"] in GRAVE]
    assert not grave, "\n" + "\n".join(map(_describe, grave))


def _describe(violation: dict[str, Any]) -> str:
    nodes = [
        f"    {node['target']}\n    {node['html'][:300]}\n    {node['failureSummary'][:500]}"
        for node in violation["nodes"]
    ]
    head = f"{violation['impact']}: {violation['id']}: {violation['help']}"
    return "\n".join([head, *nodes])


RUN = """async ({ selector, tags, without }) => {
  const { violations } = await window.axe.run(selector ?? document, {
    runOnly: { type: "tag", values: tags },
    rules: Object.fromEntries(without.map((id) => [id, { enabled: false }])),
    resultTypes: ["violations"],
    iframes: false,
  });
  return violations;
}"""
