"""Metadata never refuse a picture, and never turn it wrongly: the orientation is read alone."""

from __future__ import annotations

import struct
from pathlib import Path
from zlib import compress

import numpy as np
import pytest
from image_files import BLUE, RED, encoded, exif_block, jpeg_segment, png_chunk, two_halves
from PIL import Image

from shapeshot.photo import load_photo, read_photo
from shapeshot.photo.orientation import exif_orientation, xmp_orientation

CASES = Path(__file__).parent / "cases"
TURN = 6  # stored lying on its left side
PLAIN = encoded(two_halves(), "JPEG")
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def with_segments(*segments: bytes) -> bytes:
    return PLAIN[:2] + b"".join(segments) + PLAIN[2:]


def is_turned(content: bytes) -> bool:
    """Whether red, which is stored on the left, comes out on top."""
    rgba = load_photo(content)
    if rgba.shape != (64, 32, 4):
        assert np.allclose(rgba[16, 8, :3], RED, atol=14)
        return False
    assert np.allclose(rgba[8, 16, :3], RED, atol=14)
    assert np.allclose(rgba[56, 16, :3], BLUE, atol=14)
    return True


# Entries of 12 bytes that programs and damage leave before the orientation: (what, tag, type, count, value).
ODD_ENTRIES = {
    "text where three ratios are due": struct.pack("<HHII", 0x0211, 2, 6, 0x7FFFFFFF),
    "an unknown type": struct.pack("<HHII", 0x0100, 99, 1, 0),
    "more values than the file has": struct.pack("<HHII", 0x010F, 2, 0xFFFFFFFF, 8),
    "a directory that is its own child": struct.pack("<HHII", 0x8769, 4, 1, 8),
    "a location that is no number": struct.pack("<HHII", 0x8825, 2, 4, 0x41414141),
}


@pytest.mark.parametrize("what", ODD_ENTRIES)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_odd_entries_do_not_hide_the_orientation(what: str, file_format: str) -> None:
    block = exif_block(TURN, ODD_ENTRIES[what])
    if file_format == "JPEG":
        content = with_segments(jpeg_segment(0xE1, block))
    elif file_format == "PNG":
        plain = encoded(two_halves(), "PNG")
        content = plain[:33] + png_chunk(b"eXIf", block.removeprefix(b"Exif\0\0")) + plain[33:]
    else:
        content = encoded(two_halves(), "WEBP", lossless=True, exif=block)
    assert is_turned(content)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_impossible_orientation_is_upright(value: int) -> None:
    assert not is_turned(with_segments(jpeg_segment(0xE1, exif_block(value))))


@pytest.mark.parametrize("cut", range(6, 34, 3))
def test_a_block_that_is_cut_short_never_refuses_the_photo(cut: int) -> None:
    assert isinstance(is_turned(with_segments(jpeg_segment(0xE1, exif_block(TURN)[:cut]))), bool)


def test_random_metadata_never_refuse_a_photo() -> None:
    rng = np.random.default_rng(7)
    whole = np.frombuffer(encoded(two_halves(), "JPEG", exif=_rich_exif(), comment=b"x" * 40), np.uint8)
    start, end = bytes(whole).find(b"Exif\0\0"), bytes(whole).find(b"\xff\xfe")  # the body of a segment, not its length
    for _ in range(200):
        damaged = whole.copy()
        damaged[rng.integers(start, end, 8)] = rng.integers(0, 255, 8)
        content = bytes(damaged)
        assert read_photo(content).size in ((64, 32), (32, 64))


def _rich_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 1, "maker", "model"
    exif.get_ifd(0x8769)[0x9003] = "2024:01:01 00:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


@pytest.mark.parametrize("marker", [0xE2, 0xED, 0xEE, 0xFE])
def test_other_damaged_segments_do_not_matter(marker: int) -> None:
    junk = np.random.default_rng(marker).bytes(500)
    for head in (b"ICC_PROFILE\0", b"MPF\0", b"Photoshop 3.0\0", b"Adobe", b""):
        if (marker, head) != (0xEE, b"Adobe"):
            assert not is_turned(with_segments(jpeg_segment(marker, head + junk)))


def test_xmp_speaks_where_exif_is_silent() -> None:
    header = b"http://ns.adobe.com/xap/1.0/\0"
    assert is_turned(with_segments(jpeg_segment(0xE1, header + XMP)))
    upright = jpeg_segment(0xE1, exif_block(1))
    assert not is_turned(with_segments(upright, jpeg_segment(0xE1, header + XMP)))


