"""Is this wrong?: what speaks against a shape, by the program's own sentences, each with the control that mends it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shapeshot.photo import background, load_photo
from shapeshot.photo.finder import finder
from shapeshot.photo.plain import plain_background

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]


def sentences() -> dict[str, str]:
    """A remark of each kind as the program makes it, by a word of the doubt that it has to raise."""
    apart = np.zeros((64, 64), bool)
    apart[:20], apart[40:60] = True, True
    upper = apart & (np.arange(64)[:, None] < 20)
    return {
        "cuts the object off": finder._cuts(np.ones((64, 64), np.float32))[0],
        "several objects": finder._rivals(apart, upper, False)[0],
        "not certain which pixels": finder.doubts(0.3)[0],
        "What you clicked on": finder._ANOTHER,
        "clicked on may not be": finder._LEFT_OUT,
        "no object in the photo": finder.NOTHING_MEANT,
        "hardly differs from its background": background._DISAGREEING,
        "its shadow was taken": background._ONLY_PLAIN,
        "nothing like it": "this photo is unlike anything the model was trained on (distance 1.00, limit 0.71)",
    }


def test_each_known_reason_has_its_doubt(open_page: Open) -> None:
    page = open_page()
    ask = "async (result) => (await import('/result/doubts.js')).doubtsOf(result)"
    always = page.evaluate(ask, {})
    assert len(always) == 4
    for words, warning in sentences().items():
        doubts = page.evaluate(ask, {"warnings": [warning]})
        assert len(doubts) == 5, warning
        assert words in doubts[0]["text"]
        assert doubts[0]["mends"]
    assert "not sure of this shape" in page.evaluate(ask, {"confidence": 0.4})[0]["text"]
    assert len(page.evaluate(ask, {"confidence": 0.9, "camera": {"certainty": 0.9}})) == 4
    front = page.evaluate(ask, {"camera": {"certainty": 0.3}})[0]
    assert "which side is its front" in front["text"]
    assert front["mends"] == ["back", "left", "right"]
    assert "Loose pieces" in page.evaluate(ask, {"finish": {"pieces_dropped": 1}})[0]["text"]
    thin = {"unit": "metre", "finish": {"wall_thickness": {"thinnest": 0.0}}}
    assert "under a millimetre" in page.evaluate(ask, thin)[0]["text"]


def test_the_controls_mend_it(
    open_page: Open, shown_after: Shown, asked: Callable[[Any], list[dict[str, str]]], screenshots: Path
) -> None:
    page = open_page()

    def doubt(route: Any) -> None:
        answer = route.fetch()
        content = answer.json()
        content["result"]["warnings"] = [sentences()["several objects"]]
        route.fulfill(response=answer, body=json.dumps(content))

    page.route("**/v1/reconstructions", doubt)
    asked(page)
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    assert page.get_attribute("#doubts", "open") is not None  # something is known: it does not wait to be opened
    page.screenshot(path=screenshots / "studio-doubts.png", full_page=True)
    assert page.inner_text("#doubts li:nth-child(1) p") == "There are several objects, and the largest was taken."
    assert "--point" not in page.inner_text("#warnings")
    page.click("#doubts li:nth-child(1) button:nth-child(1)")
    assert page.is_checked("[name=mode][value=point]")
    assert page.evaluate("() => document.activeElement.id") == "overlay"
    page.keyboard.press("Enter")
    second = shown_after(page, first)
    assert "point" in asked(page)[-1]

    page.click("#doubts li:nth-child(1) button:nth-child(2)")
    assert page.evaluate("() => document.activeElement.id") == "region"
    shown_after(page, second)
    assert "region" in asked(page)[-1]
    page.click("#doubts-more > summary")
    page.click("#doubts button:text-is('Change the threshold')")
    assert page.evaluate("() => document.activeElement.id") == "threshold"
    page.click("#doubts button:text-is('Give a size')")
    assert page.evaluate("() => document.activeElement.id") == "dimension"


def test_other_candidates_are_shown_on_their_buttons(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    assert page.locator("#doubts img").count() == 0  # nothing is made that nobody sees
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("v1/objects") else None)
    page.click("#doubts > summary")
    page.wait_for_selector("#doubts-list [data-mend=way] img")
    pictures = {
        name: page.get_attribute(f"#doubts-list [data-mend={name}] img", "src")
        for name in ("back", "left", "right", "depth", "way")
    }
    assert len({*pictures.values()}) == 5, "each another side, another depth, or another outline"
    sizes = page.locator("#doubts-list img").evaluate_all(
        "(all) => Promise.all(all.map(async (image) => (await image.decode(), image.naturalWidth)))"
    )
    assert min(sizes) >= 64
    page.locator("#doubts-list").screenshot(path=screenshots / "studio-candidates.png")
    page.click("#doubts > summary")
    page.click("#doubts > summary")
    assert len(asked) == 1
    page.click("#doubts-list [data-mend=back]")
    shown_after(page, first)
    page.wait_for_selector("#doubts-list [data-mend=back] img")
    assert page.get_attribute("#doubts-list [data-mend=back] img", "src") != pictures["back"]


def test_it_is_cut_out_another_way_and_back(
    open_page: Open, shown_after: Shown, asked: Callable[[Any], list[dict[str, str]]], screenshots: Path
) -> None:
    page = open_page()
    asked(page)
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    page.wait_for_selector("#method >> text=plain background")
    assert page.is_hidden("#way-undo")
    page.click("#doubts > summary")
    with page.expect_response("**/v1/objects"):
        page.click("#doubts-list [data-mend=way]")
    second = shown_after(page, first)
    assert asked(page)[-1]["background"] == "finder"
    page.wait_for_selector("#method >> text=finder")
    page.screenshot(path=screenshots / "studio-another-way.png")
    assert page.is_checked("[name=mode][value=auto]")
    assert page.evaluate("() => document.activeElement.dataset.mend") == "firstWay"  # whoever pressed it can go back

    page.click("#gallery-list li:nth-child(2) button")  # each result has its own outline
    assert shown_after(page, second) == first
    page.wait_for_selector("#method >> text=plain background")
    assert page.is_hidden("#way-undo")
    page.click("#gallery-list li:nth-child(1) button")
    assert shown_after(page, first) == second

    page.reload()
    assert shown_after(page, "") == second
    page.wait_for_selector("#method >> text=finder")
    asked(page)
    page.locator("#points").press("ArrowRight")
    third = shown_after(page, second)
    assert asked(page)[-1]["background"] == "finder"
    page.click("#way-undo")
    fourth = shown_after(page, third)
    assert "background" not in asked(page)[-1]
    page.wait_for_selector("#method >> text=plain background")
    assert page.is_hidden("#way-undo")

    page.click("#doubts > summary")
    page.locator("#doubts-list [data-mend=way]").press("Enter")
    fifth = shown_after(page, fourth)
    page.click("#examples button:nth-child(4)")
    shown_after(page, fifth)
    assert "background" not in asked(page)[-1]  # another photo, another outline
    assert page.is_hidden("#way-undo")


def test_a_way_that_cannot_do_it_says_so_and_is_taken_back(
    open_page: Open, shown_after: Shown, asked: Callable[[Any], list[dict[str, str]]], photos: Path
) -> None:
    rgba = load_photo(photos / "chair.jpg")
    mask = plain_background(rgba).mask[..., None]
    tiles = np.random.default_rng(0).integers(60, 255, (40, 40, 3)).repeat(24, 0).repeat(24, 1)
    ground = tiles[: rgba.shape[0], : rgba.shape[1]]
    content = io.BytesIO()
    Image.fromarray((mask * rgba[..., :3] + (1 - mask) * ground).astype(np.uint8)).save(content, "PNG")
    page = open_page()
    asked(page)
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": content.getvalue()})
    first = shown_after(page, "")
    page.wait_for_selector("#method >> text=finder")
    outline = page.evaluate("() => document.getElementById('overlay').toDataURL()")
    page.evaluate(
        "() => { document.getElementById('doubts').open = document.getElementById('doubts-more').open = true; }"
    )
    page.locator("#doubts [data-mend=way]").last.click()
    page.wait_for_selector("#alert:visible >> text=It cannot be cut out that way. The background is not plain")
    assert asked(page)[-1]["background"] == "plain"
    assert page.get_attribute("#views", "data-shown") == first
    assert page.is_hidden("#way-undo")
    assert page.evaluate("() => document.getElementById('overlay').toDataURL()") == outline
    page.locator("#points").press("ArrowRight")
    shown_after(page, first)
    assert "background" not in asked(page)[-1]
    assert page.is_hidden("#alert")


def test_only_where_there_is_another_way(open_page: Open) -> None:
    ways = open_page().evaluate(
        """async () => {
            const { otherWay } = await import("/asking.js");
            const methods = ["finder", "plain background", "alpha", "given mask", "kept", "rembg"];
            return [methods.map((method) => otherWay("auto", method)), otherWay("region", "finder"),
                otherWay("point", "finder"), otherWay("paint", "given mask"), otherWay("auto", undefined)];
        }"""
    )
    assert ways == [["plain", "finder", "finder", None, None, None], "plain", None, None, None]


def test_another_side_is_put_in_front_and_back(
    open_page: Open, shown_after: Shown, asked: Callable[[Any], list[dict[str, str]]]
) -> None:
    page = open_page()
    asked(page)
    page.click("#examples button:nth-child(2)")
    shown = shown_after(page, "")
    page.click("#doubts > summary")
    for mend, front in (("back", "back"), ("left", "right"), ("right", "back"), ("back", "auto")):
        page.locator(f"#doubts-list [data-mend={mend}]").press("Enter")
        shown = shown_after(page, shown)
        assert asked(page)[-1]["front"] == front  # as seen from what is in front now
        assert page.evaluate("() => document.activeElement.dataset.mend") == mend
        top = page.locator("#shapes").bounding_box()["y"]
        assert -5 < top < 400  # what came of it is on the screen


def test_its_depth_is_mirrored_and_back(
    open_page: Open, shown_after: Shown, asked: Callable[[Any], list[dict[str, str]]], screenshots: Path
) -> None:
    page = open_page()
    asked(page)
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    page.click("#doubts > summary")
    page.wait_for_selector("#doubts-list [data-mend=depth] img")
    page.locator("#doubts-list [data-mend=depth]").press("Enter")
    second = shown_after(page, first)
    assert asked(page)[-1]["depth"] == "mirrored"
    assert page.input_value("#depth") == "mirrored"  # the settings say it, too
    assert page.get_attribute("#doubts", "open") is not None
    assert "Its depth is mirrored" in page.inner_text("#doubts-list li:nth-child(1) p")
    assert page.evaluate("() => document.activeElement.dataset.mend") == "firstDepth"  # whoever pressed it can go back
    page.wait_for_selector("#doubts-list [data-mend=firstDepth] img")
    assert page.locator("#facts dt:text-is('Confidence')").count() == 0  # nobody knows it of this one
    assert page.is_disabled("[name=shading][value=confidence]")
    assert page.locator("#doubts [data-mend=depth]").count() == 0
    page.click("#from-photo")  # it is seen from below, and nothing lies before it
    page.wait_for_timeout(300)
    page.screenshot(path=screenshots / "studio-mirrored-depth.png", full_page=True)

    page.locator("#doubts-list [data-mend=firstDepth]").press("Enter")
    third = shown_after(page, second)
    assert asked(page)[-1]["depth"] == "seen"
    assert page.locator("#facts dt:text-is('Confidence')").count() == 1
    assert page.evaluate("() => document.activeElement.dataset.mend") == "depth"
    page.locator("#doubts-list [data-mend=depth]").press("Enter")
    fourth = shown_after(page, third)
    page.click("#examples button:nth-child(4)")
    shown_after(page, fourth)
    assert asked(page)[-1]["depth"] == "seen"  # another photo, another depth


def test_where_the_model_is_not_sure_its_depth_can_be_mirrored(open_page: Open) -> None:
    page = open_page()
    ask = "async (result) => (await import('/result/doubts.js')).doubtsOf(result)"
    assert "depth" in page.evaluate(ask, {"confidence": 0.4})[0]["mends"]
    [*_, mirrored] = [doubt for doubt in page.evaluate(ask, {"depth": "mirrored"}) if "mirrored" in doubt["text"]]
    assert mirrored["mends"] == ["firstDepth", "compare"]
