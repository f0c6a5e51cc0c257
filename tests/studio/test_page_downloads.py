"""The files: one that is recommended, the others by purpose, all as a zip, and the way into the room on phones."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"


def test_one_is_recommended_and_the_others_are_sorted(
    open_page: Open, shown_after: Shown, screenshots: Path, tmp_path: Path
) -> None:
    page = open_page()
    with page.expect_response("**/v1/reconstructions") as made:
        page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    links = made.value.json()["links"]
    visible = page.locator("#downloads button").evaluate_all(
        "(all) => all.filter((button) => button.checkVisibility()).map((button) => button.textContent)"
    )
    assert visible == ["Download the object (GLB)"]
    page.click("#downloads summary")
    page.locator("#downloads").screenshot(path=screenshots / "studio-downloads.png")
    unsized = r"slicers will show the stl [01]\.\d+ mm high, and 3mf at a size that is guessed"
    assert re.search(unsized, page.inner_text("#no-unit"))
    groups = page.locator("#downloads [role=group]").evaluate_all("(all) => all.map((group) => group.ariaLabel)")
    assert groups == ["3D printing", "Augmented reality", "Rooms and scenes", "Points", "Blocks", "Data"]
    offered = page.locator("#downloads [data-file]").evaluate_all("(all) => all.map((button) => button.dataset.file)")
    every = {f"{form}.{suffix}" for form in ("mesh", "points", "voxels") for suffix in links[form]}
    assert set(offered) == every | {"all.zip"}  # nothing that the server can write is out of reach

    with page.expect_download() as download:
        page.click("#downloads [data-file='all.zip']")
    assert download.value.suggested_filename == "chair.zip"
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        beside = {"mesh.mtl", "mesh.texture.jpg", "voxels.mtl", "voxels.texture.png"}  # of the OBJ files
        assert set(archive.namelist()) == every | beside | {"result.json", "crop.png", "mask.png"}


def test_with_a_size_nothing_is_said_of_units(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    assert page.locator("#no-unit").count() == 1
    page.select_option("#dimension", "height")
    shown_after(page, first)
    assert page.locator("#no-unit").count() == 0


def test_quick_look_where_the_browser_has_it(open_page: Open, shown_after: Shown) -> None:
    page = open_page()
    assert page.locator("#downloads >> text=See it in your room").count() == 0
    page.evaluate(
        """() => {
            const supports = DOMTokenList.prototype.supports;
            DOMTokenList.prototype.supports = function (name) { return name === "ar" || supports.call(this, name); };
            HTMLAnchorElement.prototype.click = function () {
                window.opened = [this.rel, this.children.length, this.href];
            };
        }"""
    )
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    page.click("#downloads >> text=See it in your room")
    page.wait_for_function("() => window.opened")
    rel, children, href = page.evaluate("() => opened")
    assert (rel, children) == ("ar", 1)
    kind, start = page.evaluate(
        """async (href) => {
            const blob = await (await fetch(href)).blob();
            return [blob.type, (await blob.text()).slice(0, 2)];
        }""",
        href,
    )
    assert (kind, start) == ("model/vnd.usdz+zip", "PK")


def test_scene_viewer_on_android_behind_a_certificate(open_page: Open) -> None:
    said = open_page().evaluate(
        """async (android) => {
            const { sceneViewer } = await import("/result/ar.js");
            const path = "://shapes.example/v1/reconstructions/x/glb?form=mesh";
            const [file, plain] = ["https", "http"].map((scheme) => new URL(scheme + path));
            return [sceneViewer(file, android), sceneViewer(plain, android), sceneViewer(file, "iPhone")];
        }""",
        ANDROID,
    )
    file = "https%3A%2F%2Fshapes.example%2Fv1%2Freconstructions%2Fx%2Fglb%3Fform%3Dmesh"
    assert said[0].startswith(
        f"intent://arvr.google.com/scene-viewer/1.2?file={file}&mode=ar_preferred#Intent;scheme=https;"
    )
    assert said[1:] == [None, None]
