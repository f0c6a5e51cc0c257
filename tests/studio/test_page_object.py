"""What the user says about the object: a region, a painted mask, or all of the photo; and every way to give a photo."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
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


def test_another_object_is_shown_from_the_photos_side(
    open_page: Open, shown_after: Shown, views: Callable[[Any], dict[str, np.ndarray]], tmp_path: Path
) -> None:
    """The camera of the first object's view may show the second from behind."""
    with Image.open("examples/chair.jpg") as chair, Image.open("examples/sofa.jpg") as sofa:
        both = Image.new("RGB", (chair.width + sofa.width, max(chair.height, sofa.height)), chair.getpixel((5, 5)))
        both.paste(sofa, (0, both.height - sofa.height))
        both.paste(chair, (sofa.width, both.height - chair.height))
    both.save(tmp_path / "both.jpg")
    page = open_page()
    with page.expect_response("**/v1/reconstructions") as automatic:
        page.set_input_files("#file", str(tmp_path / "both.jpg"))
    first = shown_after(page, "")
    taken = answer(automatic)["result"]["object"]["box"]
    share = 0.75 if taken["left"] + taken["right"] < both.width else 0.25  # the middle of the other one
    box = page.locator("#stage").bounding_box()
    page.mouse.click(box["x"] + share * box["width"], box["y"] + 0.6 * box["height"])
    shown_after(page, first)
    there = views(page)["mesh"]
    page.click("#from-photo")
    page.wait_for_timeout(300)
    assert np.abs(views(page)["mesh"] - there).mean() < 0.5


def test_clicks_are_taken_back_and_given_by_keys(
    open_page: Open, shown_after: Shown, asked: Callable[[Any], list[dict[str, str]]], screenshots: Path
) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    shown = shown_after(page, "")
    asked(page)
    assert "Enter says" in page.get_attribute("#overlay", "aria-label")
    page.locator("#overlay").press("Enter")  # the cross begins in the middle
    shown = shown_after(page, shown)
    width, height = page.evaluate("() => [picture.width, picture.height]")
    assert asked(page)[-1]["point"] == f"{width // 2},{height // 2}"
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#cross:visible")
    page.keyboard.press("Enter")
    shown = shown_after(page, shown)
    assert len(asked(page)[-1]["point"].split()) == 2
    page.screenshot(path=screenshots / "studio-clicks.png")
    page.click("#point-undo")
    shown = shown_after(page, shown)
    assert asked(page)[-1]["point"] == f"{width // 2},{height // 2}"
    page.locator("#overlay").press("Control+z")
    shown_after(page, shown)
    assert "point" not in asked(page)[-1]
    assert page.is_checked("[name=mode][value=auto]")
    assert page.is_hidden("#point-tools")


def test_a_click_beside_everything_says_what_to_do(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    detail = json.dumps({"detail": "no object found where you pointed; point at its middle, or paint a mask"})
    page.route("**/v1/reconstructions", lambda route: route.fulfill(status=422, body=detail), times=1)
    box = page.locator("#stage").bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + 3)
    page.wait_for_selector(
        "#alert:visible >> text=Nothing was found where you clicked. Click on the middle of the object"
    )
    assert "those from before" in page.inner_text("#status")
    page.click("#point-undo")
    assert page.is_hidden("#alert")
    shown_after(page, first)


def test_the_photo_is_zoomed_while_painting(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    page.locator("[name=mode][value=paint]").press("Space")
    page.locator("[name=brush][value=erase]").press("Space")
    before = page.locator("#picture").bounding_box()
    for _ in range(3):
        page.click("#nearer")
    assert page.inner_text("#zoom-readout") == "300 %"
    window, large = page.locator("#frame").bounding_box(), page.locator("#picture").bounding_box()
    assert large["width"] == pytest.approx(3 * before["width"], rel=0.01)
    assert window["width"] == pytest.approx(before["width"], abs=2)
    middle = [window["x"] + window["width"] / 2, window["y"] + window["height"] / 2]
    with page.expect_response("**/v1/reconstructions"):
        page.mouse.click(*middle)
    shown_after(page, first)
    page.screenshot(path=screenshots / "studio-zoomed-brush.png")
    # The dab lies where the mouse was: in the middle of the photo, which stayed in the middle of the window.
    alpha = page.evaluate(
        """() => {
            const overlay = document.getElementById("overlay");
            const { width, height } = overlay;
            const pixel = (x, y) => overlay.getContext("2d").getImageData(x * width, y * height, 1, 1).data[3];
            return pixel(0.5, 0.5);
        }"""
    )
    assert alpha > 100  # dimmed: it is no longer the object
    page.click("#farther")
    assert page.inner_text("#zoom-readout") == "200 %"


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
    page.wait_for_selector("#alert:visible >> text=Nothing is painted")
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
    page.wait_for_selector("#frame", state="hidden")
    assert page.is_disabled("[name=mode][value=region]")
    assert page.is_visible("#seen")


def found(page: Any) -> Any:
    """Waits for what the server takes for the object."""
    return page.expect_response("**/v1/objects")


def answer(found: Any) -> dict[str, Any]:
    return json.loads(found.value.body())
