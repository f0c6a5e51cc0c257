"""What a model knows about its own shapes is shown, and left out where it knows nothing; finishing and real sizes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapeshot
from shapeshot.model.folder import HEADS_FILE

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]
ESTIMATE = {"metres": [2.1, 0.9, 1.6], "low": [1.9, 0.8, 1.4], "high": [2.3, 1.0, 1.8], "coverage": 0.9}


@pytest.fixture
def plain_model(tmp_path: Path) -> str:
    """The folder of a model like the shipped one, but without heads."""
    folder = tmp_path / "model"
    shutil.copytree(Path(shapeshot.__file__).parent / "weights" / "default", folder)
    card = json.loads((folder / "card.json").read_text())
    del card["sha256"][HEADS_FILE]
    (folder / "card.json").write_text(json.dumps(card))
    return str(folder)


def test_confidence(
    open_page: Open,
    shown_after: Shown,
    views: Callable[[Any], dict[str, np.ndarray]],
    screenshots: Path,
) -> None:
    page = open_page()
    assert page.is_disabled("[name=shading][value=confidence]")
    page.click("#examples button:nth-child(4)")
    shown_after(page, "")
    shaded = views(page)
    page.locator("[name=shading][value=confidence]").press("Space")
    page.screenshot(path=screenshots / "studio-confidence.png")
    assert page.is_visible("#legend")
    sure = views(page)
    assert all(np.abs(shaded[form] - sure[form]).mean() > 2 for form in shaded)
    assert "%" in page.inner_text("#facts dt:has-text('Confidence') + dd")


def test_a_model_that_knows_nothing(
    open_page: Open,
    shown_after: Shown,
    start_studio: Callable[..., Any],
    plain_model: str,
) -> None:
    page = open_page(start_studio("--model", plain_model).url)
    page.click("#examples button:nth-child(3)")
    shown_after(page, "")
    assert page.is_disabled("[name=shading][value=confidence]")
    assert page.locator("#facts dt").all_inner_texts() == ["Size", "Proportions", "Mesh", "Made in"]
    assert page.locator("#dimension option[value=auto][hidden]").count() == 1
    assert page.inner_text("#facts dt:text-is('Size') + dd").startswith("not known; files for real sizes")
    page.click("#measuring")
    assert page.inner_text("#view-note") == "No size is known: lengths are shares of the longest side."


def test_one_number_for_the_size_and_a_warning(open_page: Open, shown_after: Shown) -> None:
    """What is said is what files have: the shape's proportions at the guessed scale, whatever the guess alone was."""
    page = open_page()
    told: dict[str, Any] = {}

    def guess(route: Any) -> None:
        answer = route.fetch()
        content = answer.json()
        warning = "this photo is odd <b>indeed</b>"
        content["result"] |= {"size_estimate": ESTIMATE, "size_range_tells": True, "warnings": [warning]}
        content["result"]["notes"] = ["1 stray speck of the cut-out, 4 pixels in all, was left out"]
        told.update(content["result"])
        route.fulfill(response=answer, body=json.dumps(content))

    page.route("**/v1/reconstructions", guess)
    page.click("#examples button:nth-child(3)")
    first = shown_after(page, "")
    scale = told["assumed_scale"]["metres_per_unit"]
    written = " × ".join(f"{100 * scale * length:.0f}" for length in told["size"])
    assert page.inner_text("#facts dt:has-text('Likely size') + dd").startswith(f"{written} cm, width × height × depth")
    assert page.inner_text("#facts dt:has-text('90 % range') + dd") == "190 to 230 cm wide"
    assert len(re.findall(r"\d+ × \d+ × \d+", page.inner_text("#result"))) == 1
    assert page.inner_text("#warnings li") == "This photo is odd <b>indeed</b>."
    assert page.inner_text("#facts dt:has-text('Note') + dd").startswith("1 stray speck of the cut-out")
    assert page.locator("#dimension option[value=auto]:not([hidden])").count() == 1

    wide_estimate = {**ESTIMATE, "low": [0.3, 0.2, 0.2], "high": [4.0, 2.0, 3.0]}
    page.unroute("**/v1/reconstructions")
    told.clear()

    def wide(route: Any) -> None:
        answer = route.fetch()
        content = answer.json()
        content["result"] |= {"size_estimate": wide_estimate, "size_range_tells": False}
        route.fulfill(response=answer, body=json.dumps(content))

    page.route("**/v1/reconstructions", wide)
    page.locator("#points").press("ArrowRight")
    shown_after(page, first)
    assert page.locator("#facts dt:has-text('range')").count() == 0  # a range that says nothing is not shown


def test_a_size_is_typed_with_its_unit(
    open_page: Open, shown_after: Shown, asked: Callable[[Any], list[dict[str, str]]], screenshots: Path
) -> None:
    page = open_page()
    page.click("#examples button:nth-child(3)")
    shown = shown_after(page, "")
    asked(page)
    page.select_option("#dimension", "height")
    shown = shown_after(page, shown)
    for typed, sent in (("31.5 in", "31.5in"), ("0,8 m", "0.8m"), ("82", "82m"), ("90CM", "90cm")):
        page.fill("#length", typed)
        shown = shown_after(page, shown)
        assert asked(page)[-1]["size"] == f"height={sent}"
    page.locator("#length").press("Tab")
    assert [page.input_value(name) for name in ("#length", "#unit", "#length-slider")] == ["90", "cm", "90"]
    page.select_option("#unit", "mm")
    shown = shown_after(page, shown)
    assert asked(page)[-1]["size"] == "height=90mm"
    assert page.inner_text("#facts dt:text-is('Size') + dd").split(" × ")[1] == "9.0"
    page.locator("#length-slider").fill("120")
    shown_after(page, shown)
    assert asked(page)[-1]["size"] == "height=1200mm"
    sent = len(asked(page))
    page.fill("#length", "tall")
    assert "Type a length like 80 cm" in page.inner_text("#length-wrong")
    assert page.get_attribute("#length", "aria-invalid") == "true"
    page.locator("#settings").screenshot(path=screenshots / "studio-size.png")
    page.fill("#length", "1100")
    assert page.is_hidden("#length-wrong")
    page.wait_for_timeout(500)
    assert len(asked(page)) == sent + 1


def test_a_finished_mesh(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button:nth-child(3)")
    shown_after(page, "")
    page.click("#finishing > summary")
    page.check("#printable")
    page.select_option("#dimension", "width")
    page.locator("#length").fill("200")
    page.wait_for_selector("#facts:has(dt:text-is('Thinnest wall')) dt:text-is('Size') + dd:has-text('200 × ')")
    unsimplified = page.get_attribute("#views", "data-shown")
    page.locator("#simplify").fill("10")
    shown_after(page, unsimplified)
    triangles = page.inner_text("[data-form=mesh] figcaption span").split()[0]
    assert int(triangles.replace(",", "")) <= 1024
