"""glTF 2.0 and GLB: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html

Of a scene the surfaces and their base colours are read, at rest: placed, instanced, skinned and morphed by the default
weights. What a file requires and this does not know is refused by the extension's name; nothing is filled with zeros.
"""

from shapeshot.data.sources.readers.gltf.reader import read_gltf

__all__ = ["read_gltf"]
