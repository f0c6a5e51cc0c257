"""What a fit leaves behind: the shape, its loss curve, target and fit turned side by side, and result.json.

result.json is removed first and written last, so a folder that has one holds the whole of one fit.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image
from tqdm import tqdm

from shapeshot import __version__
from shapeshot.data.solids.solid import downsample_occupancy
from shapeshot.data.solids.surface import outer_points
from shapeshot.errors import EmptyShapeError, ExportError
from shapeshot.export import Shape, write_shape
from shapeshot.files import atomic_path, atomic_write
from shapeshot.geometry import Mesh, VoxelGrid
from shapeshot.lab.fit import FitResult
from shapeshot.lab.fit_target import FitTarget
from shapeshot.lab.kinds import KINDS
from shapeshot.lab.settings import to_json
from shapeshot.preview import Framing, Tile, contact_sheet, render_mesh, render_points, render_voxels
from shapeshot.scores.metrics import surface_scores, voxel_iou
from shapeshot.scores.prediction import NUM_POINTS, RESOLUTION, Prediction

if TYPE_CHECKING:
    from jaxtyping import UInt8

RESULT, CURVE, TURNTABLE, ANIMATION = "result.json", "loss.png", "turntable.png", "turntable.webp"
SHEET_AZIMUTHS = (30, 90, 150, 210, 270, 330)
TILE, FRAME, NUM_FRAMES, FRAME_MS = 256, 288, 24, 120
SHOWN_SCORES = ("iou", "chamfer_l1", "f_score_1", "f_score_2", "f_score_5")

# By the form that a kind predicts as such (Kind.form).
FILES = {"mesh": "mesh.glb", "points": "points.ply", "voxels": "voxels.npz"}
RENDERERS: dict[str, Callable[..., UInt8[np.ndarray, "size size 4"]]] = {
    "mesh": render_mesh,
    "points": render_points,
    "voxels": render_voxels,
}


def write_fit(out: Path, target: FitTarget, result: FitResult, progress: bool = True) -> dict[str, Any]:
    """Write everything into the folder `out` and return what result.json says. Raises ExportError."""
    prepare_folder(out)
    form, shape = fitted_shape(result)
    forms = _forms(result.shape)
    files = {name: out / FILES[name] for name in (form, *sorted(forms.keys() - {form}))}
    for name, path in files.items():
        write_shape(forms[name], path)
    _write_curve(out / CURVE, result)
    _write_turntable(out, target, shape, form, progress)
    facts = fit_facts(target, result)
    pictures = {"loss": CURVE, "turntable": TURNTABLE, "animation": ANIMATION}
    facts["files"] = {name: path.name for name, path in files.items()} | pictures
    atomic_write(out / RESULT, json.dumps(facts, indent=2) + "\n")
    return facts


def prepare_folder(out: Path, target: Path | None = None) -> None:
    """Make the folder, without the files that an earlier fit's result.json lists.

    Raises ExportError where it cannot be written, and where the target's own file would be overwritten.
    """
    ours = (RESULT, CURVE, TURNTABLE, ANIMATION, *FILES.values())
    if target is not None and target.resolve() in {(out / name).resolve() for name in ours}:
        raise ExportError(f"a fit in {out} would overwrite its target, {target}; choose another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in (RESULT, *sorted(_listed(out / RESULT) & set(ours))):
            (out / name).unlink(missing_ok=True)
        with atomic_path(out / RESULT) as temporary:
            temporary.write_text("{}")
        (out / RESULT).unlink()
    except OSError as error:
        raise ExportError(f"cannot write into {out}: {error.strerror or error}; choose another --out") from error


def _listed(path: Path) -> set[str]:
    """The files that a result.json names; none where there is no such file, or another."""
    try:
        return {str(name) for name in json.loads(path.read_text(encoding="utf-8"))["files"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def fitted_shape(result: FitResult) -> tuple[str, Shape]:
    """What was fitted as such, and its form: a key of FILES and RENDERERS. Raises EmptyShapeError."""
    form = KINDS[result.config.model.type].form
    return form, _forms(result.shape)[form]


def fit_facts(target: FitTarget, result: FitResult) -> dict[str, Any]:
    """The final loss and scores; distances in fractions of the cube's side. Terms are those of the last step."""
    config = result.config
    return {
        "shapeshot": __version__,
        "target": target.name,
        "type": config.model.type,
        "steps": len(result.history["loss"]),
        "interrupted": result.interrupted,
        "loss": {name: float(values[-1]) for name, values in result.history.items()},
        "score": {"name": result.score_name, "value": result.score},
        "scores": scores_of(result.shape, target),
        "config": to_json(config),
    }


