"""Where the files of a reconstruction go, and what is written there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeshot import __version__
from shapeshot.errors import EmptyShapeError, ExportError
from shapeshot.export import WRITERS, find_writer, write_shape
from shapeshot.files import atomic_path, atomic_write

if TYPE_CHECKING:
    from shapeshot.field_model import FieldModel
    from shapeshot.reconstruct import Reconstruction

PHOTO_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
FOLDER_FILES = {"mesh": "mesh.glb", "points": "points.ply", "voxels": "voxels.npz"}


@dataclass(frozen=True)
class Target:
    """One photo and where its shapes go.

    path: a file, or the photo's own folder where `is_folder`. forms: of "mesh", "points", "voxels".
    """

    photo: Path
    path: Path
    forms: tuple[str, ...]
    is_folder: bool
    preview: bool


def plan_targets(photos: Sequence[Path], out: str, form: str | None, preview: bool) -> list[Target]:
    """One target a photo; a folder among the photos stands for the images in it. Raises ExportError."""
    expanded = [image for photo in photos for image in _images_in(photo)]
    path = Path(out)
    if _names_a_file(out, form):
        _check_file(path, form, len(expanded))
        _check_writable(path.parent)
        return [Target(expanded[0], path, (form or _default_form(path),), False, preview)]
    _check_writable(path)
    forms = tuple(FOLDER_FILES) if form in (None, "all") else (str(form),)
    names = _unique_names([photo.stem for photo in expanded])
    preview = preview or form in (None, "all")
    return [Target(photo, path / name, forms, True, preview) for photo, name in zip(expanded, names, strict=True)]


def write_target(target: Target, shape: Reconstruction, model: FieldModel) -> None:
    """Write the shapes, and into a folder also result.json, which comes last: where it is, all is."""
    start = time.perf_counter()
    if "voxels" in target.forms and not shape.voxels.occupancy.any():
        coarse = shape.voxels.resolution
        raise EmptyShapeError(f"the object fills no cell at resolution {coarse}; give a higher --resolution")
    files = {form: target.path / FOLDER_FILES[form] if target.is_folder else target.path for form in target.forms}
    for form, path in files.items():
        write_shape(getattr(shape, form), path)
    if target.preview:
        files["preview"] = _preview_path(target)
        _write_preview(shape, files["preview"])
    if target.is_folder:
        facts = result_facts(target.photo, shape, model)
        facts["files"] = {form: path.name for form, path in files.items()}
        facts["timings"]["write"] = time.perf_counter() - start
        atomic_write(target.path / "result.json", json.dumps(facts, indent=2) + "\n")


def result_facts(photo: Path, shape: Reconstruction, model: FieldModel) -> dict[str, Any]:
    """What result.json says; lengths are metres where `unit` is "metre", else fractions of the cube's side."""
    mesh, bounds = shape.mesh, shape.mesh.bounds
    scale = shape.photo_size[0] / shape.rgba.shape[1]  # crops are told in the pixels of the photo as it came
    crop = {edge: float(pixels) * scale for edge, pixels in shape.photo.box._asdict().items()}
    return {
        "shapeshot": __version__,
        "photo": photo.name,
        "photo_size": list(shape.photo_size),
        "model": model.card["name"],
        "threshold": shape.threshold,
        "unit": "metre" if shape.is_metric else "cube",
        "size": (bounds[1] - bounds[0]).tolist(),
        "object": {"method": shape.photo.method, "crop": crop},
        "mesh": {
            "vertices": len(mesh.vertices),
            "faces": len(mesh.faces),
            "closed": mesh.is_closed,
            "volume": mesh.volume,
            "bounds": bounds.tolist(),
        },
        "points": len(shape.points),
        "voxels": {
            "resolution": shape.voxels.resolution,
            "occupied": int(shape.voxels.occupancy.sum()),
            "side": shape.voxels.side,
        },
        **confidence_facts(shape),
        "timings": dict(shape.timings),
    }


def confidence_facts(shape: Reconstruction) -> dict[str, Any]:
    """How far the shape can be trusted; null where the model has no head for it. confidence: the mean of the points'."""
    sure = shape.point_confidence
    return {
        "size_estimate": None if shape.size_estimate is None else asdict(shape.size_estimate),
        "familiarity": None if shape.familiarity is None else asdict(shape.familiarity),
        "confidence": None if sure is None else float(sure.mean()),
        "warnings": list(shape.warnings),
    }


def _images_in(photo: Path) -> list[Path]:
    """The images of a folder; the path itself where it is none, or where it holds none (reported later, by name)."""
    if not photo.is_dir():
        return [photo]
    return sorted(path for path in photo.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES) or [photo]


def _names_a_file(out: str, form: str | None) -> bool:
    path = Path(out)
    if out.endswith(("/", os.sep)) or path.is_dir():
        return False
    return path.suffix[1:].lower() in WRITERS or bool(path.suffix and form != "all")


def _check_file(path: Path, form: str | None, num_photos: int) -> None:
    find_writer(path)  # an unknown suffix is told before any work
    if num_photos > 1 or form == "all":
        why = f"{num_photos} photos" if num_photos > 1 else "--as all"
        raise ExportError(f"{why} cannot go into the one file {path}; give a folder as --out")


def _default_form(path: Path) -> str:
    return "voxels" if path.suffix.lower() in (".npz", ".binvox") else "mesh"


def _check_writable(folder: Path) -> None:
    """ExportError before any work where `folder` cannot be made or written to."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir():
        raise ExportError(f"cannot write into {folder}: {existing} is a file; choose another folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ExportError(f"cannot write into {folder}: no permission; choose a folder you can write to")


def _unique_names(stems: Sequence[str]) -> list[str]:
    """Each stem, with -2, -3 ... appended where it came before."""
    taken: set[str] = set()
    names = []
    for stem in stems:
        name, count = stem, 1
        while name in taken or (count > 1 and name in stems):
            count += 1
            name = f"{stem}-{count}"
        taken.add(name)
        names.append(name)
    return names


def _preview_path(target: Target) -> Path:
    return target.path / "preview.png" if target.is_folder else target.path.with_name(f"{target.path.stem}.preview.png")


def _write_preview(shape: Reconstruction, path: Path) -> None:
    from shapeshot.preview import preview_image

    picture = preview_image(shape.rgba, shape.photo.pixels, shape.voxels, shape.points, shape.mesh)
    with atomic_path(path) as temporary:
        picture.save(temporary)
