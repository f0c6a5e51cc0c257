"""What a session holds: photos and results after a reload, and several photos that are given together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]


def test_photos_and_results_outlive_a_reload(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button:nth-child(1)")
    first = shown_after(page, "")
    page.click("#examples button:nth-child(3)")
    second = shown_after(page, first)
    page.wait_for_selector("#method:not(:empty)")
    assert page.locator("#gallery-list li").count() == 2
    page.click("#gallery-list li:nth-child(2) button")
    assert shown_after(page, second) == first

    photo = page.evaluate("() => [picture.width, picture.height, picture.toDataURL().length]")
    page.reload()
    assert shown_after(page, "") == first  # what was on the page is on it again
    page.wait_for_selector("#look:visible")
    assert page.evaluate("() => [picture.width, picture.height, picture.toDataURL().length]") == photo
    assert page.locator("#gallery-list li").count() == 2
    page.click("#gallery-list li:nth-child(1) button")
    assert shown_after(page, first) == second

    page.evaluate("(id) => fetch(`/v1/reconstructions/${id}`, { method: 'DELETE' })", second)
    page.reload()
    third = shown_after(page, "")  # the server has forgotten it: it is made again of its photo
    assert third not in (first, second)
    assert page.locator("#gallery-list li").count() == 2
    assert page.is_hidden("#alert")

    page.click("#forget")
    page.wait_for_selector("#gallery", state="hidden")
    page.reload()
    page.wait_for_selector("#views[data-shown]")
    page.wait_for_timeout(300)
    assert page.is_hidden("#gallery")
    assert page.is_hidden("#look")


def test_another_tab_is_another_session(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button:nth-child(1)")
    shown_after(page, "")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#views[data-shown]")
    other.wait_for_timeout(300)
    assert other.is_hidden("#gallery")
    assert other.is_hidden("#look")


def test_several_photos_at_once(
    open_page: Open, shown_after: Shown, photos: Path, tmp_path: Path, screenshots: Path
) -> None:
    page = open_page()
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no image")
    page.set_input_files("#file", [photos / "bed.jpg", wrong, photos / "chair.jpg", photos / "sofa.jpg"])
    assert page.locator("#batch b").all_inner_texts() == ["bed.jpg", "notes.txt", "chair.jpg", "sofa.jpg"]
    shown = shown_after(page, "")
    page.wait_for_selector("#status >> text=3 of 4 photos are done.")
    page.screenshot(path=screenshots / "studio-batch.png")
    states = page.locator("#batch li").evaluate_all("(all) => all.map((line) => line.dataset.state)")
    assert states == ["done", "failed", "done", "done"]
    assert "give a file of JPEG" in page.inner_text("#batch li:nth-child(2)")
    assert page.locator("#batch button").count() == 4
    assert sorted(page.locator("#gallery-list b").all_inner_texts()) == ["bed.jpg", "chair.jpg", "sofa.jpg"]
    assert page.get_attribute("#views", "data-shown") == shown  # one came onto the page, and none took its place
    page.click("#batch li:nth-child(4) button")
    shown_after(page, shown)
    page.wait_for_selector("#method:not(:empty)")  # what was taken for the object is asked for now
    assert page.evaluate("() => document.querySelector('#gallery-list [aria-current] b').textContent") == "sofa.jpg"


def test_a_photo_that_failed_among_others_is_shown_and_mended(
    open_page: Open, shown_after: Shown, photos: Path, tmp_path: Path, screenshots: Path
) -> None:
    grey = tmp_path / "grey.png"
    Image.new("RGB", (300, 200), (128, 128, 128)).save(grey)
    page = open_page()
    page.set_input_files("#file", [photos / "bed.jpg", grey])
    shown = shown_after(page, "")
    page.wait_for_selector("#status >> text=1 of 2 photos are done.")
    page.click("#batch [data-state=failed] button")
    page.wait_for_selector("#alert:visible")
    assert page.inner_text("#alert-text") == page.inner_text("#batch [data-state=failed] span")
    page.wait_for_selector("#overlay:visible")
    assert page.get_attribute("#views", "data-shown") == ""  # nothing of the other photo beside it
    page.screenshot(path=screenshots / "studio-batch-failed.png")
    page.locator("[name=mode][value=keep]").press("Space")  # all that says where the object is, is there
    shown_after(page, "")
    assert page.locator("#batch [data-state=done]").count() == 2
    page.click("#batch li:nth-child(1) button")
    page.wait_for_selector(f'#views[data-shown="{shown}"]')


def test_the_size_and_the_front_of_an_object_are_not_the_next_ones(
    open_page: Open, shown_after: Shown, asked: Callable[[Any], list[dict[str, str]]]
) -> None:
    page = open_page()
    page.click("#examples button:nth-child(1)")
    first = shown_after(page, "")
    page.select_option("#front", "back")
    turned = shown_after(page, first)
    asked(page)
    page.click("#examples button:nth-child(3)")
    shown_after(page, turned)
    assert asked(page)[-1].get("front", "auto") == "auto"
    assert page.input_value("#front") == "auto"
