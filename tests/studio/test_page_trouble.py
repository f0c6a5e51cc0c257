"""What goes wrong is said in a sentence with what to do, and what can be mended by waiting is waited for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]


def test_wrong_file(open_page: Open, shown_after: Shown, photos: Path, tmp_path: Path, screenshots: Path) -> None:
    page = open_page()
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no image")
    page.set_input_files("#file", wrong)
    page.wait_for_selector("#alert:visible")
    page.screenshot(path=screenshots / "studio-wrong-file.png")
    assert "give a file of JPEG, PNG" in page.inner_text("#alert")
    assert page.is_hidden("#look")
    page.set_input_files("#file", photos / "bed.jpg")
    first = shown_after(page, "")
    assert page.is_hidden("#alert")

    page.set_input_files("#file", wrong)
    page.wait_for_selector("#alert:visible")
    page.locator("#points").press("ArrowRight")  # the last good photo is still the one that counts
    shown_after(page, first)
    assert page.is_hidden("#alert")


def test_too_large_a_file_is_not_even_sent(open_page: Open, start_studio: Callable[..., Any], photos: Path) -> None:
    page = open_page(start_studio("--max-upload", "0.01").url)
    sent: list[Any] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request))
    page.wait_for_selector("#settings[data-limits]")
    page.set_input_files("#file", photos / "bed.jpg")
    page.wait_for_selector("#alert >> text=Choose a smaller file")
    assert sent == []


def test_server_gone_and_back(open_page: Open, shown_after: Shown, start_studio: Callable[..., Any]) -> None:
    studio = start_studio("--token", "let me in")
    page = open_page(studio.url)
    page.fill("#token-text", "let me in")
    page.press("#token-text", "Enter")
    page.click("#examples button")
    first = shown_after(page, "")

    studio.stop()
    page.locator("#points").press("ArrowRight")
    page.wait_for_selector("#alert:visible >> text=does not answer")
    studio.start()
    shown_after(page, first)
    assert page.is_hidden("#alert")


def test_busy_server_is_asked_again(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    refusals = [1, 1]

    def refuse(route: Any) -> None:
        if not refusals:
            route.continue_()
            return
        refusals.pop()
        detail = '{"detail": "64 reconstructions are under way"}'
        route.fulfill(status=429, headers={"Retry-After": "1", "Content-Type": "application/problem+json"}, body=detail)

    page.route("**/v1/reconstructions", refuse)
    page.click("#examples button")
    page.wait_for_selector("#alert:visible >> text=64 reconstructions are under way. Trying again in 1 s.")
    shown_after(page, "")
    assert page.is_hidden("#alert")


def test_a_changed_setting_takes_the_place_of_the_last_and_a_lost_result_is_made_again(
    open_page: Open, shown_after: Shown
) -> None:
    page = open_page()
    page.click("#examples button")
    first = shown_after(page, "")
    asked: list[str] = []
    page.on("request", lambda request: request.url.endswith("/v1/reconstructions") and asked.append(request.url))
    for _ in range(4):
        page.locator("#resolution").press("ArrowRight")
    gone = shown_after(page, first)
    assert page.inner_text("[data-form=voxels] figcaption span").startswith("64³")
    assert len(asked) == 1

    page.evaluate("(id) => fetch(`/v1/reconstructions/${id}`, { method: 'DELETE' })", gone)
    page.get_by_role("button", name="Download the mesh as stl").click()
    page.wait_for_selector("#alert >> text=Press “Reconstruct again”")
    page.click("#again")
    shown_after(page, gone)
    assert page.is_hidden("#alert")
