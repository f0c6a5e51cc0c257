"""Where the finder looks when somebody points beside what a photo is about, and what it makes of what it sees there."""

from __future__ import annotations

import numpy as np
import pytest

from shapeshot.photo.finder import Finder, Look, Sighting, shipped_finder
from shapeshot.photo.finder.boxes import part
from shapeshot.photo.finder.windows import SCALES, agreements, cut_share, placed_in_frame, share_held, windows_around

MAIN = (slice(20, 100), slice(10, 60))  # of a photo of 128 x 128: what it is about
OTHER = (slice(60, 72), slice(96, 108))
POINT = (102.0, 66.0)  # on the other


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (17, 900), (16, 16)])
def test_windows_hold_the_points_and_lie_in_the_photo(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for number in (1, 1, 1, 2, 3):
        points = [tuple(rng.uniform(0, size)) for _ in range(number)]
        windows = windows_around(points, *size)
        assert len(set(windows)) == len(windows)
        assert (0, 0, *size) not in windows
        for left, top, right, bottom in windows:
            assert 0 <= left < right <= size[0]
            assert 0 <= top < bottom <= size[1]
            assert all(left - 1 <= x <= right + 1 and top - 1 <= y <= bottom + 1 for x, y in points)


def test_windows_are_as_large_as_they_are_said_to_be() -> None:
    windows = windows_around([(500.0, 300.0)], 1000, 1000)
    assert [right - left for left, _, right, _ in windows] == [round(1000 * scale) for scale in SCALES]
    assert windows_around([(10.0, 10.0), (990.0, 990.0)], 1000, 1000) == []


def test_agreement_is_the_mean_overlap_with_the_others() -> None:
    rng = np.random.default_rng(1)
    masks = [rng.random((9, 7)) < share for share in (0.3, 0.5, 0.8, 0.0)]
    for i, agreed in enumerate(agreements(masks)):
        others = [masks[j] for j in range(4) if j != i]
        overlaps = [np.sum(masks[i] & other) / max(1, np.sum(masks[i] | other)) for other in others]
        assert agreed == pytest.approx(np.mean(overlaps))


def test_what_a_larger_mask_holds_of_others() -> None:
    whole, half = np.ones((4, 4), bool), np.zeros((4, 4), bool)
    half[:2] = True
    assert share_held(half, [whole, half]) == pytest.approx(0.75)
    assert share_held(whole, [~whole, half]) == pytest.approx(0.5)


def test_a_window_cuts_and_the_photo_s_own_edge_does_not() -> None:
    kept = np.zeros((10, 10), bool)
    kept[2:8, 5:] = True  # six pixels of the right edge, of a longer side of six
    assert cut_share(kept, (0, 0, 10, 10), 40, 40) == pytest.approx(1.0)
    assert cut_share(kept, (30, 0, 40, 10), 40, 40) == 0.0
    assert cut_share(np.zeros_like(kept), (5, 5, 15, 15), 40, 40) == 0.0


def test_a_mask_is_placed_where_its_window_lies() -> None:
    box, kept = (20, 8, 60, 40), np.random.default_rng(2).random((16, 20)) < 0.5
    whole = placed_in_frame(kept, box, 80, 48, (24, 40))
    np.testing.assert_array_equal(part(whole, box, (0, 0, 80, 48)), kept)
    assert whole.sum() == kept.sum()


def seen(
    monkeypatch: pytest.MonkeyPatch, whole: np.ndarray, close: np.ndarray, *points: tuple[float, float]
) -> Sighting:
    """What is made of a network that sees `whole` where one points at the whole photo, and `close` in windows."""
    main = np.zeros((128, 128), np.float32)
    main[MAIN] = 1

    def look(self: Finder, rgb: np.ndarray, box: tuple[int, int, int, int], given: tuple) -> Look:
        left, top, right, bottom = box
        marked = (whole if box == (0, 0, 128, 128) else close) if given else main
        return Look(marked[top:bottom, left:right], 0.9, 0.99)

    monkeypatch.setattr(Finder, "_look", look)
    monkeypatch.setattr(Finder, "_closer", lambda *_: None)
    return shipped_finder().find(np.repeat(np.uint8(255 * close)[..., None], 3, axis=2), points)


def marked(*places: tuple[slice, slice]) -> np.ndarray:
    mask = np.zeros((128, 128), np.float32)
    for place in places:
        mask[place] = 1
    return mask


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    one, other = mask >= 0.5, truth >= 0.5
    return float((one & other).sum() / (one | other).sum())


def test_what_closer_looks_agree_on_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole photo gives the main object beside the other thing, or a shelf of them; the windows give it alone."""
    other = marked(OTHER)
    for whole in (marked(MAIN, OTHER, (slice(64, 68), slice(60, 96))), marked((slice(40, 90), slice(80, 128)))):
        sighting = seen(monkeypatch, whole, other, POINT)
        assert sighting.astray == ""
        assert overlap(sighting.mask, other) > 0.8
        assert any("not what the photo is most about" in remark for remark in sighting.remarks)


def test_what_looks_another_way_in_every_window_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall: each window is full of it, to its own edges."""
    wall = marked((slice(0, 128), slice(64, 128)))
    sighting = seen(monkeypatch, marked(OTHER), wall, POINT)
    assert "closer looks at it differ" in sighting.astray


def test_a_large_thing_is_one_though_windows_cut_it(monkeypatch: pytest.MonkeyPatch) -> None:
    large = marked((slice(10, 120), slice(66, 126)))
    sighting = seen(monkeypatch, large, large, (72.0, 16.0))
    assert sighting.astray == ""
    assert overlap(sighting.mask, large) > 0.8


def test_a_point_may_correct_what_the_photo_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """A point on a leg that was missed: with it the whole object is found, whatever closer looks make of the leg."""
    corrected = marked(MAIN, (slice(66, 72), slice(60, 110)))
    sighting = seen(monkeypatch, corrected, marked((slice(50, 80), slice(80, 128))), POINT)
    assert sighting.astray == ""
    assert overlap(sighting.mask, corrected) > 0.8


def test_a_point_on_what_the_photo_is_about_needs_no_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    sighting = seen(monkeypatch, marked(MAIN), marked(OTHER), (30.0, 50.0))
    assert overlap(sighting.mask, marked(MAIN)) > 0.8
    assert not any("pointed" in remark for remark in sighting.remarks)


def test_points_all_over_the_photo_mean_the_whole_look(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = marked((slice(4, 14), slice(70, 124)), (slice(14, 124), slice(110, 124)))
    sighting = seen(monkeypatch, whole, marked(OTHER), (72.0, 6.0), (120.0, 122.0))
    assert overlap(sighting.mask, whole) > 0.8
