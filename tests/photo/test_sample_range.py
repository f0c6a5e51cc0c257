"""Pictures of more than 8 bits: as bright as their 8-bit versions, whatever they are stored in."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from image_files import deep_png, encoded, png_chunk
from PIL import Image

from shapeshot.photo import load_photo
from shapeshot.photo.sample_range import WHITE_POINTS, to_eight_bits, white_point

CASES = Path(__file__).parent / "cases"


def ramp(channels: int, white: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """uint16 [height, width(, channels)] from 0 to white; an alpha, in the last channel, is from white to 0."""
    values = np.linspace(0, white, size[0] * size[1]).reshape(size)
    layers = [values, np.roll(values, 7, axis=1), values[::-1]][: max(channels - channels % 2 + 1, 1)]
    if channels in (2, 4):
        layers = [*layers[: channels - 1], values.max() - values]
    stacked = np.stack(layers[:channels], axis=2)
    return np.rint(stacked[..., 0] if channels == 1 else stacked).astype(np.uint16)


@pytest.mark.parametrize("white", [int(point) for point in WHITE_POINTS])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_depth_in_a_png_of_16_bits(channels: int, white: int) -> None:
    values = ramp(channels, white)
    rgba = load_photo(deep_png(values))
    expected = np.rint(values / white * 255)
    shown = {1: rgba[..., 0], 2: rgba[..., [0, 3]], 3: rgba[..., :3], 4: rgba}[channels]
    tolerance = 1 if channels >= 3 and white == 65535 else 0  # there Pillow's upper byte is taken as it is
    assert np.abs(shown - expected).max() <= tolerance


@pytest.mark.parametrize("compression", [None, "tiff_deflate", "tiff_lzw"])
@pytest.mark.parametrize("white", [1023, 4095, 65535])
def test_big_and_little_endian_tiffs(white: int, compression: str | None) -> None:
    values = ramp(1, white)
    expected = np.rint(values / white * 255)
    little = encoded(Image.fromarray(values), "TIFF", compression=compression)
    np.testing.assert_array_equal(load_photo(little)[..., 0], expected)
    if compression is None:
        np.testing.assert_array_equal(load_photo(big_endian_tiff(values))[..., 0], expected)
        colors = ramp(3, white)
        shown = load_photo(big_endian_tiff(colors))[..., :3]
        assert np.abs(shown - np.rint(colors / white * 255)).max() <= (1 if white == 65535 else 0)


def big_endian_tiff(values: np.ndarray) -> bytes:
    """An uncompressed big-endian TIFF of 16 bits a sample, grey or RGB."""
    height, width = values.shape[:2]
    channels = values.shape[2] if values.ndim == 3 else 1
    data = values.astype(">u2").tobytes()
    bits_at = 8 + 2 + 10 * 12 + 4
    tags = [
        (256, 3, 1, width << 16), (257, 3, 1, height << 16),
        (258, 3, channels, bits_at if channels == 3 else 16 << 16), (259, 3, 1, 1 << 16),
        (262, 3, 1, (2 if channels == 3 else 1) << 16), (273, 4, 1, bits_at + 6), (277, 3, 1, channels << 16),
        (278, 3, 1, height << 16), (279, 4, 1, len(data)), (284, 3, 1, 1 << 16),
    ]  # fmt: skip
    entries = b"".join(struct.pack(">HHII", *tag) for tag in tags)
    return b"MM\0*" + struct.pack(">IH", 8, len(tags)) + entries + bytes(4) + struct.pack(">3H", 16, 16, 16) + data


def test_the_handed_over_cases() -> None:
    stored = np.asarray(Image.open(CASES / "twelve.png")).astype(float)
    shown = load_photo(CASES / "twelve.png")
    assert stored.max() <= 4095
    np.testing.assert_array_equal(shown[..., 0], np.rint(stored / 4095 * 255))
    keyed = load_photo(CASES / "rgb16_trns.png")
    assert 0.3 < (keyed[..., 3] == 0).mean() < 0.95
    assert set(np.unique(keyed[..., 3])) == {0, 255}


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_is_compared_at_all_16_bits(channels: int) -> None:
    """Its neighbour, which has the same upper byte, stays."""
    values = np.full((32, 32, channels), 0x8040, np.uint16)
    values[:, 16:] = 0x8041
    values[:, :4] = 0xFFFF
    key = png_chunk(b"tRNS", struct.pack(">H", 0x8040) * channels)
    rgba = load_photo(deep_png(values[..., 0] if channels == 1 else values, key))
    assert (rgba[:, 6:15, 3] == 0).all()
    assert (rgba[:, 17:, 3] == 255).all()
    assert (rgba[:, :3, 3] == 255).all()


def test_transparency_counts_before_a_large_picture_is_reduced() -> None:
    """Colour of what is transparent never shows, though it is white and the object is black."""
    values = np.full((40, 5000, 3), 65535, np.uint16)
    values[:, ::2] = 300
    key = png_chunk(b"tRNS", struct.pack(">3H", 65535, 65535, 65535))
    content = deep_png(np.repeat(values, 3, axis=0), key)
    rgba = load_photo(content)
    assert np.abs(rgba[..., 3].astype(int) - 127).max() <= 20
    assert rgba[..., :3].max() <= 10


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_floats_that_are_no_numbers(bad: float) -> None:
    values = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (32, 1))
    expected = np.rint(values * 255)
    values[3, 5] = bad
    expected[3, 5] = 255 if bad == np.inf else 0
    np.testing.assert_array_equal(load_photo(encoded(Image.fromarray(values), "TIFF"))[..., 0], expected)
    nothing = encoded(Image.fromarray(np.full((32, 32), bad, np.float32)), "TIFF")
    assert load_photo(nothing).shape == (32, 32, 4)


@pytest.mark.parametrize("white", [1.0, 255.0, 4095.0, 65535.0])
def test_floats_of_any_range(white: float) -> None:
    values = np.tile(np.linspace(0, white, 64, dtype=np.float32), (32, 1))
    content = encoded(Image.fromarray(values), "TIFF")
    assert np.abs(load_photo(content)[..., 0] - np.rint(values / white * 255)).max() <= 1


def test_arrays_of_either_byte_order() -> None:
    values = ramp(3, 65535)
    expected = np.rint(values / 257)
    for array in (values, values.astype(">u2")):
        np.testing.assert_array_equal(load_photo(array)[..., :3], expected)


def test_a_deep_picture_is_reduced_like_its_8_bit_version() -> None:
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (30, 40)).astype(np.uint8)
    eight = np.kron(coarse, np.ones((100, 100), np.uint8))
    deep = deep_png(eight.astype(np.uint16) * 257)
    plain = load_photo(encoded(Image.fromarray(eight), "PNG"))
    np.testing.assert_array_equal(load_photo(deep), plain)


def test_white_points() -> None:
    assert [white_point([high], False) for high in (0, 255, 256, 300, 1023, 1024, 4096, 16384, 20000, 70000)] == [
        255, 255, 255, 1023, 1023, 1023, 4095, 16383, 65535, 70000,
    ]  # fmt: skip
    assert white_point([0.4], True) == 1
    assert to_eight_bits(np.array([np.nan, np.inf, -np.inf, 2.0, 0.5]), 1.0).tolist() == [0, 255, 0, 255, 128]
    assert io.BytesIO(deep_png(ramp(1, 255))).getvalue()[:4] == b"\x89PNG"
