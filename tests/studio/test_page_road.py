"""The studio in a real browser: from a photo to shapes, turned, changed and downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]
Views = Callable[[Any], dict[str, np.ndarray]]


def test_photo_to_files(
    open_page: Open, shown_after: Shown, views: Views, photos: Path, screenshots: Path, tmp_path: Path
) -> None:
    trimesh = pytest.importorskip("trimesh")
    page = open_page()
    page.set_input_files("#file", photos / "bed.jpg")
    first = shown_after(page, "")
    page.screenshot(path=screenshots / "studio.png", animations="disabled")
    assert "plain background" in page.inner_text("#method")
    assert [form for form, picture in views(page).items() if is_drawn(picture)] == ["mesh", "voxels", "points"]

    page.locator("#resolution").press("ArrowRight")
    shown_after(page, first)
    assert page.inner_text("[data-form=voxels] figcaption span").startswith("40³, ")

    page.select_option("#dimension", "width")
    page.locator("#length").fill("200")
    page.wait_for_selector("#facts >> text=200 ×")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the object (GLB)").click()
    assert download.value.suggested_filename == "bed-mesh.glb"
    download.value.save_as(tmp_path / "bed.glb")
    mesh = trimesh.load(tmp_path / "bed.glb", force="mesh")
    assert mesh.extents[0] == pytest.approx(2.0, abs=1e-3)
    assert f"{len(mesh.faces):,} triangles" in page.inner_text("[data-form=mesh] figcaption")


def test_the_page_is_light(open_page: Open) -> None:
    """All that a first visit fetches, as it comes over the wire."""
    page = open_page()
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate(
        """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
            .map(({ name, transferSize }) => [new URL(name).pathname, transferSize])"""
    )
    assert len(sizes) > 40
    assert {"/three/three.js", "/examples/bed.jpg"} < {name for name, _ in sizes}
    assert sum(size for _, size in sizes) <= 800_000


def test_turning_and_shading(open_page: Open, shown_after: Shown, views: Views, screenshots: Path) -> None:
    page = open_page()
    page.click("#examples button")
    shown_after(page, "")
    page.click("#corner-view")  # the first view is the photo's
    before = views(page)
    drag(page, "mesh")
    together = views(page)
    assert all(differ(before[form], together[form]) for form in before)

    page.uncheck("#sync")
    page.locator("[data-form=points] canvas").press("ArrowUp")
    apart = views(page)
    assert [form for form in apart if differ(together[form], apart[form])] == ["points"]

    page.click("#corner-view")
    assert not any(differ(before[form], picture) for form, picture in views(page).items())

    page.locator("[name=shading][value=wireframe]").press("Space")
    page.screenshot(path=screenshots / "studio-wireframe.png")
    assert all(differ(before[form], picture) for form, picture in views(page).items())


def is_drawn(pixels: np.ndarray) -> bool:
    """Whether the middle of a view is another colour than its left edge, which shows the background alone."""
    middle = pixels.shape[1] // 2
    return bool((np.abs(pixels[:, middle] - pixels[:, 12]).max(axis=1) > 40).mean() > 0.1)


def differ(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether more than one pixel in a hundred does; a focus ring is less, a turned shape more."""
    return bool((np.abs(first - second).max(axis=2) > 40).mean() > 0.02)


def drag(page: Any, form: str) -> None:
    box = page.locator(f"[data-form={form}] canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 10, steps=3)
    page.mouse.up()
