"""One photo of an object in; voxels, a point cloud and a coloured mesh out, on a laptop CPU.

    import shapeshot
    shape = shapeshot.reconstruct("armchair.jpg")
    shape.mesh, shape.points, shape.voxels

The public names load on first use, so that `import shapeshot` costs nothing and needs neither torch nor ONNX Runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapeshot.geometry import Mesh, PointCloud, VoxelGrid
    from shapeshot.model.field_model import load_model
    from shapeshot.pipeline.reconstruct import reconstruct

__version__ = "0.1.0"
__all__ = ["Mesh", "PointCloud", "VoxelGrid", "__version__", "load_model", "reconstruct"]

_HOMES = {
    "Mesh": "shapeshot.geometry",
    "PointCloud": "shapeshot.geometry",
    "VoxelGrid": "shapeshot.geometry",
    "load_model": "shapeshot.model.field_model",
    "reconstruct": "shapeshot.pipeline.reconstruct",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'shapeshot' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
