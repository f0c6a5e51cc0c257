"""Furniture catalogues: zip files of a list, models, materials and pictures."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import numpy as np
from bundles import Files, damaged, written
from isolated import MIB
from meshes import MTL, OBJ, wood

from shapeshot.data.sources.sweethome3d import PROPERTIES, SweetHome3DSource

LIST = b"""# a catalogue
id=tests\nname=Tests\nlicense=CC-BY 4.0 \\
  of somebody
name#1=Box\nid#1=tests#box\nmodel#1=/box/box.obj\nwidth#1=100\ndepth#1=50\nheight#1=25.5\ncategory#1=Kitchen
tags#1=box, wood\nmodelRotation#1=1 0 0 0 0 -1 0 1 0\ncreator#1=J\\u00f6rg \\ud83d\\ude00
name#2=Other box\nmodel#2=box/other.obj\nwidth#2=1\ndepth#2=2\nheight#2=3
"""
MEMBERS = {PROPERTIES: LIST, "box/box.obj": OBJ, "box/box.mtl": MTL, "box/wood.png": wood(), "box/other.obj": OBJ}


def zipped(members: Files, method: int) -> bytes:
    """An archive of these members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), member, method)
    return content.getvalue()


class Archives:
    """Reads each catalogue's list and all its objects."""

    seconds, memory = 20.0, 1024 * MIB

    def __init__(self) -> None:
        methods = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
        self.good: list[Files] = [{"tests.sh3f": zipped(MEMBERS, method)} for method in methods]

    def make(self, chance: random.Random) -> Files:
        """A damaged archive, or a sound one of which a member is damaged."""
        if chance.random() < 0.5:
            return damaged(chance.choice(self.good), self.good, chance)
        return {"tests.sh3f": zipped(damaged(MEMBERS, [MEMBERS], chance), zipfile.ZIP_DEFLATED)}

    def read(self, files: Files, folder: Path) -> str:
        """All that is in it."""
        [name] = files
        source = SweetHome3DSource([written(files, folder) / name])
        count = 0
        for entry in source.entries():
            vertices, _ = entry.load().merged()
            assert np.isfinite(vertices).all()
            count += 1
        return f"{count} read, {len(source.unreadable())} unreadable"
