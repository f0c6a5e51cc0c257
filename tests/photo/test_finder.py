"""The finder on pictures whose truth is known: furniture of the test split before grounds that the tests paint."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from shapeshot.errors import PhotoError, UserError
from shapeshot.photo import find_object, look_at, read_photo
from shapeshot.photo.finder import SHIPPED, Finder, Look, doubts, finder_card, shipped_finder
from shapeshot.photo.plain import plain_background

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("armchair", "chair", "sofa", "bed")


@pytest.fixture(scope="module")
def cutouts() -> dict[str, Image.Image]:
    """The examples without their seamless backdrops: RGBA, cut to their boxes."""
    found = {}
    for name in NAMES:
        rgba = read_photo(EXAMPLES / f"{name}.jpg").rgba.copy()
        rgba[..., 3] = np.rint(255 * plain_background(rgba).mask)
        image = Image.fromarray(rgba)
        found[name] = image.crop(image.getchannel("A").getbbox())
    return found


def laid(cutout: Image.Image, ground: Image.Image, share: float = 0.6, at: tuple[float, float] = (0.5, 0.55)):
    """The cut-out over a ground with a soft shadow: RGB, and its mask bool [height, width]."""
    scale = share * min(ground.size) / max(cutout.size)
    small = cutout.resize((round(cutout.width * scale), round(cutout.height * scale)), Image.Resampling.LANCZOS)
    left, top = round(at[0] * ground.width - small.width / 2), round(at[1] * ground.height - small.height / 2)
    alpha = Image.new("L", ground.size)
    alpha.paste(small.getchannel("A"), (left, top))
    shadow = alpha.transform(ground.size, Image.Transform.AFFINE, (1, 0, 0, 0, 3, -2 * (top + small.height) * 0.98))
    dark = shadow.filter(ImageFilter.GaussianBlur(0.01 * ground.width)).point(lambda value: value // 3)
    picture = Image.composite(Image.new("RGB", ground.size), ground.convert("RGB"), dark)
    picture.paste(small, (left, top), small)
    return picture, np.asarray(alpha) > 127


def wall_and_floor(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A pale wall over a brown floor."""
    ground = Image.new("RGB", size, (214, 208, 196))
    draw = ImageDraw.Draw(ground)
    draw.rectangle((0, int(0.62 * size[1]), *size), fill=(120, 84, 56))
    for y in range(int(0.62 * size[1]), size[1], 24):
        draw.line((0, y, size[0], y), fill=(96, 66, 44), width=2)
    return ground


