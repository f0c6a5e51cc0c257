"""The large view: which form it shows, full screen, turning by itself, lengths with their names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]
Views = Callable[[Any], dict[str, np.ndarray]]


def test_one_view_is_large_and_can_be_another(open_page: Open, shown_after: Shown, views: Views) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    widths = {form: picture.shape[1] for form, picture in views(page).items()}
    assert widths["mesh"] > 1.8 * widths["voxels"] == 1.8 * widths["points"]
    page.get_by_role("button", name="Show the voxels large").press("Enter")
    changed = {form: picture.shape[1] for form, picture in views(page).items()}
    assert changed["voxels"] == widths["mesh"]
    assert changed["mesh"] == widths["voxels"]
    assert page.evaluate("() => document.activeElement.closest('figure').dataset.form") == "voxels"


def test_full_screen(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    page.click("#full-screen")
    page.wait_for_selector("#full-screen[aria-pressed=true]")
    page.wait_for_timeout(300)  # until the views have their new size
    page.screenshot(path=screenshots / "studio-full-screen.png")
    box = page.locator("[data-form=mesh] .view").bounding_box()
    assert box["width"] > 1200
    assert box["y"] + box["height"] < 900
    assert page.is_hidden("[data-form=voxels]")
    assert page.is_visible("#reset-view")
    page.click("#full-screen")
    page.wait_for_selector("#full-screen[aria-pressed=false]")


def test_it_turns_by_itself_until_somebody_takes_hold_of_it(open_page: Open, shown_after: Shown, views: Views) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    before = views(page)["mesh"]
    page.wait_for_timeout(400)
    assert not differ(before, views(page)["mesh"])
    page.click("#rotating")
    page.wait_for_timeout(2500)
    assert differ(before, views(page)["mesh"])
    page.locator("[data-form=mesh] canvas").press("ArrowUp")
    assert page.get_attribute("#rotating", "aria-pressed") == "false"
    still = views(page)["mesh"]
    page.wait_for_timeout(700)
    assert not differ(still, views(page)["mesh"])


def test_lengths_and_their_names(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    assert "wide : 1.00 high : " in page.inner_text("#facts dt:has-text('Proportions') + dd")
    page.click("#measuring")
    page.screenshot(path=screenshots / "studio-ruler.png")
    likely = page.inner_text("#facts dt:has-text('Likely size') + dd")
    assert labels(page) == [f"{name} {length} cm" for name, length in zip(NAMES, lengths(likely), strict=True)]
    assert page.inner_text("#view-note") == f"The grid's cells are {cell_of(lengths(likely))} cm wide."

    page.select_option("#dimension", "height")
    page.fill("#length", "2 m")
    shown_after(page, first)
    assert labels(page)[1] == "height 200 cm"
    cell = cell_of([label.split()[1] for label in labels(page)])
    page.wait_for_selector(f"#view-note >> text=cells are {cell} cm wide")
    page.click("#measuring")
    assert page.locator(".ruler").count() == 0


NAMES = ("width", "height", "depth")


def labels(page: Any) -> list[str]:
    return page.locator(".ruler span").all_inner_texts()


def lengths(text: str) -> list[str]:
    """["44", "91", "52"] of "44 × 91 × 52 cm, ..."."""
    return text.split(" cm")[0].split(" × ")


def cell_of(lengths_cm: list[str]) -> int:
    """The finest of 1, 2, 5, 10 ... centimetres of which at most twelve fit along the floor's longer side."""
    longest = max(float(lengths_cm[0]), float(lengths_cm[2]))
    return next(step for step in (1, 2, 5, 10, 20, 50, 100) if longest / step <= 12)


def differ(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether more than one pixel in fifty does."""
    return bool((np.abs(first - second).max(axis=2) > 40).mean() > 0.02)
