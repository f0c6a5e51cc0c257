from __future__ import annotations

import numpy as np
import pytest

from shapeshot.errors import MeshError, UserError
from shapeshot.geometry import Mesh
from shapeshot.pipeline.size import bare_number_remarks, metric_scale, parse_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("height=80cm", ("height", 0.8)),
        ("width=1.5", ("width", 1.5)),
        ("depth=.5m", ("depth", 0.5)),
        ("HEIGHT = 300 MM", ("height", 0.3)),
        ("width=10in", ("width", 0.254)),
        ("height=2ft", ("height", 0.6096)),
        ("depth=1e2cm", ("depth", 1.0)),
    ],
)
def test_sizes_as_people_write_them(text: str, expected: tuple[str, float]) -> None:
    name, metres = parse_size(text)
    assert name == expected[0]
    assert metres == pytest.approx(expected[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("height=-3", "positive length; got 'height=-3'"),
        ("height=0cm", "positive length"),
        ("height=1e999", "positive length"),
        ("heigth=1", "Did you mean 'height'"),
        ("x=1", "choose from depth, height, width"),
        ("height=80km", "unknown unit of length 'km'"),
    ]
    + [
        (text, "cannot read the size")
        for text in (
            "",
            "height",
            "height=",
            "=80cm",
            "80cm",
            "height=nan",
            "height=inf",
            "height=8,5cm",
            "height=1=2",
            "height=1_0",
            "height=٣",
            "width=1cm height=2cm",
        )
    ],
)
def test_what_is_no_size_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        parse_size(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "axis"), [("width", 0), ("height", 1), ("depth", 2)])
def test_the_scaled_shape_has_the_known_dimension(name: str, axis: int) -> None:
    mesh = Mesh([[-0.5, -0.2, 0], [0.5, 0.3, 0.1], [0, 0, 0]], [[0, 1, 2]])
    low, high = mesh.scaled(metric_scale(mesh.bounds, **{name: 0.8})).bounds
    assert (high - low)[axis] == pytest.approx(0.8)


def test_a_shape_without_extent_along_the_dimension_is_refused() -> None:
    with pytest.raises(MeshError, match="no height"):
        metric_scale(np.array([[0, 1, 0], [1, 1, 1]]), height=2)


@pytest.mark.parametrize("sizes", [{}, {"width": 1, "height": 1}, {"width": 0}, {"width": -1}, {"depth": float("nan")}])
def test_exactly_one_positive_dimension_is_needed(sizes: dict[str, float]) -> None:
    with pytest.raises(UserError):
        metric_scale(np.array([[0, 0, 0], [1, 1, 1]]), **sizes)


@pytest.mark.parametrize("text", ["height=80cm", "height=80 M", "width=2", "auto", "height=80 m \n"])
def test_lengths_that_say_what_they_mean(text: str) -> None:
    assert bare_number_remarks(text) == ()


def test_a_large_number_without_a_unit_is_told() -> None:
    [said] = bare_number_remarks("height = 80")
    assert said == "height=80 has no unit and was read as 80 metres; write height=80cm if that is meant"
