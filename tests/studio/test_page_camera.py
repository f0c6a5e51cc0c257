"""The photo on the shape: from the photo's own camera where the result names one, beside it where it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapeshot.geometry.camera import Camera

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]
Views = Callable[[Any], dict[str, np.ndarray]]
CAMERA: dict[str, Any] = {
    "azimuth_deg": 32.0,
    "elevation_deg": 18.0,
    "position": Camera(32.0, 18.0, 2.4, 40.0).origin.tolist(),
}


def named(page: Any, camera: dict[str, Any] | None = None) -> None:
    """Every result of the page names this camera, as that of a model that predicts one does."""

    def name(route: Any) -> None:
        answer = route.fetch()
        content = answer.json()
        content["result"]["camera"] = CAMERA if camera is None else camera
        route.fulfill(response=answer, body=json.dumps(content))

    page.route("**/v1/reconstructions", name)


def test_the_first_view_is_the_photos(open_page: Open, shown_after: Shown, views: Views, screenshots: Path) -> None:
    page = open_page()
    named(page)
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    first = views(page)["mesh"]
    page.screenshot(path=screenshots / "studio-from-photo.png")
    page.click("#corner-view")
    assert differ(first, views(page)["mesh"])
    page.locator("[data-form=mesh] canvas").press("ArrowLeft")
    page.click("#from-photo")
    assert not differ(first, views(page)["mesh"])
    for act in (lambda: page.click("#reset-view"), lambda: page.locator("[data-form=mesh] canvas").press("Home")):
        page.locator("[data-form=mesh] canvas").press("ArrowLeft")
        page.locator("[data-form=mesh] canvas").press("+")
        assert differ(first, views(page)["mesh"])
        act()
        page.evaluate("() => document.activeElement.blur()")  # its ring is a fiftieth of the picture
        assert not differ(first, views(page)["mesh"]), "what is reset is the first view"


def test_the_slider_lays_the_photo_over_the_shape(
    open_page: Open, shown_after: Shown, views: Views, screenshots: Path
) -> None:
    page = open_page()
    named(page)
    page.click("#examples button:nth-child(2)")
    first = shown_after(page, "")
    shape = views(page)["mesh"]
    page.locator("#comparing").press("Space")
    page.focus("#compare-split")
    page.screenshot(path=screenshots / "studio-compare.png")
    half = views(page)["mesh"]
    width = half.shape[1]
    left, right = np.s_[:, : width // 2 - 30], np.s_[:, width // 2 + 30 :]
    assert differ(half[left], shape[left])
    assert not differ(half[right], shape[right])
    page.keyboard.press("Home")  # the shape alone
    assert not differ(views(page)["mesh"][left], shape[left])
    page.keyboard.press("End")  # the photo alone
    assert differ(views(page)["mesh"][right], shape[right])
    assert "100 %" in page.get_attribute("#compare-split", "aria-valuetext")

    page.locator("#points").press("ArrowRight")  # another setting keeps it
    shown_after(page, first)
    assert page.get_attribute("#comparing", "aria-pressed") == "true"
    page.click("#reset-view")  # the first view is the photo's
    assert page.is_visible("#compare")
    page.click("#corner-view")  # another view has another picture: the photo goes
    assert page.is_hidden("#compare")


def test_without_a_camera_they_stand_side_by_side(open_page: Open, shown_after: Shown, screenshots: Path) -> None:
    page = open_page()
    assert page.is_disabled("#comparing")
    named(page, {})  # as a model says that does not tell one
    page.click("#examples button:nth-child(2)")
    shown_after(page, "")
    assert page.is_disabled("#from-photo")
    page.click("#comparing")
    page.screenshot(path=screenshots / "studio-side-by-side.png")
    photo, shape = (page.locator(name).bounding_box() for name in ("#compare-photo", "[data-form=mesh] .view canvas"))
    assert photo["x"] + photo["width"] <= shape["x"]
    assert photo["width"] == pytest.approx(shape["width"], abs=2)
    assert "does not say where the photo's camera stood" in page.inner_text("#view-note")
    assert page.is_hidden("#compare-split")
    page.click("#comparing")
    assert page.is_hidden("#compare")


@pytest.mark.parametrize("truth", [Camera(32.0, 18.0, 2.4, 40.0), Camera(-130.0, 55.0, 1.6, 40.0)])
def test_where_the_photos_camera_stands(open_page: Open, truth: Camera) -> None:
    """The page projects as `geometry.camera` does: the shape lies in the crop as the object lies in the photo."""
    rng = np.random.default_rng(3)
    vertices = rng.uniform(-0.5, 0.5, (60, 3)) * [0.6, 1.0, 0.5]
    pixels = truth.project(vertices, 400)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    box = {"left": low[0], "top": low[1], "right": high[0], "bottom": high[1]}
    side = 1.25 * float((high - low).max())
    crop = {"left": float((low + high)[0] - side) / 2, "top": float((low + high)[1] - side) / 2, "side": side}
    result = {
        "camera": {
            "azimuth_deg": truth.azimuth_deg,
            "elevation_deg": truth.elevation_deg,
            "position": (2.0 * truth.origin).tolist(),  # metres: the shape was given a size
        },
        "object": {"crop": crop, "box": {edge: float(value) for edge, value in box.items()}},
    }
    found = open_page().evaluate(
        """async ([result, vertices]) => {
            const { photoCamera } = await import("/shapes/photo_camera.js");
            return photoCamera(result, Float32Array.from(vertices));
        }""",
        [result, (2.0 * vertices).ravel().tolist()],
    )
    np.testing.assert_allclose(found["origin"], 2.0 * truth.origin, rtol=1e-5)
    tangents = (pixels - 200) / 200 * np.tan(np.radians(20)) * [1, -1]
    across = (tangents[:, 0] - found["square"]["left"]) / found["square"]["side"]
    down = (found["square"]["top"] - tangents[:, 1]) / found["square"]["side"]
    np.testing.assert_allclose(across, (pixels[:, 0] - crop["left"]) / side, atol=1e-4)
    np.testing.assert_allclose(down, (pixels[:, 1] - crop["top"]) / side, atol=1e-4)


@pytest.mark.parametrize("viewport", [(1366, 900), (360, 740)], ids=["desktop", "phone"])
@pytest.mark.parametrize("example", [2, 3], ids=["chair", "sofa"])
def test_nothing_is_cut_off_however_it_is_turned(
    open_page: Open, shown_after: Shown, viewport: tuple[int, int], example: int
) -> None:
    page = open_page(viewport={"width": viewport[0], "height": viewport[1]})
    page.click(f"#examples button:nth-child({example})")
    shown_after(page, "")
    rims = page.evaluate(
        """async () => {
            const { Viewer } = await import("/shapes/viewer.js");
            const draw = Viewer.prototype.draw;
            const canvases = [...document.querySelectorAll(".view canvas")];
            const rim = (canvas) => {
                const copy = document.createElement("canvas");
                [copy.width, copy.height] = [canvas.width, canvas.height];
                const context = copy.getContext("2d");
                context.drawImage(canvas, 0, 0);
                const { width: w, height: h } = copy;
                const strips = [[0, 0, w, 2], [0, h - 2, w, 2], [0, 0, 2, h], [w - 2, 0, 2, h]];
                return Math.max(...strips.flatMap((strip) =>
                    [...context.getImageData(...strip).data].filter((_, i) => i % 4 === 3)));
            };
            let most = 0;
            Viewer.prototype.draw = function () {
                draw.call(this);
                this.shadow.visible = false;
                this.renderer.render(this.scene, this.camera);
                most = Math.max(most, rim(this.canvas));
            };
            for (let turn = 0; turn < 12; turn++) {
                canvases[0].dispatchEvent(new KeyboardEvent("keydown", { key: turn % 3 ? "ArrowLeft" : "ArrowUp" }));
                canvases[0].dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
            }
            return most;
        }"""
    )
    assert rims == 0


def differ(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether more than one pixel in fifty does."""
    return bool((np.abs(first - second).max(axis=2) > 40).mean() > 0.02)
