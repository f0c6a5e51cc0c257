"""The true shape of an object: solid occupancy, surface points, silhouettes, and copies in other proportions."""
