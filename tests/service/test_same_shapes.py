"""The property that the API is for: whatever the options, its shapes are those of `shapeshot.pipeline.reconstruct`."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapeshot.errors import UserError
from shapeshot.pipeline.reconstruct import Reconstruction, reconstruct

POST = "/v1/reconstructions"
ARRAYS = {
    "mesh": ("vertices", "faces"),
    "points": ("points", "normals"),
    "voxels": ("occupancy", "side"),
}
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "resolution": st.integers(6, 24),
        "num_points": st.integers(0, 300),
        "size": st.sampled_from(["height=80cm", "width=2", "depth=10in", "height=0", "auto"]),
        "threshold": st.sampled_from([0.05, 0.3, 0.7, 0.95, 1.0]),
        "background": st.sampled_from(["auto", "alpha", "plain", "keep"]),
        "region": st.sampled_from([(0, 0, 96, 96), (0, 0, 48, 96), (20, 10, 300, 70), (90, 90, 96, 96)]),
    },
)


def as_fields(options: dict[str, Any]) -> dict[str, str]:
    """The options as a form has them."""
    names = {"num_points": "points"}
    values = {names.get(name, name): value for name, value in options.items()}
    return {name: ",".join(map(str, v)) if isinstance(v, tuple) else str(v) for name, v in values.items()}


def made(photo: bytes, model: Any, options: dict[str, Any]) -> tuple[Reconstruction | None, str]:
    """The reconstruction, or why there is none."""
    try:
        return reconstruct(photo, model=model, **options), ""
    except UserError as error:
        return None, " ".join(str(error).split())


@given(options=OPTIONS)
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_same_shapes_or_the_same_refusal(
    api: TestClient, photo_png: bytes, analytic_field: Callable[..., Any], options: dict[str, Any]
) -> None:
    shape, refusal = made(photo_png, analytic_field(), options)
    answer = api.post(POST, files={"image": photo_png}, data=as_fields(options))
    if shape is None:
        assert (answer.status_code, answer.json()["detail"]) == (422, refusal)
        return
    assert answer.status_code == 201, answer.text
    content = answer.json()
    assert content["result"]["size"] == pytest.approx(np.ptp(shape.mesh.bounds, axis=0).tolist())
    for form, names in ARRAYS.items():
        stored = np.load(io.BytesIO(api.get(content["links"][form]["npz"]).content), allow_pickle=False)
        for name in names:
            np.testing.assert_array_equal(stored[name], getattr(getattr(shape, form), name), err_msg=f"{form}.{name}")
