"""Datasets of 3D objects: sources, rendering, solid occupancy, shards and splits."""
