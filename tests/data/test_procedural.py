"""The procedural source: closed primitives of known volume, and a contract that every registered kind keeps."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from shapeshot.data.objects import ObjectModel
from shapeshot.data.sources.procedural import GENERATORS, ProceduralSource, varied
from shapeshot.data.sources.procedural.parts import primitives
from shapeshot.data.sources.procedural.parts.solids import Solid
from shapeshot.errors import DatasetError
from shapeshot.geometry import Mesh

SEEDS = range(3)


def as_mesh(solid: Solid) -> Mesh:
    return Mesh(solid.vertices, solid.faces)


def regular_area(sides: int) -> float:
    """The area of a regular polygon in the unit circle."""
    return sides / 2 * np.sin(2 * np.pi / sides)


L_SHAPE = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
FLAT = np.stack([*np.meshgrid(np.linspace(0, 2, 5), [0.0], np.linspace(0, 3, 4), indexing="ij")], -1)[:, 0]
EXACT = {
    "box": (primitives.box(1, 2, 3), 6.0),
    "tapered box": (primitives.box(2, 3, 2, taper=0.5), 3 / 3 * (4 + 1 + 2)),
    "cylinder": (primitives.cylinder(0.5, 2, sides=20), 2 * 0.25 * regular_area(20)),
    "frustum": (primitives.cylinder(1, 3, 0.5, sides=12), (1 + 0.5 + 0.25) * regular_area(12)),
    "vessel": (
        primitives.vessel([(1, 0), (1, 2)], 0.25, 0.5, sides=16),
        regular_area(16) * (2 - 1.5 * 0.75**2),
    ),
    "square leg": (primitives.leg((0, 0, 0), (1, 2, 0.5), (0.1, 0.1), (0.1, 0.1)), 0.02),
    "beam": (primitives.beam((0, 0, 0), (1, 2, 2), 0.1, 0.2), 3 * 0.02),
    "straight tube": (primitives.tube([(0, 0, 0), (0, 3, 4)], 0.1, sides=8), 5 * 0.01 * regular_area(8)),
    "straight strip": (primitives.strip([(0, 0, 0), (0, 1, 0), (0, 2, 0)], 0.3, 0.1), 0.06),
    "flat sheet": (primitives.sheet(FLAT, 0.1), 0.6),
    "concave prism": (primitives.prism(L_SHAPE, 0.5), 1.5),
    "clockwise prism": (primitives.prism(L_SHAPE[::-1], 0.5), 1.5),
    "panel": (primitives.panel(L_SHAPE, 0.5), 1.5),
}
SMOOTH = {
    "rounded box": (primitives.rounded_box(1, 2, 3, 0.3, steps=12), None),
    "ellipsoid": (primitives.ellipsoid(2, 4, 6), 4 / 3 * np.pi * 6),
    "cushion": (primitives.cushion(1, 0.2, 1), None),
    "ring": (
        primitives.tube(primitives.superellipse(2, 2, count=96) @ [[1, 0, 0], [0, 1, 0]], 0.2, 48, joined=True),
        2 * np.pi**2 * 0.04,
    ),
}


@pytest.mark.parametrize("name", [*EXACT, *SMOOTH])
def test_primitives_are_closed_and_look_outwards(name: str) -> None:
    solid, _ = {**EXACT, **SMOOTH}[name]
    assert as_mesh(solid).is_closed
    assert as_mesh(solid).volume > 0
    assert np.allclose(as_mesh(solid.mirrored()).volume, as_mesh(solid).volume, rtol=1e-5)


@pytest.mark.parametrize("name", EXACT)
def test_primitives_have_their_volume(name: str) -> None:
    solid, volume = EXACT[name]
    assert as_mesh(solid).volume == pytest.approx(volume, rel=1e-5)


def test_smooth_primitives_approach_their_volume() -> None:
    radius, (w, h, d) = 0.3, (0.4, 1.4, 2.4)
    # Steiner's formula: the inner box, grown by a ball of the radius.
    rounded = (
        w * h * d + 2 * radius * (w * h + h * d + d * w) + np.pi * radius**2 * (w + h + d) + 4 / 3 * np.pi * radius**3
    )
    assert as_mesh(SMOOTH["rounded box"][0]).volume == pytest.approx(rounded, rel=0.01)
    assert as_mesh(SMOOTH["ellipsoid"][0]).volume == pytest.approx(SMOOTH["ellipsoid"][1], rel=0.05)
    assert as_mesh(SMOOTH["ring"][0]).volume == pytest.approx(SMOOTH["ring"][1], rel=0.01)
    assert 0.5 * 0.2 < as_mesh(SMOOTH["cushion"][0]).volume < 0.2


def test_turning_is_right_handed_and_keeps_lengths() -> None:
    block = primitives.box(1, 2, 3).at(0.5)
    turned = block.turned("y", 90)
    assert np.allclose(turned.bounds, [[-1.5, 0, -1], [1.5, 2, 0]])
    assert np.allclose(block.turned("x", 30).turned("x", -30).vertices, block.vertices)


def test_a_spline_passes_through_its_points() -> None:
    points = np.array([(0.0, 0.0), (1.0, 2.0), (3.0, 1.0), (4.0, 4.0)])
    assert np.allclose(primitives.spline(points, 7)[::2], points)
    assert np.allclose(primitives.spline(points, 8, joined=True)[::2], points)


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_kind_is_made_of_closed_solids_that_look_outwards(kind: str) -> None:
    for seed in SEEDS:
        assembly = GENERATORS[kind].build(np.random.default_rng([31, seed]))
        for index, (solid, _) in enumerate(assembly.pieces):
            mesh = as_mesh(solid)
            assert mesh.is_closed, (kind, seed, index)
            assert mesh.volume > 0, (kind, seed, index)


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_kind_stands_on_the_floor_at_a_plausible_size_with_valid_materials(kind: str) -> None:
    for seed in SEEDS:
        model = made(kind, seed)
        vertices, faces = model.merged()
        size = np.ptp(vertices, axis=0)
        assert vertices[:, 1].min() == pytest.approx(0, abs=1e-5)
        assert np.allclose((vertices.min(axis=0) + vertices.max(axis=0))[[0, 2]], 0, atol=1e-4)
        assert 0.05 < size.max() < 12
        assert size.min() > 0.004
        assert len(faces) < 40_000
        for part in model.parts:
            assert np.isfinite(part.vertices).all()
            assert boundary_is_empty(part.vertices, part.faces), (kind, seed)
            assert all(0 <= channel <= 1 for channel in part.material.color)
            assert (part.uvs is None) == (part.material.texture is None)
            if part.uvs is not None:
                assert part.uvs.shape == (len(part.vertices), 2)
                assert part.material.texture.dtype == np.uint8


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_kind_varies_with_the_seed_and_with_nothing_else(kind: str) -> None:
    first, again, other = made(kind, 0), made(kind, 0), made(kind, 1)
    assert np.array_equal(first.merged()[0], again.merged()[0])
    for one, two in zip(first.parts, again.parts, strict=True):
        assert one.material.color == two.material.color
        assert np.array_equal(one.material.texture, two.material.texture)
    assert not np.array_equal(np.ptp(first.merged()[0], axis=0), np.ptp(other.merged()[0], axis=0))


def test_entries_describe_what_they_load_and_survive_pickling() -> None:
    entry = ProceduralSource(count=3, seed=5).entries()[2]
    copy = pickle.loads(pickle.dumps(entry))
    vertices, _ = copy.load().merged()
    assert np.array_equal(vertices, entry.load().merged()[0])
    assert copy.info == entry.info
    assert entry.info.id == f"procedural-5-000002-{entry.kind.replace('_', '-')}"
    assert entry.info.size_metres == pytest.approx(np.ptp(vertices, axis=0).tolist())
    assert (entry.info.source, entry.info.licence) == ("procedural", "CC0-1.0")


def test_a_shorter_source_is_a_prefix_of_a_longer_one_and_seeds_differ() -> None:
    short, long = ProceduralSource(4, seed=1).entries(), ProceduralSource(9, seed=1).entries()
    assert [entry.info.id for entry in short] == [entry.info.id for entry in long[:4]]
    other = ProceduralSource(40, seed=2).entries()
    assert [entry.kind for entry in other] != [entry.kind for entry in ProceduralSource(40, seed=1).entries()]


def test_only_some_kinds_can_be_asked_for() -> None:
    some = ProceduralSource(12, seed=4, factories=["racket", "fish"]).entries()
    everything = ProceduralSource(max(entry.index for entry in some) + 1, seed=4).entries()
    assert some == [entry for entry in everything if entry.kind in ("racket", "fish")]
    with pytest.raises(DatasetError, match=r"raket.*racket"):
        ProceduralSource(3, factories=["raket"])


@pytest.mark.parametrize("kind", ["stringed_instrument", "racket", "cut_out", "tool"])
def test_what_hands_hold_is_flat_or_long(kind: str) -> None:
    """Its thinnest extent along its own axes is at most a third of its longest, for nearly all of them."""
    flat = 0
    for seed in range(20):
        vertices, _ = GENERATORS[kind].build(np.random.default_rng([7, seed])).model().merged()
        spread = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(vertices.T)), 0))
        flat += bool(spread[0] < spread[2] / 3)
    assert flat >= 18


def test_every_kind_is_reachable_in_proportion_to_its_weight() -> None:
    kinds = [entry.kind for entry in ProceduralSource(6000, seed=3).entries()]
    counts = {kind: kinds.count(kind) for kind in GENERATORS}
    total = sum(generator.weight for generator in GENERATORS.values())
    for kind, generator in GENERATORS.items():
        expected = len(kinds) * generator.weight / total
        assert 0 < counts[kind] == pytest.approx(expected, abs=5 * np.sqrt(expected)), kind


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (-1, 0), (3, -1)])
def test_impossible_counts_and_seeds_are_refused(count: int, seed: int) -> None:
    with pytest.raises(DatasetError, match="count >= 1 and seed >= 0"):
        ProceduralSource(count, seed)


def made(kind: str, seed: int) -> ObjectModel:
    rng = np.random.default_rng([32, seed])
    return varied(GENERATORS[kind].build(rng), rng)


def boundary_is_empty(vertices: np.ndarray, faces: np.ndarray) -> bool:
    """Texture seams split vertices; by position, each directed edge must still meet as many reversed ones."""
    _, welded = np.unique(vertices, axis=0, return_inverse=True)
    corners = welded.reshape(-1)[faces].astype(np.int64)
    start, end = corners.ravel(), np.roll(corners, -1, axis=1).ravel()
    count = len(vertices)
    return np.array_equal(np.sort(start * count + end), np.sort(end * count + start))
