"""Decoders from what an encoder saw to a representation of the shape: one row each.

A class is made by `build(encoder, config)`, turns an EncoderOutput into its own output, and says its `kind` (a row of
`lab/kinds/`) and whether it `reads_tokens`, or the pooled vector alone.
"""

from __future__ import annotations

from shapeshot.lab.decoders.decoder import Decoder
from shapeshot.lab.decoders.frustum import FrustumDecoder, ViewOutput
from shapeshot.lab.decoders.mesh import MeshDecoder
from shapeshot.lab.decoders.points import PointDecoder
from shapeshot.lab.decoders.triplane import TriplaneDecoder
from shapeshot.lab.decoders.voxels import VoxelDecoder

DECODERS: dict[str, type[Decoder]] = {
    "transposed-conv": VoxelDecoder,
    "fully-connected": PointDecoder,
    "icosphere": MeshDecoder,
    "triplane": TriplaneDecoder,
    "frustum": FrustumDecoder,
}

__all__ = [
    "DECODERS",
    "Decoder",
    "FrustumDecoder",
    "MeshDecoder",
    "PointDecoder",
    "TriplaneDecoder",
    "ViewOutput",
    "VoxelDecoder",
]
