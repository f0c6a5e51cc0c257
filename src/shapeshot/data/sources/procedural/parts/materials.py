"""Random materials with the colours of real rooms, and textures made of filtered noise. All textures tile."""

from __future__ import annotations

import colorsys

import numpy as np
from jaxtyping import Float64, UInt8

from shapeshot.data.objects import Material
from shapeshot.data.sources.procedural.parts.choices import chance, pick

TEXTURE_PIXELS = 128

# Typical sRGB colours, from bleached ash to ebony.
WOODS = (
    (0.85, 0.74, 0.58),
    (0.79, 0.62, 0.42),
    (0.72, 0.53, 0.34),
    (0.64, 0.44, 0.27),
    (0.55, 0.34, 0.20),
    (0.45, 0.27, 0.16),
    (0.36, 0.22, 0.14),
    (0.26, 0.17, 0.12),
    (0.50, 0.24, 0.15),
    (0.60, 0.52, 0.43),
)
METALS = (
    (0.78, 0.78, 0.79),
    (0.62, 0.63, 0.64),
    (0.35, 0.35, 0.37),
    (0.12, 0.12, 0.13),
    (0.78, 0.62, 0.35),
    (0.66, 0.42, 0.30),
)

Color = tuple[float, float, float]


def wood(rng: np.random.Generator) -> Material:
    """Wood with grain along v, or (one in five) stained wood so dark or pale that only its colour is left."""
    base = _jittered(rng, pick(rng, WOODS), 0.06)
    roughness = float(rng.uniform(0.25, 0.75))
    if chance(rng, 0.2):
        return Material(base, roughness=roughness)
    stretch = rng.uniform(8.0, 24.0)
    field = _noise(rng, exponent=1.1, stretch=stretch) * 0.6 + _noise(rng, exponent=0.5, stretch=stretch * 2) * 0.4
    if chance(rng, 0.5):
        field = 0.6 * np.sin(field * rng.uniform(1.5, 4.0)) + 0.4 * field
    return Material((1.0, 1.0, 1.0), _tinted(field * rng.uniform(0.04, 0.13), base), roughness=roughness)


def paint(rng: np.random.Generator) -> Material:
    """Plain paint or lacquer: mostly whites, greys and blacks, sometimes pastel, sometimes saturated."""
    return Material(any_color(rng), roughness=float(rng.uniform(0.15, 0.9)))


def fabric(rng: np.random.Generator) -> Material:
    """Upholstery: a plain weave, a mottled one, stripes or checks."""
    base = any_color(rng, saturated=0.35)
    style = pick(rng, ("plain", "mottled", "striped", "checked"), (5, 4, 1, 0.7))
    if style == "plain":
        return Material(base, roughness=0.95)
    if style == "mottled":
        return Material(
            (1.0, 1.0, 1.0), _tinted(_noise(rng, rng.uniform(0.1, 1.2)) * rng.uniform(0.03, 0.1), base), roughness=0.95
        )
    steps = np.arange(TEXTURE_PIXELS) * int(rng.integers(2, 9)) * 2 // TEXTURE_PIXELS % 2
    field = np.broadcast_to(steps, (TEXTURE_PIXELS, TEXTURE_PIXELS)) * 1.0
    field = field if style == "striped" else (field + field.T) / 2
    weave = _noise(rng, 0.2) * 0.03
    other = np.array(any_color(rng, saturated=0.3)) - np.array(base)
    texture = np.array(base) + field[..., None] * other * rng.uniform(0.3, 1.0) + weave[..., None]
    return Material((1.0, 1.0, 1.0), _bytes(texture), roughness=0.95)


def leather(rng: np.random.Generator) -> Material:
    """Leather: browns, black, cream, sometimes red, with a fine mottle."""
    base = _jittered(
        rng,
        pick(rng, ((0.08, 0.07, 0.07), (0.3, 0.17, 0.1), (0.45, 0.26, 0.15), (0.85, 0.8, 0.7), (0.45, 0.08, 0.08))),
        0.05,
    )
    return Material((1.0, 1.0, 1.0), _tinted(_noise(rng, 0.6) * 0.03, base), roughness=float(rng.uniform(0.3, 0.55)))


