"""Files that no camera writes: refused from their pieces, before anything is decoded, or read without their weight."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from image_files import RED, encoded, jpeg_segment, many_scans, png_chunk, two_halves
from PIL import Image

from shapeshot.errors import PhotoError, TooLargeError
from shapeshot.limits import DECODE_BYTES, JPEG_SCANS, MIB
from shapeshot.photo import load_photo
from shapeshot.photo.memory_budget import MemoryBudget

CASES = Path(__file__).parent / "cases"


def refuses_to_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*args: object) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)


def test_scans_are_counted_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_photo(many_scans((64, 64), JPEG_SCANS - 20)).shape == (64, 64, 4)
    refuses_to_decode(monkeypatch)
    with pytest.raises(TooLargeError, match=f"a JPEG of {JPEG_SCANS + 10} scans of 64x64"):
        load_photo(many_scans((64, 64), JPEG_SCANS))


def test_fewer_scans_of_a_larger_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses_to_decode(monkeypatch)
    with pytest.raises(TooLargeError, match="a JPEG of 60 scans"):
        load_photo(many_scans((6000, 5000), 50))


def test_segments_without_end_are_refused() -> None:
    plain = encoded(two_halves(), "JPEG")
    some = plain[:2] + jpeg_segment(0xFE, b"") * 5000 + plain[2:]
    assert np.allclose(load_photo(some)[16, 8, :3], RED, atol=14)
    with pytest.raises(TooLargeError, match="over 10000 segments"):
        load_photo(plain[:2] + jpeg_segment(0xFE, b"") * 10_001 + plain[2:])


def test_odd_but_whole_jpegs_are_read() -> None:
    plain = encoded(two_halves(), "JPEG", restart_marker_blocks=1)
    table = plain.find(b"\xff\xdb")
    filled = plain[:table] + b"\xff" * 9 + plain[table:]
    stray = plain[:table] + b"\0\0junk" + plain[table:]
    behind = plain + b"\xff\xd8\xff\xe0" + bytes(5000)
    for content in (plain, filled, stray, behind):
        assert np.allclose(load_photo(content)[16, 8, :3], RED, atol=14)


def test_comments_of_a_gif_are_not_joined() -> None:
    plain = encoded(two_halves(), "GIF")
    at = 13 + 3 * 2 ** ((plain[10] & 7) + 1)
    comment = b"\x21\xfe" + (b"\xff" + b"c" * 255) * 20_000 + b"\0"
    assert np.allclose(load_photo(plain[:at] + comment + plain[at:])[16, 8, :3], RED, atol=14)
    endless = b"\x21\xfe" + b"\1c" * 1_000_001 + b"\0"
    with pytest.raises(TooLargeError, match="blocks"):
        load_photo(plain[:at] + endless + plain[at:])


def test_chunks_of_a_png_are_counted_and_its_texts_left_alone() -> None:
    plain = encoded(two_halves(), "PNG")
    bomb = png_chunk(b"zTXt", b"k\0\0" + b"not zlib") + png_chunk(b"iCCP", b"p\0\0junk") + png_chunk(b"tEXt", b"\xff")
    assert np.allclose(load_photo(plain[:33] + bomb + plain[33:])[16, 8, :3], RED, atol=2)
    with pytest.raises(TooLargeError, match="chunks"):
        load_photo(plain[:33] + png_chunk(b"tEXt", b"a\0b") * 100_000 + plain[33:])


@pytest.mark.parametrize(("count", "claimed"), [(600, 1), (3, 12 * MIB)])
def test_tags_of_a_tiff_are_counted(count: int, claimed: int) -> None:
    plain = encoded(two_halves(), "TIFF")
    start = struct.unpack_from("<I", plain, 4)[0]
    own = struct.unpack_from("<H", plain, start)[0]
    entries = plain[start + 2 : start + 2 + 12 * own]
    more = b"".join(struct.pack("<HHII", 40_000 + number, 1, claimed, 8) for number in range(count))
    at = len(plain) + len(plain) % 2
    content = plain[:4] + struct.pack("<I", at) + plain[8:].ljust(at - 8, b"\0")
    content += struct.pack("<H", own + count) + entries + more + bytes(4)
    with pytest.raises(TooLargeError, match="tags"):
        load_photo(content)


def test_a_directory_beyond_any_file_is_refused() -> None:
    for start in (2**63, 2**64 - 1, 2**63 - 1, 10**6):
        with pytest.raises(PhotoError):
            load_photo(b"II+\0\x08\0\0\0" + struct.pack("<Q", start) + bytes(4000))


def test_tiles_larger_than_the_picture_are_refused() -> None:
    tags = [(256, 40), (257, 40), (258, 8), (259, 1), (262, 1), (277, 1), (322, 60_000), (323, 60_000), (324, 8)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in [*tags, (325, 1600)])
    with pytest.raises(PhotoError, match="tiles are larger"):
        load_photo(b"II*\0\x08\0\0\0" + struct.pack("<H", 10) + entries + bytes(4000))


def test_a_packed_bmp_of_many_bytes_is_refused() -> None:
    header = struct.pack("<2sIHHI", b"BM", 5 * MIB, 0, 0, 54 + 1024)
    header += struct.pack("<IiiHHIIiiII", 40, 4000, 4000, 1, 8, 1, 5 * MIB, 0, 0, 256, 0) + bytes(1024)
    with pytest.raises(TooLargeError, match="run-length-encoded BMP"):
        load_photo(header + b"\1\1" * (5 * MIB // 2))


@pytest.mark.parametrize("kind", ["VP8X", "VP8L", "VP8 "])
def test_the_canvas_of_a_webp_is_read_before_pillow_allocates_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.Image.open", lambda *args, **kwargs: pytest.fail("Pillow has opened it"))
    side = 16383 - 1
    body = {
        "VP8X": bytes(4) + side.to_bytes(3, "little") * 2,
        "VP8L": b"\x2f" + (side | side << 14).to_bytes(4, "little") + bytes(5),
        "VP8 ": b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", side, side),
    }[kind]
    content = b"RIFF" + struct.pack("<I", 22) + b"WEBP" + kind.encode() + struct.pack("<I", 10) + body
    with pytest.raises(TooLargeError, match="120 megapixels"):
        load_photo(content)


def test_an_avif_announces_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = encoded(two_halves(), "AVIF")
    monkeypatch.setattr("PIL.Image.open", lambda *args, **kwargs: pytest.fail("Pillow has opened it"))
    at = plain.find(b"ispe") + 8
    with pytest.raises(TooLargeError, match="60000x50000"):
        load_photo(plain[:at] + struct.pack(">II", 60_000, 50_000) + plain[at + 8 :])


PEAK = """
import resource, sys
from shapeshot.photo import read_photo
from shapeshot.errors import PhotoError
read_photo(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_photo(sys.argv[1])
except PhotoError as error:
    print(error, file=sys.stderr)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def peak_of(path: Path, small: Path) -> int:
    """MiB that reading a photo adds to the most that a fresh process ever held."""
    done = subprocess.run([sys.executable, "-c", PEAK, str(path), str(small)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.png"
    two_halves().save(path)
    return path


@pytest.mark.parametrize("case", ["png16_50mp.png", "jp2_16bit_50mp.jp2"])
def test_fifty_megapixels_in_few_bytes(case: str, small: Path) -> None:
    assert peak_of(CASES / case, small) < 200


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA"])
def test_a_large_png_is_not_copied_whole(mode: str, small: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new(mode, (6000, 6000)).save(path, compress_level=1)
    of_picture = 36 * (1 if mode in ("L", "P") else 4)
    assert peak_of(path, small) < of_picture + 60


@pytest.mark.parametrize(("file_format", "size", "options"), [
    ("WEBP", (8000, 6000), {"lossless": True, "quality": 0, "method": 0}),
    ("JPEG", (11000, 10000), {"progressive": True, "subsampling": 0, "quality": 20}),
])  # fmt: skip
def test_what_would_take_more_than_the_budget_is_refused(
    file_format: str, size: tuple[int, int], options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = encoded(Image.new("RGB", size), file_format, **options)
    refuses_to_decode(monkeypatch)
    with pytest.raises(TooLargeError, match=f"the limit is {DECODE_BYTES // MIB} MiB"):
        load_photo(content)


def test_a_108_megapixel_phone_passes() -> None:
    content = encoded(Image.new("RGB", (12000, 9000), RED), "JPEG", quality=30)
    assert np.allclose(load_photo(content)[100, 100, :3], RED, atol=14)


def test_the_budget_is_shared_and_given_back() -> None:
    budget = MemoryBudget(100)
    order: list[str] = []
    first_holds, first_may_go = threading.Event(), threading.Event()

    def first() -> None:
        with budget.taken(80):
            first_holds.set()
            first_may_go.wait(5)
            order.append("first")

    def second() -> None:
        first_holds.wait(5)
        with budget.taken(60):
            order.append("second")

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    first_holds.wait(5)
    with budget.taken(20):  # fits beside the first
        order.append("small")
    first_may_go.set()
    for thread in threads:
        thread.join(5)
    assert order == ["small", "first", "second"]
    with pytest.raises(KeyError), budget.taken(100):
        raise KeyError
    with budget.taken(1000):  # never more than there are
        assert budget.num_bytes == 100


def test_the_callers_file_object_is_not_needed_any_more() -> None:
    image = Image.open(io.BytesIO(encoded(two_halves(), "PNG")))
    assert load_photo(image).shape == (32, 64, 4)
