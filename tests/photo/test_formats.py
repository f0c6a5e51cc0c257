"""The one list of formats: what is read, what is refused and by which name, whatever a file is called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_files import BLUE, RED, encoded, two_halves
from PIL import Image

from shapeshot.errors import NotAnImageError
from shapeshot.photo import formats as formats_module
from shapeshot.photo import load_photo
from shapeshot.photo.formats import FORMATS, format_of, left_out_as, photo_suffixes

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"HEIF"}))
def test_every_format_is_known_by_its_first_bytes(name: str) -> None:
    content = encoded(two_halves(), name)
    assert format_of(content[:64]) == name
    rgba = load_photo(content)
    assert np.allclose(rgba[16, 8], (*RED, 255), atol=14)
    assert np.allclose(rgba[16, 56], (*BLUE, 255), atol=14)


def test_heic_is_read_where_a_package_for_it_is_installed() -> None:
    pytest.importorskip("pi_heif", reason="HEIC needs the extra `heif`")
    rgba = load_photo(HERE / "two_halves.heic")
    assert np.allclose(rgba[16, 8], (*RED, 255), atol=14)
    assert ".heic" in photo_suffixes()
    assert left_out_as(".HEIC") is None


def test_heic_is_named_where_none_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("opener", "formats"):
        monkeypatch.setattr(f"shapeshot.photo.{module}.heif_package", lambda: None)
    with pytest.raises(NotAnImageError, match=r"is HEIC.*pip install 'shapeshot\[heif\]'"):
        load_photo(HERE / "two_halves.heic")
    assert ".heic" not in photo_suffixes()
    assert left_out_as(".heic") == "HEIC"


def test_the_first_picture_of_an_mpo(tmp_path: Path) -> None:
    path = tmp_path / "stereo.mpo"
    two_halves().save(path, "MPO", save_all=True, append_images=[Image.new("RGB", (64, 32), BLUE)])
    assert np.allclose(load_photo(path)[16, 8, :3], RED, atol=14)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51\0\0", "JPEG 2000"),
        (b"\xff\x0a\0\0", "JPEG XL"),
        (b"8BPS\0\1", "Photoshop"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "EPS"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"qoif\0\0\0\1", "QOI"),
        (b"P6\n64 32\n255\n", "PPM"),
        (b"SIMPLE  =                    T", "FITS"),
    ],
)
def test_known_formats_that_are_not_read_are_refused_by_name(head: bytes, name: str) -> None:
    with pytest.raises(NotAnImageError, match=name):
        load_photo(head + bytes(200))


@pytest.mark.parametrize("case", ["iptc_eps.jpg", "iptc_png_169mp.jpg"])
def test_nothing_is_unwrapped_and_no_program_is_started(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*args: object, **kwargs: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr("subprocess.Popen.__init__", started)
    with pytest.raises(NotAnImageError, match="not an image that can be read"):
        load_photo(HERE / "cases" / case)


def test_suffixes_of_the_list() -> None:
    wanted = {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif"}
    assert wanted <= set(photo_suffixes())
    assert {left_out_as(suffix) for suffix in (".JP2", ".jxl", ".dng")} == {"JPEG 2000", "JPEG XL", "camera raw"}
    assert left_out_as(".txt") is None
    assert formats_module.format_of(b"") is None
