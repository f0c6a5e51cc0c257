"""What a model knows about its own shapes is shown, and left out where it knows nothing; finishing and real sizes."""

from __future__ import annotations

import json
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
    assert page.locator("#facts dt").all_inner_texts() == ["Proportions", "Mesh", "Made in"]
    assert page.locator("#dimension option[value=auto][hidden]").count() == 1
    assert "longest side 1 m" in page.inner_text("#assumed")


def test_a_guessed_size_and_a_warning(open_page: Open, shown_after: Shown) -> None:
    page = open_page()

    def guess(route: Any) -> None:
        answer = route.fetch()
        content = answer.json()
        content["result"] |= {"size_estimate": ESTIMATE, "warnings": ["this photo is unlike anything <b>seen</b>"]}
        route.fulfill(response=answer, body=json.dumps(content))

    page.route("**/v1/reconstructions", guess)
    page.click("#examples button:nth-child(3)")
    shown_after(page, "")
    assert page.inner_text("#facts dt:has-text('Likely size') + dd") == "210 × 90 × 160 cm"
    assert page.inner_text("#facts dt:has-text('90 % range') + dd") == "190–230 × 80–100 × 140–180 cm"
    assert page.inner_text("#warnings li") == "this photo is unlike anything <b>seen</b>"
    assert page.locator("#dimension option[value=auto]:not([hidden])").count() == 1


def test_a_finished_mesh(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button:nth-child(3)")
    shown_after(page, "")
    page.click("summary")
    page.check("#printable")
    page.select_option("#dimension", "width")
    page.locator("#length").fill("200")
    page.wait_for_selector("#facts:has(dt:text-is('Thinnest wall')) dt:text-is('Size') + dd:has-text('200 × ')")
    assert page.inner_text("#assumed") == ""
    unsimplified = page.get_attribute("#views", "data-shown")
    page.locator("#simplify").fill("10")
    shown_after(page, unsimplified)
    triangles = page.inner_text("[data-form=mesh] figcaption span").split()[0]
    assert int(triangles.replace(",", "")) <= 1024