def bricks(size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A brick wall with light mortar."""
    ground = Image.new("RGB", size, (190, 180, 170))
    draw = ImageDraw.Draw(ground)
    for row in range(size[1] // 24 + 1):
        for column in range(-1, size[0] // 60 + 1):
            left = column * 60 + 30 * (row % 2)
            draw.rectangle((left, row * 24, left + 56, row * 24 + 20), fill=(150 + 9 * (column % 3), 74, 58))
    return ground


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    found = mask >= 0.5
    return float((found & truth).sum() / (found | truth).sum())


def found_in(picture: Image.Image, points: tuple = ()) -> np.ndarray:
    return shipped_finder().find(np.asarray(picture), points).mask


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [wall_and_floor, bricks])
def test_furniture_in_places(cutouts: dict[str, Image.Image], name: str, place) -> None:
    picture, truth = laid(cutouts[name], place())
    assert overlap(found_in(picture), truth) > 0.85


@pytest.mark.parametrize("level", [40, 128, 235])
def test_things_of_nearly_the_ground_s_colour(cutouts: dict[str, Image.Image], level: int) -> None:
    """Dark on dark, grey on grey, light on light: right, or told. Of thin bars a rim of half a pixel is a tenth."""
    red, green, blue, alpha = cutouts["chair"].split()
    grey = Image.merge("RGB", (red, green, blue)).convert("L")
    inside = np.asarray(grey)[np.asarray(alpha) > 200]
    values = np.clip((np.asarray(grey, np.float32) - inside.mean()) * 0.4 + level, 0, 255).astype(np.uint8)
    one = Image.merge("RGBA", (*(Image.fromarray(values),) * 3, alpha))
    picture, truth = laid(one, Image.new("RGB", (600, 600), (level + 8, level + 8, level + 6)))
    sighting = shipped_finder().find(np.asarray(picture))
    assert overlap(sighting.mask, truth) > 0.8 or sighting.remarks or doubts(sighting.certainty)


def test_a_tilted_photo(cutouts: dict[str, Image.Image]) -> None:
    picture, truth = laid(cutouts["armchair"], wall_and_floor((800, 800)))
    tilted = picture.rotate(12, Image.Resampling.BICUBIC).crop((130, 130, 670, 670))
    turned = np.asarray(Image.fromarray(truth).rotate(12).crop((130, 130, 670, 670)))
    assert overlap(found_in(tilted), turned) > 0.85


def test_twelve_megapixels_on_their_side(cutouts: dict[str, Image.Image]) -> None:
    picture, truth = laid(cutouts["chair"], wall_and_floor((3000, 4000)))
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 8  # the camera was turned: the file lies on its side
    picture.transpose(Image.Transpose.ROTATE_270).save(stream, "JPEG", quality=90, exif=exif)
    view = look_at(stream.getvalue(), 128)
    assert view.source.size == (3000, 4000)
    small = Image.fromarray(truth).resize(view.found.mask.shape[::-1], Image.Resampling.BOX)
    assert overlap(view.found.mask, np.asarray(small)) > 0.85


def test_what_the_frame_cuts_is_told(cutouts: dict[str, Image.Image]) -> None:
    picture, truth = laid(cutouts["sofa"], wall_and_floor(), 1.0, (0.5, 0.6))
    cut = picture.crop((320, 0, 640, 480))
    sighting = shipped_finder().find(np.asarray(cut))
    assert overlap(sighting.mask, truth[:, 320:]) > 0.8
    assert "the edge of the photo, or of the region, cuts the object at the left" in " ".join(sighting.remarks)


def test_a_whole_object_is_not_said_to_be_cut(cutouts: dict[str, Image.Image]) -> None:
    picture, _ = laid(cutouts["armchair"], wall_and_floor())
    assert "cuts" not in " ".join(shipped_finder().find(np.asarray(picture)).remarks)


def test_a_point_chooses_between_two(cutouts: dict[str, Image.Image]) -> None:
    picture, first = laid(cutouts["armchair"], wall_and_floor((900, 480)), 0.6, (0.25, 0.6))
    picture, second = laid(cutouts["chair"], picture, 0.6, (0.75, 0.6))
    for truth in (first, second):
        rows, columns = np.nonzero(truth)
        mask = found_in(picture, ((float(np.median(columns)), float(np.median(rows))),))
        assert overlap(mask, truth) > 0.8


def test_a_point_beside_the_object_is_refused_or_told(cutouts: dict[str, Image.Image]) -> None:
    """Never a patch of wall or floor in silence; a click on the object, or a little beside it, goes on as before."""
    quiet = []
    for name in NAMES:
        picture, truth = laid(cutouts[name], wall_and_floor((800, 600)), 0.5)
        rgba = np.dstack([np.asarray(picture), np.full(truth.shape, 255, np.uint8)])
        rows, columns = np.nonzero(truth)
        middle = np.argmin((rows - np.median(rows)) ** 2 + (columns - np.median(columns)) ** 2)
        on = find_object(rgba, points=[(float(columns[middle]), float(rows[middle]))])
        assert overlap(on.mask, truth) > 0.8
        assert not any("pointed" in remark for remark in on.remarks)
        for beside in ((columns.max() + 90.0, float(np.median(rows))), (60.0, 60.0), (740.0, 560.0), (400.0, 40.0)):
            try:
                found = find_object(rgba, points=[beside])
            except PhotoError:
                continue
            quiet += [(name, beside)] * (overlap(found.mask, truth) < 0.5 and not found.remarks)
    assert quiet == []


def astray(monkeypatch: pytest.MonkeyPatch, patch: tuple[slice, slice], certainty: float, *points: tuple[float, float]):
    """What is said of a patch that the network marks at these points, beside the object that the photo is about."""
    main = np.zeros((128, 128), np.float32)
    main[20:100, 10:60] = 1
    marked = np.zeros_like(main)
    marked[patch] = 1

    def look(self: Finder, rgb: np.ndarray, box: tuple[int, int, int, int], given: tuple) -> Look:
        left, top, right, bottom = box
        return Look(marked[top:bottom, left:right], certainty, 0.99) if given else Look(main, 0.95, 0.99)

    monkeypatch.setattr(Finder, "_look", look)
    monkeypatch.setattr(Finder, "_closer", lambda *_: None)
    picture = np.repeat(np.uint8(255 * marked)[..., None], 3, axis=2)
    sighting = shipped_finder().find(picture, points)
    return sighting.astray, sighting.remarks


@pytest.mark.parametrize(
    ("patch", "certainty", "is_refused", "is_told"),
    [
        ((slice(30, 90), slice(12, 58)), 0.9, False, False),  # the object itself
        ((slice(30, 90), slice(12, 58)), 0.6, False, False),  # it, not for sure, which `doubts` tells
        ((slice(30, 90), slice(12, 58)), 0.4, True, False),
        ((slice(30, 90), slice(80, 120)), 0.9, False, True),  # another one
        ((slice(30, 90), slice(80, 120)), 0.55, True, False),
        ((slice(50, 58), slice(40, 48)), 0.9, False, True),  # a spot of it
        ((slice(50, 58), slice(40, 48)), 0.55, True, False),
    ],
)
def test_what_is_pointed_at_has_to_be_an_object(
    monkeypatch: pytest.MonkeyPatch, patch: tuple[slice, slice], certainty: float, is_refused: bool, is_told: bool
) -> None:
    inside = (patch[1].start + 2.0, patch[0].start + 2.0)
    why, remarks = astray(monkeypatch, patch, certainty, inside)
    assert bool(why) == is_refused
    assert any("not what the photo is most about" in remark for remark in remarks) == is_told


def test_a_point_that_was_not_followed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    patch = (slice(30, 90), slice(12, 58))
    assert astray(monkeypatch, patch, 0.9, (30.0, 50.0)) == ("", ())
    why, [told] = astray(monkeypatch, patch, 0.9, (30.0, 50.0), (110.0, 50.0))
    assert why == ""
    assert told.startswith("a point lies beside what was taken")


def test_small_objects_are_seen_as_finely(cutouts: dict[str, Image.Image]) -> None:
    picture, truth = laid(cutouts["armchair"], wall_and_floor((1000, 1000)), 0.2)
    assert overlap(found_in(picture), truth) > 0.85


def test_the_same_photo_gives_the_same_mask(cutouts: dict[str, Image.Image]) -> None:
    picture, _ = laid(cutouts["bed"], bricks())
    np.testing.assert_array_equal(found_in(picture), Finder().find(np.asarray(picture)).mask)


@pytest.mark.parametrize("size", [(16, 16), (17, 900), (900, 17), (1024, 64), (333, 777)])
def test_any_size_of_photo(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    sighting = shipped_finder().find(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    assert sighting.mask.shape == (size[1], size[0])
    assert sighting.mask.dtype == np.float32
    assert 0 <= sighting.mask.min() <= sighting.mask.max() <= 1


def test_the_card_is_of_the_shipped_graph() -> None:
    import hashlib
    import json

    assert json.loads(finder_card())["sha256"] == hashlib.sha256(SHIPPED.read_bytes()).hexdigest()
    assert SHIPPED.stat().st_size < 8e6


def test_points_need_the_finder_and_the_photo() -> None:
    rgba = np.full((100, 100, 4), 255, np.uint8)
    with pytest.raises(PhotoError, match="leave one of them out"):
        find_object(rgba, "plain", [(5, 5)])
    with pytest.raises(PhotoError, match="beside the photo"):
        look_at(rgba, 128, point=(100, 5))
    with pytest.raises(UserError, match="two numbers"):
        look_at(rgba, 128, point=(1, 2, 3))
    with pytest.raises(UserError, match="finite"):
        look_at(rgba, 128, point=(float("nan"), 3))
