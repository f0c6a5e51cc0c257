"""find_object: every way to find it, on photos whose truth is known."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from PIL import Image, ImageFilter

import shapeshot.photo.background as background_module
from shapeshot.errors import PhotoError
from shapeshot.photo import BACKGROUNDS, find_object, load_photo, prepare_photo
from shapeshot.photo.finder import Sighting

Studio = Callable[..., tuple[bytes, np.ndarray]]
SETTINGS = {
    "grey ground": {},
    "white paper": {"ground": (255, 255, 255), "gradient": 0.0},
    "strong gradient": {"gradient": 0.3},
    "coloured wall": {"ground": (120, 130, 150), "color": (200, 190, 60)},
    "dark ground": {"ground": (40, 60, 40), "color": (180, 30, 30)},
    "white on grey": {"ground": (128, 128, 128), "color": (240, 240, 240)},
    "grey on light grey": {"color": (120, 120, 120)},
    "noisy": {"noise": 7.0},
    "deep shadow": {"shadow": 0.55, "color": (60, 60, 70)},
    "no shadow": {"shadow": 0.0},
    "small": {"size": (200, 150)},
    "large": {"size": (1200, 900)},
}


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union, at the mask's resolution."""
    resized = Image.fromarray(np.uint8(truth * 255)).resize(mask.shape[::-1], Image.Resampling.BOX)
    inside, expected = mask >= 0.5, np.asarray(resized) >= 128
    return float((inside & expected).sum() / (inside | expected).sum())


