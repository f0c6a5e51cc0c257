from __future__ import annotations

import numpy as np
import pytest

from shapeshot.errors import MeshError
from shapeshot.geometry import PointCloud


def test_scaling_moves_points_alone() -> None:
    cloud = PointCloud(np.eye(3), np.eye(3), np.eye(3)).scaled(3)
    np.testing.assert_array_equal(cloud.points, np.eye(3) * 3)
    np.testing.assert_array_equal(cloud.normals, np.eye(3))
    np.testing.assert_array_equal(cloud.colors, np.eye(3))
    assert len(cloud) == 3


@pytest.mark.parametrize(
    "fields", [{"colors": np.eye(3)[:2]}, {"normals": np.ones((3, 2))}, {"colors": np.full((3, 3), np.inf)}]
)
def test_fields_that_do_not_fit_the_points_are_refused(fields) -> None:
    with pytest.raises(MeshError, match=next(iter(fields))):
        PointCloud(np.eye(3), **fields)
