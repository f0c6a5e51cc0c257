"""Random studio light: a small environment map with a sky gradient, a soft key light, a fill and now and then a rim."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Float64

HEIGHT = 32
WIDTH = 2 * HEIGHT
WARM, COOL = np.array([1.0, 0.84, 0.66]), np.array([0.86, 0.94, 1.0])


def studio_light(rng: np.random.Generator, camera_azimuth_deg: float) -> Float32[np.ndarray, "height width 3"]:
    """Radiance from all round, linear RGB float32 [HEIGHT, WIDTH, 3], row 0 at the zenith.

    Column c looks towards azimuth (c + 0.5) / WIDTH * 360 - 180 degrees, as cameras count it (docs/conventions.md).
    The key light stands within 75 degrees of the camera, so that the side in view is never all in shadow. Scaled so
    that a white matt surface shows 0.55 to 0.95 on the average over the directions that face the camera's half.
    """
    contrast = rng.uniform(0.15, 0.8)
    key_azimuth = camera_azimuth_deg + rng.uniform(-75.0, 75.0)
    light = (1 - contrast) * _sky(rng)
    light = light + contrast * _lobe(rng, key_azimuth, rng.uniform(15.0, 75.0))
    rim_azimuth = key_azimuth + 180 + rng.uniform(-60.0, 60.0)
    light = light + rng.uniform(0.0, 0.25) * _lobe(rng, rim_azimuth, rng.uniform(5.0, 50.0))
    irradiance = _irradiance_towards(light, camera_azimuth_deg)
    return (light * (rng.uniform(0.55, 0.95) / irradiance)).astype(np.float32)


def map_directions() -> Float64[np.ndarray, "height width 3"]:
    """Unit vectors towards the map's pixels, float64 [HEIGHT, WIDTH, 3]."""
    azimuth = np.radians((np.arange(WIDTH) + 0.5) / WIDTH * 360 - 180)[None, :]
    polar = np.radians((np.arange(HEIGHT) + 0.5) / HEIGHT * 180)[:, None]
    upwards = np.broadcast_to(np.cos(polar), (HEIGHT, WIDTH))
    return np.stack([np.sin(polar) * np.sin(azimuth), upwards, np.sin(polar) * np.cos(azimuth)], axis=2)


def _sky(rng: np.random.Generator) -> Float[np.ndarray, "height width 3"]:
    """Brighter above than below, where only the floor's reflection comes from; mean irradiance about 1."""
    above, floor = rng.uniform(0.0, 0.5), rng.uniform(0.25, 0.8)
    height = map_directions()[:, :, 1:2]
    light: np.ndarray = np.where(height > 0, 1 + above * height, floor * (1 + 0.3 * height)) * _tint(rng)
    return light


def _lobe(rng: np.random.Generator, azimuth_deg: float, elevation_deg: float) -> Float[np.ndarray, "height width 3"]:
    """A round soft box of 8 to 35 degrees that gives a surface facing it irradiance pi."""
    azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
    towards = [np.cos(elevation) * np.sin(azimuth), np.sin(elevation), np.cos(elevation) * np.cos(azimuth)]
    cosine = map_directions() @ np.array(towards)
    lobe = np.exp((cosine - 1) / (1 - np.cos(np.radians(rng.uniform(8.0, 35.0)))))
    light: np.ndarray = (lobe * (np.pi / (lobe * cosine.clip(0) * _solid_angles()).sum()))[:, :, None] * _tint(rng)
    return light


def _tint(rng: np.random.Generator) -> Float[np.ndarray, " 3"]:
    """A colour temperature between lamp light and an overcast sky, linear RGB with mean 1."""
    warmth = np.clip(rng.normal(0.45, 0.2), 0.0, 1.0)
    tint = WARM * warmth + COOL * (1 - warmth)
    normalised: np.ndarray = tint / tint.mean()
    return normalised


def _solid_angles() -> Float[np.ndarray, "height width"]:
    """Solid angle of each pixel, float64 [HEIGHT, WIDTH]; they add up to 4 pi."""
    edges = np.cos(np.linspace(0.0, np.pi, HEIGHT + 1))
    return np.repeat((edges[:-1] - edges[1:])[:, None] * (2 * np.pi / WIDTH), WIDTH, axis=1)


def _irradiance_towards(light: Float[np.ndarray, "height width 3"], azimuth_deg: float) -> float:
    """Irradiance / pi (what a white matt surface shows), the mean of facing the camera, its left, its right and up."""
    total = 0.0
    for turn in (0.0, -60.0, 60.0):
        azimuth = np.radians(azimuth_deg + turn)
        cosine = (map_directions() @ np.array([np.sin(azimuth), 0.0, np.cos(azimuth)])).clip(0)
        total += (light.mean(axis=2) * cosine * _solid_angles()).sum()
    total += (light.mean(axis=2) * map_directions()[:, :, 1].clip(0) * _solid_angles()).sum()
    return float(total / 4 / np.pi)
