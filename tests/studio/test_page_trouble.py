"""What goes wrong is said in a sentence with what to do, and what can be mended by waiting is waited for."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shapeshot.errors import UserError
from shapeshot.photo import background
from shapeshot.photo.finder import finder
from shapeshot.photo.formats import HEIF_HINT

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
    assert "notes.txt" in page.inner_text("#alert")
    assert "bed.jpg is still the photo" in page.inner_text("#alert")
    assert shown_after(page, "") == first  # with its shapes and its files
    assert page.locator("#downloads button").count() > 5
    page.locator("#points").press("ArrowRight")  # the last good photo is still the one that counts
    shown_after(page, first)
    assert page.is_hidden("#alert")


def test_a_failed_photo_never_stays_beside_the_former_shapes(
    open_page: Open,
    shown_after: Shown,
    tmp_path: Path,
    views: Callable[[Any], dict[str, np.ndarray]],
    screenshots: Path,
) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    drawn = views(page)
    empty = tmp_path / "empty.png"
    Image.new("RGB", (320, 240), (120, 130, 140)).save(empty)
    page.set_input_files("#file", empty)
    page.wait_for_selector("#alert:visible >> text=No object was found in this photo")
    page.screenshot(path=screenshots / "studio-failed-photo.png")
    assert page.get_attribute("#views", "data-shown") == ""
    for facts in ("#facts", "#downloads", "#warnings", "#doubts-list"):
        assert page.inner_html(facts) == "", facts
    assert page.is_hidden("#doubts")
    assert page.is_visible("#no-result")
    assert page.inner_text("[data-form=mesh] figcaption span") == ""
    assert page.inner_text("[data-form=mesh] .view p") == "A closed surface"
    assert page.is_disabled("#comparing")
    cleared = views(page)
    assert all(np.abs(drawn[form] - cleared[form]).mean() > 2 for form in drawn)
    assert page.evaluate("() => [picture.width, picture.height]") == [320, 240]

    page.click("#gallery-list button")  # the former is whole again
    assert shown_after(page, "") == first
    assert page.is_hidden("#alert")
    assert page.inner_text("#downloads .primary") == "Download the object (GLB)"


def test_a_message_goes_when_the_user_acts(open_page: Open, shown_after: Shown, tmp_path: Path) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no image")

    def fail() -> None:
        page.set_input_files("#file", wrong)
        page.wait_for_selector("#alert:visible")

    fail()
    page.click("#alert-close")
    assert page.is_hidden("#alert")
    fail()
    page.locator("[name=mode][value=paint]").press("Space")
    assert page.is_hidden("#alert")
    fail()
    page.route("**/v1/reconstructions", lambda route: None)  # nothing is answered: it is the act that takes it away
    page.locator("#points").press("ArrowRight")
    assert page.is_hidden("#alert")


def test_the_page_speaks_its_own_language(open_page: Open) -> None:
    """What the command line would say of flags, arguments and packages, by the words of the program itself."""
    page = open_page()
    empty = np.zeros((64, 64), np.float32)
    cut = np.ones((64, 64), np.float32)
    said = [str(_error(lambda pointed=pointed: finder.require_object(empty, pointed))) for pointed in (False, True)]
    apart = np.zeros((64, 64), bool)
    apart[:20], apart[40:60] = True, True
    said += [*finder.doubts(0.3), *finder._rivals(apart, np.arange(64)[:, None] * np.ones(64) < 20, False)]
    said += [
        *finder._cuts(cut),
        finder.NOTHING_MEANT,
        finder._ANOTHER,
        finder._LEFT_OUT,
        background._DISAGREEING,
        background._ONLY_PLAIN,
        background._CLUTTERED,
    ]
    said += [f"x is {HEIF_HINT}", "background='rembg' needs an optional package: pip install 'shapeshot[photo]'"]
    assert len(said) == 13
    words = page.evaluate(
        "async (said) => { const { inPageWords } = await import('/words.js'); return said.map(inPageWords); }", said
    )
    for before, after in zip(said, words, strict=True):
        assert not re.search(r"pip install|--\w|='|\bfinder\b", after), (before, after)
        assert after[0].isupper(), after
        assert after.endswith((".", "!", "?")), after
    assert words[0].startswith("No object was found in this photo. Click on the object")
    assert words[1].startswith("Nothing was found where you clicked.")
    assert words[-1].startswith("This server cannot do that.")


def _error(act: Callable[[], Any]) -> UserError:
    with pytest.raises(UserError) as caught:
        act()
    return caught.value


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
    page.click("#downloads summary")
    page.get_by_role("button", name="Download the mesh as stl").click()
    page.wait_for_selector("#alert >> text=Press “Reconstruct again”")
    page.click("#again")
    shown_after(page, gone)
    assert page.is_hidden("#alert")
