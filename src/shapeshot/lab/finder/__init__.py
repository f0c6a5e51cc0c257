"""The finder: a small network that tells the one object that a photo is about from everything else in it.

`network` is the network, `compose` makes the pictures that it learns from, `backgrounds` what stands behind the object
in them, `clicks` simulates a person who points, `train` trains it, `score` scores it and `export` writes what the
runtime loads (`shapeshot.photo.finder`).
"""
