"""Where the files of a reconstruction go, and what is written there."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeshot import __version__
from shapeshot.errors import EmptyShapeError, ExportError
from shapeshot.export import WRITERS, Shape, encode_files, find_writer
from shapeshot.files import atomic_write, remove_leftovers

if TYPE_CHECKING:
    from shapeshot.model.field_model import FieldModel
    from shapeshot.pipeline.reconstruct import Reconstruction

PHOTO_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
FOLDER_FILES = {"mesh": "mesh.glb", "points": "points.ply", "voxels": "voxels.npz"}
RESULT = "result.json"
LIBRARY_SUFFIX = ".sh3f"  # of a file that many photos go into


@dataclass(frozen=True)
class Target:
    """One photo and where its shapes go.

    path: a file, or the photo's own folder where `is_folder`. forms: of "mesh", "points", "voxels".
    file_name: of the only form's file in a folder, in place of FOLDER_FILES.
    """

    photo: Path
    path: Path
    forms: tuple[str, ...]
    is_folder: bool
    preview: bool
    file_name: str | None = None

    @property
    def files(self) -> dict[str, Path]:
        """The file of each form, and of the preview."""
        if not self.is_folder:
            return {self.forms[0]: self.path} | self._with_preview(self.path.with_name(f"{self.path.stem}.preview.png"))
        files = {form: self.path / (self.file_name or FOLDER_FILES[form]) for form in self.forms}
        return files | self._with_preview(self.path / "preview.png")

    def _with_preview(self, path: Path) -> dict[str, Path]:
        return {"preview": path} if self.preview else {}


@dataclass(frozen=True, eq=False)
class EncodedResult:
    """One photo's files before they are written, small enough to travel between processes and machines.

    contents: the bytes of each file by its name in the target's folder, in the order of writing.
    facts: result.json's, or what there is to say of a single file.
    """

    contents: dict[str, bytes]
    facts: dict[str, Any]


def plan_targets(photos: Sequence[Path], out: str, form: str | None, preview: bool) -> list[Target]:
    """One target a photo; a folder among the photos stands for the images in it. Raises ExportError."""
    expanded = [image for photo in photos for image in _images_in(photo)]
    path = Path(out)
    if _names_a_file(out, form):
        _check_file(path, form, 1 if is_library(out) else len(expanded))
        _check_writable(path.parent)
        single = form or _default_form(path)
        if is_library(out):
            if preview:
                raise ExportError(f"there is no place for previews beside the one file {path}; leave --preview out")
            return _plan_parts(expanded, path, single)
        return [Target(expanded[0], path, (single,), False, preview)]
    _check_writable(path)
    forms = tuple(FOLDER_FILES) if form in (None, "all") else (str(form),)
    names = _unique_names([photo.stem for photo in expanded])
    preview = preview or form in (None, "all")
    return [Target(photo, path / name, forms, True, preview) for photo, name in zip(expanded, names, strict=True)]


def is_library(out: str) -> bool:
    """Whether many photos go into this one file, as pieces of furniture."""
    return Path(out).suffix.lower() == LIBRARY_SUFFIX and _names_a_file(out, None)


def parts_folder(library: Path) -> Path:
    """Where the pieces of a library wait until all are there: a hidden folder beside it."""
    return library.with_name(f".{library.name}.parts")


def _plan_parts(photos: Sequence[Path], library: Path, form: str) -> list[Target]:
    """One target a piece: a folder, so that a run that was stopped goes on as any other does."""
    names, folder = _unique_names([photo.stem for photo in photos]), parts_folder(library)
    return [
        Target(photo, folder / name, (form,), True, False, f"{name}{LIBRARY_SUFFIX}")
        for photo, name in zip(photos, names, strict=True)
    ]


def encode_target(
    target: Target, shape: Reconstruction, model: FieldModel, more_facts: Mapping[str, Any] | None = None
) -> EncodedResult:
    """The content of every file of a target. Raises EmptyShapeError and ExportError.

    more_facts: for result.json: "made_from", what the result depends on (see `shapeshot.folders.fingerprint`), and what
    `made_ready` tells.
    """
    start = time.perf_counter()
    if "voxels" in target.forms and not shape.voxels.occupancy.any():
        coarse = shape.voxels.resolution
        raise EmptyShapeError(f"the object fills no cell at resolution {coarse}; give a higher --resolution")
    files = target.files
    contents: dict[str, bytes] = {}
    for form in target.forms:
        contents |= _encoded(getattr(shape, form), files[form])
    if target.preview:
        contents[files["preview"].name] = _preview_png(shape)
    if target.is_folder:
        facts = result_facts(target.photo, shape, model)
        facts["files"] = {form: path.name for form, path in files.items()}
    else:
        facts = {"mesh": {"faces": len(shape.mesh.faces)}, "timings": dict(shape.timings)}
        facts["unit"] = "metre" if shape.is_metric else "cube"
    facts |= more_facts or {}
    facts["timings"]["write"] = time.perf_counter() - start
    return EncodedResult(contents, facts)


def write_result(target: Target, result: EncodedResult) -> None:
    """Write the files, and into a folder result.json, which comes last: where it is, all is. Raises ExportError."""
    start = time.perf_counter()
    if target.is_folder:
        with suppress(OSError):  # of an earlier run: it must not speak for files that are being replaced
            (target.path / RESULT).unlink(missing_ok=True)
            remove_leftovers(target.path)
    folder = target.path if target.is_folder else target.path.parent
    for name, content in result.contents.items():
        atomic_write(folder / name, content)
    result.facts["timings"]["write"] += time.perf_counter() - start
    if target.is_folder:
        atomic_write(target.path / RESULT, json.dumps(result.facts, indent=2) + "\n", durable=True)


def write_target(target: Target, shape: Reconstruction, model: FieldModel) -> None:
    """Encode and write all of a target's files."""
    write_result(target, encode_target(target, shape, model))


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
    """How far the shape can be trusted; null where the model has no head. confidence: the mean of the points'."""
    sure = shape.point_confidence
    return {
        "size_estimate": None if shape.size_estimate is None else asdict(shape.size_estimate),
        "familiarity": None if shape.familiarity is None else asdict(shape.familiarity),
        "confidence": None if sure is None else float(sure.mean()),
        "warnings": list(shape.warnings),
    }


def _encoded(shape: Shape, path: Path) -> dict[str, bytes]:
    """The file at `path`, and those beside it that it refers to, by name; it comes last."""
    *beside, (_, content) = encode_files(shape, path.suffix[1:].lower(), path.stem).items()
    return {**dict(beside), path.name: content}


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
    writer = find_writer(path)  # an unknown suffix is told before any work
    writer.check()
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


def _preview_png(shape: Reconstruction) -> bytes:
    from shapeshot.preview import preview_image

    picture = preview_image(shape.rgba, shape.photo.pixels, shape.voxels, shape.points, shape.mesh)
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=1)  # a fifth larger, and written in a third of the time
    return content.getvalue()
