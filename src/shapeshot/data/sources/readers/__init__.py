"""Readers of mesh files as other programs write them: glTF, OBJ, OFF, PLY and STL, with materials and textures."""
