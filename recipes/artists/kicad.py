"""KiCad's electronic components (.wrl, as its StepUp tool writes them) as OBJ text: z up, in plain colours."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from wavefront_text import Buffer, obj_and_mtl

COLOR = re.compile(r"DEF\s+(\S+)\s+Material\s*\{[^}]*?diffuseColor\s+(\S+)\s+(\S+)\s+(\S+)")
FACES = re.compile(
    r"coordIndex\s*\[(?P<indices>[^\]]*)\].*?point\s*\[(?P<points>[^\]]*)\].*?USE\s+(?P<material>[^\s}]+)", re.DOTALL
)


def obj_of_wrl(content: bytes, path: Path) -> tuple[str, str]:
    """OBJ and MTL text of one component. Raises ValueError."""
    text = content.decode("latin-1")
    if not text.startswith("#VRML V2.0"):
        raise ValueError("not a VRML 2.0 file")
    colors = {name: (float(r), float(g), float(b)) for name, r, g, b in COLOR.findall(text)}
    buffers = []
    for found in FACES.finditer(text):
        x, y, z = np.array(re.split(r"[\s,]+", found["points"].strip(" \n\t,")), float).reshape(-1, 3).T
        faces = np.array(re.split(r"[\s,]+", found["indices"].strip(" \n\t,")), int).reshape(-1, 4)[:, :3]
        places = np.stack([x, z, -y], axis=1)
        buffers.append(Buffer(places, np.zeros((len(places), 2)), faces, "", colors.get(found["material"], (0.8,) * 3)))
    if not buffers:
        raise ValueError("it holds no set of faces")
    return obj_and_mtl(buffers)