def upholstery(rng: np.random.Generator) -> Material:
    """Fabric or, one in four, leather."""
    return leather(rng) if chance(rng, 0.25) else fabric(rng)


def metal(rng: np.random.Generator) -> Material:
    """Bare metal from chrome to brass, or powder-coated."""
    if chance(rng, 0.25):
        return Material(any_color(rng), roughness=0.5)
    color = _jittered(rng, pick(rng, METALS, (3, 3, 2, 3, 1.5, 0.5)), 0.04)
    return Material(color, roughness=float(rng.uniform(0.12, 0.5)), metallic=chance(rng, 0.6))


def plastic(rng: np.random.Generator) -> Material:
    """Smooth plastic; more saturated than paint."""
    return Material(any_color(rng, saturated=0.4), roughness=float(rng.uniform(0.2, 0.6)))


def ceramic(rng: np.random.Generator) -> Material:
    """Glazed ceramic: plain, or banded along v."""
    base = any_color(rng, saturated=0.35)
    if chance(rng, 0.7):
        return Material(base, roughness=float(rng.uniform(0.1, 0.5)))
    edges = np.sort(rng.random(4))
    band = (np.searchsorted(edges, np.linspace(0, 1, TEXTURE_PIXELS)) % 2)[:, None, None]
    texture = np.where(band == 1, np.array(any_color(rng, saturated=0.6)), np.array(base))
    return Material(
        (1.0, 1.0, 1.0), _bytes(np.broadcast_to(texture, (TEXTURE_PIXELS, TEXTURE_PIXELS, 3))), roughness=0.3
    )


def white_ceramic(rng: np.random.Generator) -> Material:
    """Sanitary ware: white, rarely cream, black or pastel."""
    color = pick(rng, ((0.94, 0.94, 0.93), (0.9, 0.87, 0.8), (0.1, 0.1, 0.1), (0.75, 0.85, 0.85)), (12, 2, 0.7, 1))
    return Material(_jittered(rng, color, 0.02), roughness=0.2)


def glass(rng: np.random.Generator) -> Material:
    """Clear or tinted glass."""
    tint = pick(rng, ((0.92, 0.96, 0.95), (0.55, 0.75, 0.6), (0.5, 0.35, 0.2), (0.6, 0.75, 0.9)), (5, 1, 1, 1))
    return Material(_jittered(rng, tint, 0.04), opacity=float(rng.uniform(0.25, 0.6)), roughness=0.05)


def stone(rng: np.random.Generator) -> Material:
    """Stone, concrete or terrazzo: greys and beiges with cloudy or fine mottle."""
    base = _jittered(
        rng, pick(rng, ((0.55, 0.54, 0.52), (0.75, 0.72, 0.67), (0.9, 0.9, 0.88), (0.25, 0.25, 0.26))), 0.05
    )
    return Material(
        (1.0, 1.0, 1.0), _tinted(_noise(rng, rng.uniform(0.3, 1.6)) * rng.uniform(0.03, 0.09), base), roughness=0.6
    )


def wicker(rng: np.random.Generator) -> Material:
    """A woven cane or rattan pattern."""
    base = np.array(_jittered(rng, pick(rng, (*WOODS[:5], (0.2, 0.16, 0.14), (0.85, 0.84, 0.8))), 0.05))
    turns = int(rng.integers(6, 14)) * 2 * np.pi * np.arange(TEXTURE_PIXELS) / TEXTURE_PIXELS
    field = np.sin(turns)[:, None] * np.sign(np.sin(turns / 2))[None] + _noise(rng, 0.3) * 0.3
    return Material((1.0, 1.0, 1.0), _tinted(field * 0.12, tuple(base)), roughness=0.9)


def leaves(rng: np.random.Generator) -> Material:
    """The greens of house plants, seldom reddish."""
    hue = rng.uniform(0.2, 0.4) if chance(rng, 0.92) else rng.uniform(0.9, 1.05) % 1.0
    return Material(_hsv(hue, rng.uniform(0.35, 0.85), rng.uniform(0.2, 0.65)), roughness=0.7)


def dark(rng: np.random.Generator) -> Material:
    """Nearly black and glossy: tinted panes, hobs, black keys."""
    return Material(_hsv(0.6, 0.1, rng.uniform(0.02, 0.1)), roughness=0.1)


