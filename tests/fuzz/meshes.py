"""Mesh files of every format, with the materials, textures and buffers beside them."""

from __future__ import annotations

import io
import json
import random
import struct
from pathlib import Path

import numpy as np
from bundles import Files, damaged, written
from gltf_files import GltfFile, box
from isolated import MIB
from PIL import Image

from shapeshot.data.sources.folder import READERS, read_mesh_file

OBJ = b"""mtllib box.mtl\no box
v 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 1 0 1\nv 1.5e0 1 1\nv -0.5 1 1
vt 0 0\nvt 1 0\nvt 1 1\nvn 0 0 1
g front\nusemtl paint\nf 1/1/1 2/2/1 3/3/1 4/1/1\nf 5 6 7 8
usemtl glass\nf -8//1 -7//1 -3//1\nf 1 2 \\\n3 4 5 6\nl 1 2\ns off
"""
MTL = b"""newmtl paint\nKd 0.8 0.2 0.1\nmap_Kd -s 1 1 1 wood.png\nd 1.0
newmtl glass\nKd 0.5 0.5 0.5\nTr 0.4\nillum 2\nmap_d wood.png
"""
OFF = b"""COFF\n# a box without its lid\n8 5 0
0 0 0 255 0 0 255\n1 0 0 255 0 0 255\n1 1 0 9 9 9 255\n0 1 0 0 0 0 0
0 0 1 1 1 1 1\n1 0 1 255 0 0 255\n1 1 1 255 0 0 255\n0 1 1 255 0 0 255
4 0 1 2 3\n4 4 5 6 7 0.5 0.5 0.5\n4 0 1 5 4\n4 1 2 6 5 255 0 0\n3 3 0 4
"""
STL = b"""solid box\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet
facet normal 0 1 0\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 0 1e0\nendloop\nendfacet\nendsolid box
"""
PLY = b"""ply\nformat %b 1.0\ncomment TextureFile wood.png\nelement vertex 4
property float x\nproperty float y\nproperty double z\nproperty uchar red\nproperty uchar green\nproperty uchar blue
element face 3\nproperty list uchar int vertex_indices\nproperty list uchar float texcoord\nend_header
"""


def wood() -> bytes:
    """A texture."""
    content = io.BytesIO()
    Image.effect_noise((8, 8), 60).convert("RGB").save(content, "PNG")
    return content.getvalue()


def ply(form: bytes) -> bytes:
    """A tetrahedron with colours and texture coordinates."""
    order = ">" if form == b"binary_big_endian" else "<"
    corners = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    faces, uvs = [(0, 1, 2), (0, 1, 3), (1, 2, 3, 0)], (0.0, 0.5, 1.0, 0.0, 0.25, 0.75)
    if form == b"ascii":
        rows = [" ".join(map(str, (*corner, 200, 10, 0))) for corner in corners]
        rows += [" ".join(map(str, (len(face), *face, len(uvs), *uvs))) for face in faces]
        return PLY % form + "\n".join(rows).encode() + b"\n"
    content = b"".join(struct.pack(f"{order}ffdBBB", *corner, 200, 10, 0) for corner in corners)
    for face in faces:
        content += struct.pack(f"{order}B{len(face)}iB{len(uvs)}f", len(face), *face, len(uvs), *uvs)
    return PLY % form + content


def glb() -> bytes:
    """Two boxes: textured, coloured, placed twice, one in a sparse accessor."""
    file = GltfFile()
    vertices, faces = box()
    uvs = file.accessor(np.abs(vertices[:, :2]))
    wooden = file.material(surface={"baseColorTexture": {"index": file.texture(wood())}}, alphaMode="MASK")
    colors = file.accessor(np.full((len(vertices), 4), 0.5))
    parent = file.node([file.primitive(vertices, faces, TEXCOORD_0=uvs, material=wooden)], translation=[1, 0, 0])
    file.node([file.primitive(vertices, faces, COLOR_0=colors, mode=4)], rotation=[0, 0, 0.7071, 0.7071])
    file.root["nodes"].append({"mesh": 0, "matrix": [2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 3, 0, 1]})
    file.root["nodes"][parent]["children"] = [2]
    file.root["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": file.view(b"\3\0\0\0"), "componentType": 5125},
        "values": {"bufferView": file.view(struct.pack("<fff", 2, 2, 2))},
    }
    return file.glb()


def gltf() -> Files:
    """The same as text, with its buffer beside it."""
    content = glb()
    length = struct.unpack_from("<I", content, 12)[0]
    root = json.loads(content[20 : 20 + length])
    root["buffers"] = [{"byteLength": len(content) - 28 - length, "uri": "box.bin"}]
    return {"box.gltf": json.dumps(root).encode(), "box.bin": content[28 + length :]}


def seeds() -> list[Files]:
    """The mesh file comes first."""
    corners = np.asarray(box()[0][box()[1]], "<f4")
    records = b"".join(struct.pack("<12fH", 0, 0, 1, *corner.reshape(-1), 0) for corner in corners)
    beside = {"wood.png": wood()}
    return [
        {"box.obj": OBJ, "box.mtl": MTL, **beside},
        {"box.off": OFF},
        {"box.stl": STL},
        {"box.stl": bytes(80) + struct.pack("<I", len(corners)) + records},
        *({"box.ply": ply(form), **beside} for form in (b"ascii", b"binary_little_endian", b"binary_big_endian")),
        {"box.glb": glb()},
        gltf(),
    ]


class Meshes:
    """Reads each as `shapeshot data build folder` would."""

    seconds, memory = 10.0, 1024 * MIB

    def __init__(self) -> None:
        self.good = seeds()

    def make(self, chance: random.Random) -> Files:
        """A mesh with accidents in one of its files."""
        return damaged(chance.choice(self.good), self.good, chance)

    def read(self, files: Files, folder: Path) -> str:
        """The mesh, and what every later step asks of it first."""
        [name] = [name for name in files if Path(name).suffix in READERS]
        vertices, faces = read_mesh_file(written(files, folder) / name).merged()
        if not np.isfinite(vertices).all() or (len(faces) and faces.max() >= len(vertices)):
            raise AssertionError("a mesh that is none")
        return "read"
