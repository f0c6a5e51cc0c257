"""Voxels coarser than the mesh's guide: the mesh does not depend on how coarse, whatever the threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shapeshot.model.field_model import load_model
from shapeshot.pipeline.reconstruct import reconstruct

CHAIR = Path(__file__).parents[2] / "examples" / "chair.jpg"


@pytest.mark.parametrize("threshold", [None, 0.2, 0.7])
def test_the_guide_has_the_level_that_was_asked_for(threshold: float | None) -> None:
    model = load_model()
    fine, coarse = (reconstruct(CHAIR, model=model, resolution=side, threshold=threshold).mesh for side in (32, 16))
    np.testing.assert_array_equal(fine.vertices, coarse.vertices)
    np.testing.assert_array_equal(fine.faces, coarse.faces)
