"""load_photo: every mode and container comes out as upright RGBA; everything else is one clear line."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from image_files import BLUE, RED, encoded, png_chunk, two_halves
from PIL import Image

from shapeshot.errors import PhotoError
from shapeshot.photo import load_photo, read_photo


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds almost no data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", zlib.compress(b"\0" * 100)), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_formats(file_format: str, tmp_path: Path) -> None:
    path = tmp_path / "photo"  # the content decides, not the name
    path.write_bytes(encoded(two_halves(), file_format))
    rgba = load_photo(path)
    assert rgba.shape == (32, 64, 4)
    assert rgba.dtype == np.uint8
    assert np.allclose(rgba[16, 8], (*RED, 255), atol=12)
    assert np.allclose(rgba[16, 56], (*BLUE, 255), atol=12)


def test_sources_agree(tmp_path: Path) -> None:
    image = two_halves()
    path = tmp_path / "a.png"
    image.save(path)
    expected = load_photo(path)
    for source in (str(path), path.read_bytes(), image, np.asarray(image), expected):
        np.testing.assert_array_equal(load_photo(source), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation(file_format: str, orientation: int) -> None:
    """Each file is stored as its orientation says, so that all of them show red above blue."""
    upright = two_halves().transpose(Image.Transpose.ROTATE_270)
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    rgba = load_photo(encoded(stored, file_format, exif=exif))
    assert rgba.shape == (64, 32, 4)
    assert np.allclose(rgba[8, 16, :3], RED, atol=12)
    assert np.allclose(rgba[56, 16, :3], BLUE, atol=12)


def test_cmyk_jpeg() -> None:
    assert np.allclose(load_photo(encoded(two_halves().convert("CMYK"), "JPEG"))[16, 8, :3], RED, atol=12)


def test_sixteen_bit_grey() -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (32, 1))
    expected = np.rint(ramp / 257).astype(np.uint8)
    for source in (encoded(Image.fromarray(ramp), "PNG"), encoded(Image.fromarray(ramp), "TIFF"), ramp):
        rgba = load_photo(source)
        np.testing.assert_array_equal(rgba[..., 0], expected)
        assert (rgba[..., 3] == 255).all()


def test_float_grey() -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (32, 1))
    np.testing.assert_array_equal(load_photo(encoded(Image.fromarray(ramp), "TIFF"))[..., 1], np.rint(ramp * 255))


def test_palette_with_transparency() -> None:
    image = Image.new("P", (32, 32), 0)
    image.putpalette([*RED, *BLUE])
    image.paste(1, (16, 0, 32, 32))
    rgba = load_photo(encoded(image, "PNG", transparency=0))
    assert rgba[4, 4, 3] == 0
    assert tuple(rgba[4, 28]) == (*BLUE, 255)


@pytest.mark.parametrize(("mode", "fill", "expected"), [
    ("1", 1, (255, 255, 255, 255)),
    ("L", 90, (90, 90, 90, 255)),
    ("LA", (90, 40), (90, 90, 90, 40)),
    ("RGBA", (1, 2, 3, 4), (1, 2, 3, 4)),
])  # fmt: skip
def test_modes(mode: str, fill: object, expected: tuple[int, ...]) -> None:
    rgba = load_photo(encoded(Image.new(mode, (20, 20), fill), "PNG"))
    assert tuple(rgba[10, 10]) == expected


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_animation_gives_its_first_frame(file_format: str) -> None:
    frames = [Image.new("RGB", (32, 32), color) for color in (RED, BLUE)]
    data = encoded(frames[0], file_format, save_all=True, append_images=frames[1:], duration=100)
    assert np.allclose(load_photo(data)[16, 16, :3], RED, atol=12)


def test_large_photos_shrink_and_keep_their_proportions() -> None:
    rgba = load_photo(encoded(two_halves((4000, 2000)), "JPEG"))
    assert 768 <= rgba.shape[1] <= 1024
    assert rgba.shape[0] * 2 == pytest.approx(rgba.shape[1], abs=2)
    assert load_photo(encoded(two_halves((1500, 500)), "PNG")).shape == (341, 1024, 4)


def test_the_callers_image_stays_as_it_is() -> None:
    image = Image.open(io.BytesIO(encoded(two_halves((4000, 2000)), "JPEG")))
    load_photo(image)
    assert image.size == (4000, 2000)


def test_transparent_pixels_do_not_bleed_when_shrunk() -> None:
    pixels = np.zeros((300, 1300, 4), np.uint8)
    pixels[..., 1] = 255  # green, but invisible
    pixels[::3] = (*RED, 255)
    shrunk = load_photo(pixels)
    visible = shrunk[shrunk[..., 3] > 8]
    assert np.abs(visible[:, :3].astype(int) - RED).max() <= 16


BAD_FILES = {
    "empty.jpg": (b"", "is empty"),
    "text.jpg": (b"this is no picture\n" * 50, "not an image"),
    "truncated.jpg": (encoded(two_halves((640, 480)), "JPEG")[:3000], "damaged or cut short"),
    "truncated.png": (encoded(Image.effect_noise((300, 300), 90), "PNG")[:9000], "damaged or cut short"),
    "header_only.png": (encoded(two_halves(), "PNG")[:20], "image"),
    "one_pixel.png": (encoded(Image.new("RGB", (1, 1)), "PNG"), "too small"),
    "thin.png": (encoded(Image.new("RGB", (5000, 20)), "PNG"), "too thin"),
    "program.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n", "EPS"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_get_one_line(name: str, tmp_path: Path) -> None:
    content, expected = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=expected) as caught:
        load_photo(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("side", [12_000, 30_000])
def test_decompression_bomb_is_refused_from_its_header(side: int) -> None:
    start = time.perf_counter()
    with pytest.raises(PhotoError, match="120 megapixels"):
        load_photo(png_header(side, side))
    assert time.perf_counter() - start < 0.5


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="no such photo"):
        load_photo(tmp_path / "missing.jpg")
    with pytest.raises(PhotoError, match="is a folder"):
        load_photo(str(tmp_path))
    with pytest.raises(PhotoError, match="not a regular file"):
        load_photo("/dev/null")
    with pytest.raises(PhotoError):
        load_photo("nul\0byte.jpg")


@pytest.mark.parametrize("array", [
    np.zeros((0, 0), np.uint8), np.zeros(64, np.uint8), np.zeros((32, 32, 5), np.uint8), np.zeros((32, 32), np.float64),
])  # fmt: skip
def test_bad_arrays(array: np.ndarray) -> None:
    with pytest.raises(PhotoError, match="expected uint8"):
        load_photo(array)


def test_other_types() -> None:
    with pytest.raises(PhotoError, match="from int"):
        load_photo(7)  # type: ignore[arg-type]


def test_random_damage_is_always_a_photo_error() -> None:
    rng = np.random.default_rng(5)
    for file_format in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        good = np.frombuffer(encoded(two_halves((80, 60)), file_format), np.uint8)
        for _ in range(25):
            damaged = good.copy()
            damaged[rng.integers(0, len(good), 12)] = rng.integers(0, 256, 12)
            message = ""
            try:
                assert load_photo(damaged.tobytes()).ndim == 3
            except PhotoError as error:
                message = str(error)
            assert "\n" not in message


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_photos_own_size_is_told_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = read_photo(encoded(two_halves((1600, 800)), "JPEG", exif=exif))
    turned = orientation >= 5
    assert photo.size == ((800, 1600) if turned else (1600, 800))
    height, width = photo.rgba.shape[:2]
    assert (height > width) is turned
    assert max(photo.rgba.shape) <= 1024
