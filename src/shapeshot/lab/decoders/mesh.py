"""From a vector to a mesh: the displacement of each vertex of an icosphere.

The template's faces never change, so every prediction is closed, manifold and of one piece, and of the sphere's
topology: a hole is out of reach. After Wang et al., "Pixel2Mesh" (ECCV 2018), with one global vector for all vertices.
"""

from __future__ import annotations

from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from shapeshot.lab.decoders.decoder import Decoder, latent_projection
from shapeshot.lab.decoders.points import fully_connected
from shapeshot.lab.encoders.encoder import EncoderOutput
from shapeshot.lab.ops import MeshBatch, ico_sphere

RADIUS = 0.35  # of the sphere that is deformed: between the cube's inscribed ball (0.5) and the thinnest furniture


class DeformedSphere(Decoder):
    """An icosphere whose vertices move and whose faces never change: what every kind of mesh here is made of.

    level: subdivisions of the icosphere; 4 has 2562 vertices and 5120 faces. Raises MeshError outside 0..9.
    """

    kind = "mesh"
    reads_tokens = False
    sphere: Tensor

    def __init__(self, level: int) -> None:
        super().__init__()
        self.template = ico_sphere(level)
        self.register_buffer("sphere", RADIUS * self.template.vertices_packed(), persistent=False)

    @property
    def faces(self) -> Int[Tensor, "faces 3"]:
        """Return the faces that every prediction has, int64."""
        return self.template.faces_packed()

    def meshes(self, vertices: Float[Tensor, "batch vertices 3"]) -> MeshBatch:
        """Join predicted vertices with the template's faces."""
        if self.template.device != vertices.device:
            self.template = self.template.to(vertices.device)
        return self.template.with_vertices(vertices.to(torch.promote_types(vertices.dtype, torch.float32)))


class MeshDecoder(DeformedSphere):
    """Moves the vertices of the sphere, from pooled image features to [batch, vertices, 3] in the canonical cube."""

    def __init__(self, pooled_channels: int, latent: int = 512, level: int = 4) -> None:
        super().__init__(level)
        self.read_pooled = latent_projection(pooled_channels, latent)
        self.layers = fully_connected(latent, self.sphere.numel())
        # Starts close to the sphere: a tangled start stays tangled, since chamfer does not see which side is out.
        last = cast(nn.Linear, self.layers[-1])
        nn.init.normal_(last.weight, std=1e-3)
        nn.init.zeros_(last.bias)

    def forward(self, encoded: EncoderOutput) -> Float[Tensor, "batch vertices 3"]:
        displacements: Tensor = self.layers(self.read_pooled(encoded.pooled)).unflatten(1, (-1, 3))
        return self.sphere + displacements
