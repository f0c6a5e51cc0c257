"""One photo of an object in; voxels, a point cloud and a coloured mesh out, on a laptop CPU."""

__version__ = "0.1.0"