def display(rng: np.random.Generator) -> Material:
    """A display, off (nearly black) or on (a cloudy coloured picture)."""
    if chance(rng, 0.65):
        return dark(rng)
    base = _hsv(rng.random(), 0.4, rng.uniform(0.3, 0.8))
    return Material((1.0, 1.0, 1.0), _tinted(_noise(rng, 1.5) * 0.2, base), roughness=0.2)


def light(rng: np.random.Generator) -> Material:
    """A bulb or a lamp's diffuser: warm white."""
    return Material(_hsv(rng.uniform(0.09, 0.16), rng.uniform(0.02, 0.2), rng.uniform(0.9, 1.0)), roughness=0.6)


def structure(rng: np.random.Generator) -> Material:
    """What frames and case furniture are made of: mostly wood, else paint."""
    return wood(rng) if chance(rng, 0.65) else paint(rng)


def frame(rng: np.random.Generator) -> Material:
    """What legs are made of: wood, metal, paint."""
    return pick(rng, (wood, metal, paint), (5, 3.5, 1.5))(rng)


def anything(rng: np.random.Generator) -> Material:
    """Any opaque material."""
    return pick(rng, (wood, paint, fabric, leather, metal, plastic, ceramic, stone, wicker))(rng)


def any_color(rng: np.random.Generator, saturated: float = 0.22) -> Color:
    """A colour as found indoors: white, grey, black, beige, pastel, or, with probability `saturated`, vivid."""
    if chance(rng, saturated):
        return _hsv(rng.random(), rng.uniform(0.45, 0.95), rng.uniform(0.25, 0.95))
    family = pick(rng, ("white", "grey", "black", "beige", "muted"), (3.5, 2.5, 2, 1.5, 2))
    hue = rng.random()
    if family == "white":
        return _hsv(hue, rng.uniform(0.0, 0.05), rng.uniform(0.82, 0.98))
    if family == "grey":
        return _hsv(hue, rng.uniform(0.0, 0.08), rng.uniform(0.25, 0.8))
    if family == "black":
        return _hsv(hue, rng.uniform(0.0, 0.2), rng.uniform(0.03, 0.2))
    if family == "beige":
        return _hsv(rng.uniform(0.05, 0.13), rng.uniform(0.1, 0.4), rng.uniform(0.55, 0.92))
    return _hsv(hue, rng.uniform(0.12, 0.4), rng.uniform(0.3, 0.9))


def _noise(rng: np.random.Generator, exponent: float, stretch: float = 1.0) -> Float64[np.ndarray, "size size"]:
    """Tiling noise of unit variance, amplitudes falling as frequency^-exponent; `stretch` times longer in v."""
    rows = np.fft.fftfreq(TEXTURE_PIXELS)[:, None] * stretch
    columns = np.fft.rfftfreq(TEXTURE_PIXELS)[None]
    frequency = np.maximum(np.hypot(rows, columns), 1.0 / TEXTURE_PIXELS)
    spectrum = np.fft.rfft2(rng.standard_normal((TEXTURE_PIXELS, TEXTURE_PIXELS), dtype=np.float32))
    field = np.fft.irfft2(spectrum * frequency**-exponent)
    normalised: np.ndarray = (field - field.mean()) / max(float(field.std()), 1e-9)
    return normalised


def _tinted(field: Float64[np.ndarray, "size size"], base: Color) -> UInt8[np.ndarray, "size size 3"]:
    return _bytes(np.array(base) * (1.0 + field[..., None]))


def _bytes(values: Float64[np.ndarray, "size size 3"]) -> UInt8[np.ndarray, "size size 3"]:
    levels: np.ndarray = (np.clip(values, 0.0, 1.0) * 255).round().astype(np.uint8)
    return levels


def _jittered(rng: np.random.Generator, color: Color, amount: float) -> Color:
    shared = rng.normal(0.0, amount)
    red, green, blue = np.clip(np.array(color) + shared + rng.normal(0.0, amount / 3, 3), 0.02, 0.98)
    return float(red), float(green), float(blue)


def _hsv(hue: float, saturation: float, value: float) -> Color:
    return colorsys.hsv_to_rgb(float(hue) % 1.0, float(saturation), float(value))
