"""axe-core finds nothing serious: both themes, wide and narrow, empty, with a result, with everything unfolded.

axe-core (npm, MPL-2.0) is fetched by npm, or named by SHAPESHOT_AXE (its axe.min.js); without either this is skipped.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
AXE = "axe-core@4.10.3"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]


@pytest.fixture(scope="session")
def axe(npm_package: Callable[[str], Path]) -> str:
    """The script."""
    if named := os.environ.get("SHAPESHOT_AXE"):
        return Path(named).read_text()
    return (npm_package(AXE) / "axe-core" / "axe.min.js").read_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_the_studio(open_page: Open, shown_after: Shown, axe: str, theme: str, device: dict[str, Any]) -> None:
    page = open_page(color_scheme=theme, reduced_motion="reduce", **device)
    page.evaluate(axe)
    assert serious(page) == []  # empty
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    page.evaluate("() => { for (const folded of document.querySelectorAll('details')) folded.open = true; }")
    page.click("#measuring")
    page.click("#comparing")
    page.select_option("#dimension", "height")
    page.fill("#length", "no length")
    page.wait_for_selector("#length-wrong:visible")
    assert serious(page) == []
    page.locator("[name=mode][value=paint]").press("Space")
    page.locator("[name=shading][value=confidence]").press("Space")
    page.click("#nearer")
    page.evaluate("async () => (await import('/messages.js')).complain('What went wrong, and what to do.')")
    assert serious(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_api_page(open_page: Open, axe: str, theme: str) -> None:
    page = open_page(color_scheme=theme)
    page.goto(f"{page.url}docs")
    page.wait_for_selector("#operations section")
    page.click("#operations summary >> nth=1")
    page.evaluate(axe)
    assert serious(page) == []


def test_axe_would_say_so(open_page: Open, axe: str) -> None:
    page = open_page()
    page.evaluate(axe)
    page.evaluate("() => document.getElementById('again').replaceChildren()")
    assert [name for name, *_ in serious(page)] == ["button-name"]


def serious(page: Any) -> list[list[str]]:
    """What axe finds of at least serious impact: [rule, impact, elements]."""
    return page.evaluate(
        """async (rules) => {
            const { violations } = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
            return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
                .map(({ id, impact, nodes }) => [id, impact, nodes.map(({ html }) => html.slice(0, 160)).join("; ")]);
        }""",
        RULES,
    )
