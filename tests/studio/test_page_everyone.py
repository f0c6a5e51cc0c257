"""By keyboard alone, on a phone, in the dark, and without motion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]
FORMS = ("mesh", "voxels", "points")


def test_keyboard_alone(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    tab_to(page, "#examples button:nth-child(2)")
    assert has_focus_ring(page)
    page.keyboard.press("Enter")
    first = shown_after(page, "")

    tab_to(page, "[name=mode]")
    page.keyboard.press("ArrowRight")
    second = shown_after(page, first)
    tab_to(page, "#region")
    page.keyboard.press("ArrowDown")
    third = shown_after(page, second)

    tab_to(page, "[data-form=mesh] canvas")
    assert has_focus_ring(page)
    view = page.locator("[data-form=mesh] .view")
    before = view.screenshot()
    for key in ("ArrowLeft", "ArrowUp", "+"):
        page.keyboard.press(key)
    assert view.screenshot() != before

    tab_to(page, "#threshold")
    page.keyboard.press("ArrowLeft")
    shown_after(page, third)
    tab_to(page, "#downloads button")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "chair-mesh.glb"
    tab_to(page, "#gallery-list button")


def test_everything_has_a_name(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button")
    shown_after(page, "")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, canvas[tabindex='0'], [role=application]")]
            .filter((element) => element.checkVisibility() && element.getAttribute("aria-hidden") !== "true")
            .filter((element) => !(element.getAttribute("aria-label") || element.textContent.trim()
                || element.labels?.[0]?.textContent.trim()))
            .map((element) => element.outerHTML)"""
    )
    assert nameless == []
    assert page.get_attribute("#status", "aria-live") == "polite"
    assert page.get_attribute("#resolution", "aria-valuetext") == "32³ voxels"


def test_phone(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=2)
    page.screenshot(path=screenshots / "studio-phone-empty.png")
    page.tap("#examples button:nth-child(3)")
    first = shown_after(page, "")
    # The result comes into view by itself, the mesh first and whole.
    page.wait_for_function("() => Math.abs(document.getElementById('shapes').getBoundingClientRect().top) < 20")
    page.screenshot(path=screenshots / "studio-phone-result.png")
    mesh, voxels, points = (page.locator(f"[data-form={form}] .view").bounding_box() for form in FORMS)
    assert 0 <= mesh["y"] < mesh["y"] + mesh["height"] <= 740
    assert mesh["width"] > 300
    assert voxels["y"] == points["y"] > mesh["y"] + mesh["height"]
    assert points["x"] > voxels["x"] + voxels["width"] > 120
    page.evaluate("() => scrollTo(0, 0)")
    page.tap("#settings summary")
    page.locator("#points").press("ArrowRight")  # a setting that changes leaves the page where it is
    place = page.evaluate("() => scrollY")
    shown_after(page, first)
    page.wait_for_timeout(300)
    assert page.evaluate("() => scrollY") == place

    page.evaluate("() => { for (const folded of document.querySelectorAll('details')) folded.open = true; }")
    page.select_option("#dimension", "height")
    page.locator("[name=mode][value=paint]").press("Space")
    page.screenshot(path=screenshots / "studio-phone.png", full_page=True)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 360
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, select, summary, input:not(.hidden-input), .check")]
            .filter((element) => element.checkVisibility())
            .map((element) => [element.closest("label.check, .segments label") ?? element, element])
            .filter(([target]) => {
                const { width, height } = target.getBoundingClientRect();
                return Math.min(width, height) < 43.9;
            })
            .map(([, element]) => element.outerHTML)"""
    )
    assert small == []


def test_on_a_phone_what_is_needed_first_is_there_and_the_rest_is_folded(
    open_page: Open, shown_after: Shown, screenshots: Path
) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.is_visible("#examples button")
    page.tap("#examples button:nth-child(2)")
    first = shown_after(page, "")
    page.wait_for_function("() => document.querySelectorAll('#gallery-list li').length")
    needed = ("#picture", "[data-form=mesh] canvas", "#facts dt:text-is('Confidence')", "#doubts > summary")
    assert [name for name in (*needed, "#downloads .primary", "#mode-help") if not page.is_visible(name)] == []
    later = ("#examples button", "[name=mode]", "#rotating", "#threshold", "#facts dt:text-is('Mesh')", "#forget")
    assert [name for name in later if page.is_visible(name)] == []
    height = page.evaluate("() => document.documentElement.scrollHeight")
    assert height < 2.1 * 844  # it was 4440
    page.set_viewport_size({"width": 390, "height": height})
    page.evaluate("() => scrollTo(0, 0)")
    page.wait_for_timeout(300)  # until everything is drawn
    page.screenshot(path=screenshots / "studio-phone-whole.png")
    page.set_viewport_size({"width": 390, "height": 844})

    for name in later:  # all of it by keyboard
        folded = page.locator(name).first.evaluate_handle("(element) => element.closest('details')")
        summary = folded.as_element().query_selector("summary")
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator(name).first.is_visible(), name
        page.keyboard.press("Enter")
    page.tap("#doubts > summary")
    page.tap("#doubts-list [data-mend=threshold]")  # whatever a control is folded away in is opened
    assert page.evaluate("() => document.activeElement.id") == "threshold"
    page.keyboard.press("ArrowLeft")
    shown_after(page, first)
    assert page.is_visible("#threshold")  # what was opened stays open


def test_on_a_wide_screen_nothing_is_folded(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    folds = "() => [...document.querySelectorAll('details.fold')].map((details) => details.open)"
    assert page.evaluate(folds) == [True] * 6
    assert page.locator("summary:visible").all_inner_texts()[:1] == ["Examples"]
    page.set_viewport_size({"width": 600, "height": 900})
    page.wait_for_function("() => !document.querySelector('details.fold[open]')")
    page.set_viewport_size({"width": 1366, "height": 900})
    page.wait_for_function("() => !document.querySelector('details.fold:not([open])')")


def test_dark(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page(color_scheme="dark")
    page.click("#examples button:nth-child(4)")
    shown_after(page, "")
    page.screenshot(path=screenshots / "studio-dark.png")
    assert brightness(page) < 40
    page.click("#theme")
    assert brightness(page) > 220
    page.reload()
    assert brightness(page) > 220  # the choice outlives the page


def test_without_motion(open_page: Open) -> None:
    def duration(page: Any) -> str:
        return page.evaluate("() => getComputedStyle(document.getElementById('again')).transitionDuration")

    assert duration(open_page(reduced_motion="reduce")) == "0s"
    assert duration(open_page(reduced_motion="no-preference")) != "0s"


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(90):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not come to {selector}")


def has_focus_ring(page: Any) -> bool:
    return page.evaluate(
        """() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
                   return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2; }"""
    )


def brightness(page: Any) -> float:
    """The mean of the page's background, 0 to 255."""
    color = page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
    return sum(color[:3]) / 3
