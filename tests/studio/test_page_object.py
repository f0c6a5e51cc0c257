"""What the user says about the object: a region, a painted mask, or all of the photo; and every way to give a photo."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]


def test_region(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button:nth-child(4)")
    first = shown_after(page, "")
    with found(page) as whole:
        page.locator("[name=mode][value=region]").press("Space")
    second = shown_after(page, first)
    box = page.locator("#stage").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)  # outside of the region: draws a new one
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 5, steps=3)
    with found(page) as half:
        page.mouse.up()
    third = shown_after(page, second)
    assert answer(half)["box"]["right"] <= answer(whole)["photo_size"][0] / 2 + 1 < answer(whole)["box"]["right"]
    with found(page) as moved:
        page.locator("#region").press("Shift+ArrowRight")
    shown_after(page, third)
    assert answer(moved)["box"]["right"] > answer(half)["box"]["right"]


def test_a_click_says_what_is_meant(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    box = page.locator("#stage").bounding_box()
    with found(page) as pointed:
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    second = shown_after(page, first)
    page.screenshot(path=screenshots / "studio-point.png")
    assert answer(pointed)["method"] == "finder"
    assert page.is_checked("[name=mode][value=point]")
    with found(page) as alone:
        page.locator("[name=mode][value=auto]").press("Space")
    shown_after(page, second)
    assert page.evaluate("() => document.querySelector('[name=mode]:checked').value") == "auto"
    assert answer(alone)["photo_size"] == answer(pointed)["photo_size"]


def test_brush(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page()
    page.click("#examples button:nth-child(3)")
    first = shown_after(page, "")
    page.locator("[name=mode][value=paint]").press("Space")
    page.locator("[name=brush][value=erase]").press("Space")
    page.locator("#brush-size").fill("25")
    box = page.locator("#overlay").bounding_box()
    across = [box["x"] + share * box["width"] for share in (0.02, 0.2)]
    down = [box["y"] + share * box["height"] for share in (0.3, 0.8)]
    page.mouse.move(across[0], down[0])
    page.mouse.down()
    for x, y in ((across[0], down[1]), (across[1], down[1]), (across[1], down[0])):
        page.mouse.move(x, y, steps=2)
    with found(page) as erased:
        page.mouse.up()
    second = shown_after(page, first)
    page.screenshot(path=screenshots / "studio-brush.png")
    assert answer(erased)["box"]["left"] > 0.3 * answer(erased)["photo_size"][0]
    with found(page) as undone:
        page.click("#brush-undo")
    assert answer(undone)["box"]["left"] < 0.1 * answer(undone)["photo_size"][0]
    third = shown_after(page, second)

    page.click("#brush-clear")
    page.wait_for_selector("#alert:visible >> text=/mask/")
    page.locator("[name=brush][value=add]").press("Space")
    page.locator("#overlay").press("Shift+ArrowRight")
    shown_after(page, third)
    assert page.is_hidden("#alert")


def test_all_of_it(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button")
    shown_after(page, "")
    with found(page) as whole:
        page.locator("[name=mode][value=keep]").press("Space")
    width, height = answer(whole)["photo_size"]
    assert answer(whole)["box"] == {"left": 0, "top": 0, "right": width, "bottom": height}


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_drop_and_paste(open_page: Open, shown_after: Shown, photos: Path, event: str) -> None:
    page = open_page()
    content = base64.b64encode((photos / "bed.jpg").read_bytes()).decode()
    page.evaluate(
        """([event, content]) => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "bed.jpg", { type: "image/jpeg" }));
            window.dispatchEvent(event === "drop"
                ? new DragEvent("drop", { dataTransfer: data, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: data }));
        }""",
        [event, content],
    )
    shown_after(page, "")
    assert page.inner_text("#gallery-list b") == ("bed.jpg" if event == "drop" else "pasted photo")


def test_camera(open_page: Open) -> None:
    page = open_page(permissions=["camera"])
    page.click("#take")
    page.wait_for_selector("#camera[open]")
    page.wait_for_timeout(300)  # the browser's pretended camera needs a moment for its first picture
    with page.expect_request("**/v1/reconstructions"):
        page.click("#camera-take")
    page.wait_for_selector("#look:visible")
    assert page.evaluate("() => document.getElementById('picture').width") > 300
    assert page.locator("#camera[open]").count() == 0


def test_turned_photos_and_formats_that_no_browser_shows(
    open_page: Open, shown_after: Shown, photos: Path, tmp_path: Path
) -> None:
    page = open_page()
    with Image.open(photos / "bed.jpg") as photo:
        wide = photo.crop((0, 150, 640, 620))
    turned = Image.Exif()
    turned[0x0112] = 8  # to be shown a quarter turn to the left
    wide.transpose(Image.Transpose.ROTATE_270).save(tmp_path / "turned.jpg", exif=turned)
    with found(page) as upright:
        page.set_input_files("#file", tmp_path / "turned.jpg")
    first = shown_after(page, "")
    assert answer(upright)["photo_size"] == [640, 470]
    assert page.evaluate("() => [document.getElementById('picture').width, picture.height]") == [640, 470]

    wide.save(tmp_path / "bed.tif")
    page.set_input_files("#file", tmp_path / "bed.tif")
    shown_after(page, first)
    page.wait_for_selector("#stage", state="hidden")
    assert page.is_disabled("[name=mode][value=region]")
    assert page.is_visible("#seen")


def found(page: Any) -> Any:
    """Waits for what the server takes for the object."""
    return page.expect_response("**/v1/objects")


def answer(found: Any) -> dict[str, Any]:
    return json.loads(found.value.body())