def test_both_byte_orders_and_odd_types() -> None:
    big = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x0112, 3, 1, 8, 0)
    as_long = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x0112, 4, 1, 3)
    assert (exif_orientation(big), exif_orientation(as_long)) == (8, 3)
    assert exif_orientation(b"II*\0\xff\xff\xff\xff\1\0") is None
    assert xmp_orientation(b"<tiff:Orientation>3</tiff:Orientation>") == 3


def test_the_handed_over_cases() -> None:
    turned = load_photo(CASES / "exif_ycbcr_str.jpg")
    stored = np.asarray(Image.open(CASES / "exif_ycbcr_str.jpg").convert("RGB")).astype(int)
    orientation = Image.open(CASES / "exif_ycbcr_str.jpg").getexif()[0x0112]
    assert orientation == 6
    assert np.abs(turned[..., :3].astype(int) - np.rot90(stored, -1)).max() <= 2
    garbage = load_photo(CASES / "exif_garbage.png")
    np.testing.assert_array_equal(garbage[..., :3], np.asarray(Image.open(CASES / "exif_garbage.png").convert("RGB")))
    assert read_photo(CASES / "odd_exif.jpeg").size in ((64, 48), (48, 64))


def test_damaged_metadata_of_a_tiff() -> None:
    """Pillow turns a TIFF while it loads it, and reads all of its tags to do so."""
    exif = Image.Exif()
    exif[0x0112] = TURN
    assert is_turned(encoded(two_halves(), "TIFF", exif=exif))
    assert is_turned(encoded(two_halves(), "TIFF", exif=exif, compression="tiff_lzw"))
    odd = bytearray(encoded(two_halves(), "TIFF", exif=exif, description="x" * 60))
    at = odd.find(struct.pack("<HH", 270, 2))
    struct.pack_into("<HHII", odd, at, 270, 2, 60, 0x7FFFFFF0)
    assert is_turned(bytes(odd))


def test_an_avif_with_damaged_exif_is_read() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = TURN, "maker"
    content = encoded(two_halves(), "AVIF", exif=exif, quality=95)
    assert b"maker" in content
    at = content.find(b"II*\0" if b"II*\0" in content else b"MM\0*")
    damaged = content[: at + 8] + b"\xff" * 10 + content[at + 18 :]
    for file in (content, damaged):
        assert is_turned(file)


def with_exif_of_length(length: int, block: bytes) -> bytes:
    """The plain JPEG behind an EXIF segment that announces some other length than it has."""
    return PLAIN[:2] + b"\xff\xe1" + struct.pack(">H", length) + block + PLAIN[2:]


@pytest.mark.parametrize("thumbnail", [b"", encoded(Image.new("RGB", (16, 8), (0, 255, 0)), "JPEG")], ids=["", "thumb"])
def test_metadata_of_a_wrong_length_cost_at_most_the_turn(thumbnail: bytes) -> None:
    """Too long, they swallow the picture's tables; too short, their thumbnail comes where the picture is due."""
    block = exif_block(TURN) + thumbnail
    for more in (1, 10, 30, 100, 300, 600, 10_000, 60_000):
        assert is_turned(with_exif_of_length(2 + len(block) + more, block)), more
    for length in (0, 2, 8, 20):
        assert not is_turned(with_exif_of_length(length, block)), length


@pytest.mark.parametrize("announced", [b"Exif\0\xff", b"Exif\0", b"Exif\0\0Exif\0\0"])
def test_blocks_that_announce_themselves_in_their_own_way(announced: bytes) -> None:
    block = announced + exif_block(TURN).removeprefix(b"Exif\0\0")
    assert is_turned(with_segments(jpeg_segment(0xE1, block)))


def raw_profile(kind: str, content: bytes) -> tuple[bytes, bytes]:
    """The keyword and the text in which ImageMagick keeps metadata of a PNG."""
    digits = content.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return f"Raw profile type {kind}".encode(), f"\n{kind}\n{len(content):8}\n{lines}\n".encode()


def test_the_texts_of_a_png() -> None:
    """Before PNG had a chunk for EXIF, and where XMP is packed."""
    plain = encoded(two_halves(), "PNG")
    for kind, content in (("exif", exif_block(TURN)), ("APP1", exif_block(TURN)), ("xmp", XMP)):
        keyword, text = raw_profile(kind, content)
        for chunk in (
            png_chunk(b"tEXt", keyword + b"\0" + text),
            png_chunk(b"zTXt", keyword + b"\0\0" + compress(text)),
        ):
            assert is_turned(plain[:33] + chunk + plain[33:]), kind
    packed = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + compress(XMP))
    assert is_turned(plain[:33] + packed + plain[33:])
    for junk in (b"\0", b"\0\0" + b"x" * 50, b"\n exif 9 abz"):
        assert not is_turned(plain[:33] + png_chunk(b"zTXt", b"Raw profile type exif" + junk) + plain[33:])
