"""Pull an icosphere onto a target by the mesh loss alone, without photo or network.

python examples/04_what_a_loss_does.py [FOLDER]

Needs the extra `train`. It is the loss that `train_model.py --type mesh` minimises: chamfer distance between points
sampled on both surfaces, and Laplacian smoothing, which keeps the triangles from tangling.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from shapeshot.export import write_shape
from shapeshot.geometry import Mesh
from shapeshot.lab.losses import MeshLossWeights, mesh_loss
from shapeshot.lab.ops import ico_sphere, sample_points_from_meshes

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
generator = torch.Generator().manual_seed(0)

sphere = ico_sphere(3)
target = sphere.vertices_packed() * torch.tensor([0.25, 0.4, 0.15])  # an ellipsoid
targets = sample_points_from_meshes(sphere.with_vertices(target), 2000, generator=generator)

displacement = torch.zeros_like(target, requires_grad=True)
optimizer = torch.optim.Adam([displacement], lr=0.01)
start = 0.3 * sphere.vertices_packed()
for step in range(201):
    mesh = sphere.with_vertices(start + displacement)
    terms = mesh_loss(mesh, targets, MeshLossWeights(chamfer=1.0, smooth=0.1), num_samples=2000, generator=generator)
    optimizer.zero_grad()
    terms["loss"].backward()
    optimizer.step()
    if step % 50 == 0:
        print(f"step {step:3d}: chamfer {terms['chamfer'].item():.5f}, smoothness {terms['smooth'].item():.5f}")

write_shape(Mesh(mesh.vertices_packed().detach().numpy(), sphere.faces_packed().numpy()), out / "ellipsoid.glb")
