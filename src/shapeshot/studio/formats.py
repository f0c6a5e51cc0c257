"""Which files a result can be had as: the export table as media types and names."""

from __future__ import annotations

from shapeshot.errors import UserError, unknown_name
from shapeshot.export import WRITERS
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid

JSON = "application/json"
FORMS: dict[str, type] = {"mesh": Mesh, "points": PointCloud, "voxels": VoxelGrid}
# As registered with IANA where they are; whatever has no name of its own is bytes.
MEDIA_TYPES = {
    "glb": "model/gltf-binary",
    "obj": "model/obj",
    "stl": "model/stl",
    "3mf": "model/3mf",
    "usdz": "model/vnd.usdz+zip",
    "npz": "application/zip",
}
OTHER = "application/octet-stream"


def media_type(suffix: str) -> str:
    """The media type of a file with this suffix."""
    return MEDIA_TYPES.get(suffix, OTHER)


def forms_of(suffix: str) -> list[str]:
    """The forms that a format can hold; voxels go as the mesh of their blocks where only meshes fit."""
    holds = WRITERS[suffix].holds
    return [name for name, kind in FORMS.items() if kind in holds or (kind is VoxelGrid and Mesh in holds)]


def default_form(suffix: str) -> str:
    """What the command line would write for the suffix: a mesh, or voxels for .npz."""
    return "voxels" if suffix == "npz" else forms_of(suffix)[0]


def check_format(suffix: str, form: str | None) -> str:
    """The form to write. UserError with the choices for an unknown format or form, or where they do not suit."""
    if suffix not in WRITERS:
        raise unknown_name("file format", suffix, WRITERS)
    form = form or default_form(suffix)
    if form not in FORMS:
        raise unknown_name("form", form, FORMS)
    if form not in forms_of(suffix):
        able = ", ".join(f".{other}" for other in sorted(WRITERS) if form in forms_of(other))
        raise UserError(f"a .{suffix} file cannot hold {form}; choose from {able}")
    return form


def wanted_format(accept: str) -> str | None:
    """The suffix that an Accept header prefers, or None for JSON (also where it says nothing that we know)."""
    by_type = {kind: suffix for suffix, kind in MEDIA_TYPES.items() if suffix in WRITERS} | {JSON: None}
    for kind in _by_preference(accept):
        if kind in by_type:
            return by_type[kind]
    return None


def _by_preference(accept: str) -> list[str]:
    weighted = []
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights = [text[2:] for text in parameters if text.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, kind))
    return [kind for _, kind in sorted(weighted, key=lambda pair: pair[0])]