def cluttered(seed: int) -> np.ndarray:
    """Overlapping patches of random colours at several scales, as a lived-in room has."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((240, 320, 3))
    for cells in (5, 12, 40):
        patches = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        pixels += np.asarray(patches.resize((320, 240), Image.Resampling.NEAREST).filter(ImageFilter.GaussianBlur(1)))
    return load_photo(np.uint8(pixels / 3))


@pytest.fixture
def install_rembg(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Image.Image]], None]:
    """Puts a package of that name, with the given remove(), where an import finds it."""

    def install(remove: Callable[..., Image.Image]) -> None:
        module = ModuleType("rembg")
        module.remove = remove  # type: ignore[attr-defined]
        module.new_session = lambda name: name  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "rembg", module)
        background_module._rembg_session.cache_clear()

    return install


@pytest.mark.parametrize("shape", ["ball", "stool"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_plain_backgrounds(studio: Studio, setting: str, shape: str) -> None:
    data, truth = studio(shape, **SETTINGS[setting])
    rgba = load_photo(data)
    found = find_object(rgba, "plain")
    assert found.method == "plain background"
    assert found.mask.shape == rgba.shape[:2]
    assert found.mask.dtype == np.float32
    assert 0.0 <= found.mask.min() <= found.mask.max() <= 1.0
    # A rim of one pixel is 6 % of the stool at 200 x 150.
    assert overlap(found.mask, truth) >= (0.92 if setting == "small" else 0.95)


def test_openings_stay_open_and_highlights_close() -> None:
    pixels = np.full((300, 300, 3), 240, np.uint8)
    pixels[60:240, 60:240] = (140, 70, 30)
    pixels[100:160, 100:200] = 240  # looked through
    pixels[200:203, 80:83] = 240  # a highlight
    mask = find_object(load_photo(pixels), "plain").mask
    assert mask[130, 150] == 0.0
    assert mask[201, 81] >= 0.5


def test_object_cut_off_by_the_frame() -> None:
    pixels = np.full((300, 300, 3), 235, np.uint8)
    pixels[120:, 80:220] = (30, 90, 160)
    mask = find_object(load_photo(pixels), "plain").mask
    assert mask[150:, 90:210].min() == 1.0
    assert mask[:110].max() == 0.0


def test_specks_are_dropped_and_parts_kept() -> None:
    pixels = np.full((300, 300, 3), 235, np.uint8)
    pixels[100:200, 60:140] = pixels[100:200, 170:230] = (30, 90, 160)
    pixels[40:43, 250:253] = 0
    mask = find_object(load_photo(pixels), "plain").mask
    assert mask[150, 100] == mask[150, 200] == 1.0
    assert mask[41, 251] == 0.0


def test_same_photo_same_mask(studio: Studio) -> None:
    rgba = load_photo(studio("stool")[0])
    np.testing.assert_array_equal(find_object(rgba).mask, find_object(rgba.copy()).mask)


def test_alpha_wins_and_is_kept_as_it_is() -> None:
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[16:48, 16:48] = (200, 0, 0, 255)
    rgba[16:48, 48] = (200, 0, 0, 128)
    for name in ("auto", "alpha"):
        found = find_object(rgba, name)
        assert found.method == "alpha"
        np.testing.assert_array_equal(found.mask, rgba[..., 3].astype(np.float32) / 255)


def test_alpha_of_an_opaque_photo_is_refused() -> None:
    with pytest.raises(PhotoError, match="transparent background"):
        find_object(np.full((32, 32, 4), 255, np.uint8), "alpha")


@pytest.mark.parametrize("fill", [(255, 255, 255, 255), (0, 0, 0, 0), (90, 120, 40, 255), (0, 0, 0, 255)])
def test_nothing_to_see(fill: tuple[int, ...]) -> None:
    with pytest.raises(PhotoError, match="no object found"):
        find_object(np.broadcast_to(np.array(fill, np.uint8), (200, 300, 4)))


@pytest.mark.parametrize("seed", range(4))
def test_clutter_is_refused_with_advice(seed: int) -> None:
    with pytest.raises(PhotoError, match="cluttered") as caught:
        find_object(cluttered(seed), "plain")
    assert "background='auto'" in str(caught.value)
    assert "background='keep'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", ["ball", "stool"])
def test_the_finer_mask_is_taken_where_finder_and_plain_background_agree(
    studio: Studio, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = studio(shape)
    rgba = load_photo(data)
    plain = find_object(rgba, "plain").mask
    answer(monkeypatch, np.roll(plain, 1, axis=1), ("a remark",))
    found = find_object(rgba)
    assert found.method == "plain background"
    np.testing.assert_array_equal(found.mask, plain)
    assert (found.certainty, found.remarks) == (0.9, ("a remark",))


def test_the_finder_s_mask_is_taken_where_they_disagree(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = load_photo(studio("ball")[0])
    other = np.zeros(rgba.shape[:2], np.float32)
    other[40:90, 40:90] = 1
    answer(monkeypatch, other, ())
    found = find_object(rgba)
    assert found.method == "finder"
    np.testing.assert_array_equal(found.mask, other)


def test_what_only_the_plain_background_shows_is_told(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = load_photo(studio("ball")[0])
    answer(monkeypatch, np.zeros(rgba.shape[:2], np.float32), ())
    found = find_object(rgba)
    assert found.method == "plain background"
    assert "sees no object" in found.remarks[0]


def test_nothing_in_clutter_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = cluttered(0)
    answer(monkeypatch, np.zeros(rgba.shape[:2], np.float32), ())
    with pytest.raises(PhotoError, match="--point"):
        find_object(rgba)
    with pytest.raises(PhotoError, match="where you pointed"):
        find_object(rgba, points=[(5, 5)])


def test_a_point_in_a_cut_out_chooses_inside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[16:48, 16:48] = (200, 0, 0, 255)
    answer(monkeypatch, np.ones((64, 64), np.float32), ())
    found = find_object(rgba, points=[(20, 20)])
    assert found.method == "finder"
    np.testing.assert_array_equal(found.mask, rgba[..., 3] / np.float32(255))


def answer(monkeypatch: pytest.MonkeyPatch, mask: np.ndarray, remarks: tuple[str, ...]) -> None:
    """Put another finder in the place of the shipped one."""

    class Always:
        def find(self, rgb: np.ndarray, points: object = ()) -> Sighting:
            return Sighting(mask, 0.9, 0.9, remarks)

    monkeypatch.setattr(background_module, "shipped_finder", Always)


def test_keep_takes_the_whole_frame() -> None:
    found = find_object(cluttered(0), "keep")
    assert found.method == "kept"
    assert (found.mask == 1.0).all()


def test_rembg_where_it_is_installed(install_rembg: Callable) -> None:
    truth = Image.new("L", (320, 240))
    truth.paste(255, (100, 60, 200, 180))
    install_rembg(lambda image, session, only_mask: truth)
    found = find_object(cluttered(1), "rembg")
    assert found.method == "rembg"
    np.testing.assert_array_equal(found.mask, np.asarray(truth, np.float32) / 255)


@pytest.mark.parametrize("problem", [OSError("cannot reach the model's server\nsecond line"), SystemExit(1)])
def test_rembg_failures_are_photo_errors(install_rembg: Callable, problem: BaseException) -> None:
    def fail(*_: object, **__: object) -> Image.Image:
        raise problem

    install_rembg(fail)
    with pytest.raises(PhotoError, match="rembg failed") as caught:
        find_object(cluttered(2), "rembg")
    assert "\n" not in str(caught.value)


def test_rembg_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rembg", None)
    background_module._rembg_session.cache_clear()
    with pytest.raises(PhotoError, match="shapeshot\\[photo\\]"):
        find_object(cluttered(3), "rembg")


def test_unknown_background_lists_the_choices() -> None:
    with pytest.raises(PhotoError, match="plain") as caught:
        find_object(np.zeros((32, 32, 4), np.uint8), "plian")
    assert all(name in str(caught.value) for name in BACKGROUNDS)


def test_the_crop_shows_no_background(studio: Studio) -> None:
    """A red ball on a white ground: after cropping nothing brighter than grey is left."""
    rgba = load_photo(studio("ball", ground=(255, 255, 255), color=(160, 20, 20), gradient=0.0)[0])
    pixels = prepare_photo(rgba, find_object(rgba, "plain")).pixels.astype(int)
    assert np.quantile(pixels[..., 1], 0.999) <= 150


def test_nothing_where_somebody_points_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rgba = np.full((64, 64, 4), 255, np.uint8)
    nothing = background_module.ObjectMask(np.zeros((64, 64), np.float32), "finder")
    monkeypatch.setitem(background_module.BACKGROUNDS, "auto", lambda rgba, points: nothing)
    with pytest.raises(PhotoError, match="where you pointed"):
        find_object(rgba, points=[(5.0, 5.0)])
    with pytest.raises(PhotoError, match="empty or one plain colour"):
        find_object(rgba)