def scores_of(shape: Prediction, target: FitTarget) -> dict[str, float | None]:
    """The scores of the evaluation protocol (docs/metrics.md) that need no normals; None for a cloud's IoU."""
    rng = np.random.default_rng(zlib.crc32(target.name.encode()))
    points, normals = outer_points(target.mesh.vertices, target.mesh.faces, target.solid, NUM_POINTS, rng)
    scores = surface_scores(shape.surface.points, shape.surface.normals, points, normals)
    if shape.occupancy is not None:
        scores["iou"] = voxel_iou(shape.occupancy, downsample_occupancy(target.solid, RESOLUTION))
    return {name: scores.get(name) for name in SHOWN_SCORES}


def _forms(shape: Prediction) -> dict[str, Shape]:
    """The readings that have something in them."""
    forms: dict[str, Shape] = {"points": shape.surface}
    if shape.occupancy is not None and shape.occupancy.any():
        forms["voxels"] = VoxelGrid(shape.occupancy)
    if shape.mesh is not None:
        forms["mesh"] = shape.mesh
    if not len(shape.surface):
        raise EmptyShapeError("nothing is left of the fitted shape; lower --lr or raise --steps")
    return forms


def _write_curve(path: Path, result: FitResult) -> None:
    with rc_context({"font.size": 9}):
        figure = Figure(figsize=(6.4, 3.6), layout="constrained", dpi=120)
        axes = figure.add_subplot()
        for name, values in result.history.items():
            # A loss may reach 0, which a logarithm cannot show.
            axes.plot(np.arange(1, len(values) + 1), np.maximum(values, 1e-12), label=name, linewidth=1.2)
        axes.set(xlabel="step", ylabel="loss", yscale="log")
        axes.grid(color="#d5dae1", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})


def _write_turntable(out: Path, target: FitTarget, shape: Shape, form: str, progress: bool) -> None:
    """One sheet from several sides, and an animation once round."""
    pair: list[tuple[Shape, Callable[..., np.ndarray]]] = [(target.mesh, render_mesh), (shape, RENDERERS[form])]
    framing = _framing(target.mesh, shape)
    rows = [
        [Tile(render(item, TILE, azimuth, framing=framing), f"{azimuth}°") for azimuth in SHEET_AZIMUTHS]
        for item, render in pair
    ]
    with atomic_path(out / TURNTABLE) as temporary:
        contact_sheet(rows, TILE, ("Target", "Fit")).save(temporary)
    frames = []
    for frame in tqdm(range(NUM_FRAMES), desc="turntable", unit="frame", disable=not progress):
        azimuth = 30 + 360 * frame / NUM_FRAMES
        sides = [render(item, FRAME, azimuth, framing=framing) for item, render in pair]
        frames.append(_on_white(np.concatenate(sides, axis=1)))
    with atomic_path(out / ANIMATION) as temporary:
        frames[0].save(
            temporary, "WEBP", save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0, quality=80
        )


def _framing(mesh: Mesh, shape: Shape) -> Framing:
    """Both in one picture, as long as the fit stays about the cube; a point that flew off does not shrink the rest."""
    vertices = getattr(shape, "vertices", getattr(shape, "points", mesh.vertices))
    return Framing.around(np.concatenate([mesh.vertices, np.clip(vertices, -0.6, 0.6)]))


def _on_white(rgba: UInt8[np.ndarray, "height width 4"]) -> Image.Image:
    picture = Image.fromarray(rgba)
    ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")
