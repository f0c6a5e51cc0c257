"""The photo's own pixels on the mesh of the page: more than colours at its vertices could show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
Shown = Callable[[Any, str], str]
Views = Callable[[Any], dict[str, np.ndarray]]

STRIPE = 7  # pixels of the photo; a cell of the mesh's grid is as wide


def test_fine_stripes_of_the_photo_are_on_the_mesh(
    open_page: Open, shown_after: Shown, views: Views, screenshots: Path, tmp_path: Path
) -> None:
    pixels = np.full((640, 640, 3), 255, np.uint8)
    columns = np.arange(380)
    pixels[130:510, 130:510] = np.where((columns // STRIPE % 2)[None, :, None], (230, 190, 20), (20, 40, 120))
    Image.fromarray(pixels).save(tmp_path / "stripes.png")
    page = open_page()
    page.set_input_files("#file", tmp_path / "stripes.png")
    shown_after(page, "")
    page.screenshot(path=screenshots / "studio-texture.png")
    mesh = views(page)["mesh"].astype(float)
    height, width = mesh.shape[:2]
    middle = mesh[height // 3 : height // 2, 2 * width // 5 : 3 * width // 5]
    blueness = middle[..., 2] - middle[..., 0]  # of the photo's stripes 100 and -210; mixed they spread by far less
    assert blueness.std() > 80, "the stripes are blurred"
