"""Where the files of each photo go: planned, and refused where they cannot be written, before any work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shapeshot.errors import ExportError
from shapeshot.export import FORMS, WRITERS, check_holds, default_form, find_writer
from shapeshot.folders.listing import list_photos
from shapeshot.names import safe_stems

FOLDER_FILES = {"mesh": "mesh.glb", "points": "points.ply", "voxels": "voxels.npz"}
RESULT = "result.json"
MANIFESTS = ("manifest.parquet", "manifest.csv")  # beside the photos' folders: none of them may be called so
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

    @property
    def in_metres(self) -> bool:
        """Whether a file of a form is made for real sizes."""
        return any(find_writer(self.files[form]).in_metres for form in self.forms)

    def _with_preview(self, path: Path) -> dict[str, Path]:
        return {"preview": path} if self.preview else {}


def plan_targets(photos: Sequence[Path], out: str, form: str | None, preview: bool) -> list[Target]:
    """One target a photo; a folder among the photos stands for the images in it. Raises ExportError."""
    expanded = list_photos(photos).photos
    path = Path(out)
    if _names_a_file(out, form):
        _check_file(path, form, 1 if is_library(out) else len(expanded))
        _check_writable(path.parent)
        single = form or default_form(path.suffix[1:].lower())
        if is_library(out):
            if preview:
                raise ExportError(f"there is no place for previews beside the one file {path}; leave --preview out")
            return _plan_parts(expanded, path, single)
        return [Target(expanded[0], path, (single,), False, preview)]
    _check_writable(path)
    forms = tuple(FOLDER_FILES) if form in (None, "all") else (str(form),)
    names = safe_stems([photo.stem for photo in expanded], reserved=MANIFESTS)
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
    names, folder = safe_stems([photo.stem for photo in photos], reserved=MANIFESTS), parts_folder(library)
    return [
        Target(photo, folder / name, (form,), True, False, f"{name}{LIBRARY_SUFFIX}")
        for photo, name in zip(photos, names, strict=True)
    ]


def _names_a_file(out: str, form: str | None) -> bool:
    path = Path(out)
    if out.endswith(("/", os.sep)) or path.is_dir():
        return False
    return path.suffix[1:].lower() in WRITERS or bool(path.suffix and form != "all")


def _check_file(path: Path, form: str | None, num_photos: int) -> None:
    find_writer(path).check()
    if num_photos > 1 or form == "all":
        why = f"{num_photos} photos" if num_photos > 1 else "--as all"
        raise ExportError(f"{why} cannot go into the one file {path}; give a folder as --out")
    if form is not None:
        check_holds(FORMS[form], path.suffix[1:].lower())


def _check_writable(folder: Path) -> None:
    """ExportError before any work where `folder` cannot be made or written to."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir():
        raise ExportError(f"cannot write into {folder}: {existing} is a file; choose another folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ExportError(f"cannot write into {folder}: no permission; choose a folder you can write to")
