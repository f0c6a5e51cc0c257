"""The pattern of sizes in OpenAPI and the one function that reads them agree, in both directions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapeshot.errors import UserError
from shapeshot.pipeline.size import AXES, METRES_PER_UNIT, SIZE_PATTERN, check_size

SPACES = st.sampled_from(["", " ", "  ", "\t"])
DIGITS = st.text("0123456789", min_size=1, max_size=4)
NUMBERS = st.one_of(
    DIGITS,
    st.builds("{}.{}".format, DIGITS, DIGITS),
    st.builds(".{}".format, DIGITS),
    st.builds("{}.".format, DIGITS),
    st.builds("{}e{}".format, DIGITS, st.integers(-3, 3)),
)


def any_case(words: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(words).flatmap(lambda word: st.sampled_from([word, word.upper(), word.title()]))


SIZES = st.builds(
    "{}{}{}={}{}{}{}{}{}".format,
    *(SPACES, any_case(list(AXES)), SPACES, SPACES, st.sampled_from(["", "+", "-"])),
    *(NUMBERS, SPACES, any_case(["", *METRES_PER_UNIT]), SPACES),
)
# What a slip of the hand makes of a size: a letter out, in or another.
TYPED = st.builds(
    lambda text, at, cut, put: text[: at % len(text)] + put + text[at % len(text) + cut :],
    SIZES,
    st.integers(0, 30),
    st.integers(0, 2),
    st.text("=.,+-0 emcinftwdhau\n", max_size=2),
)


def refusal(text: str) -> str:
    """What is wrong with a size, or "" where it is taken."""
    try:
        check_size(text)
    except UserError as error:
        return str(error)
    return ""


@given(text=SIZES | TYPED | st.text(max_size=20))
@settings(max_examples=2000, deadline=None, derandomize=True)
def test_whatever_is_read_matches(text: str) -> None:
    if not refusal(text):
        assert re.fullmatch(SIZE_PATTERN, text)


@given(text=st.from_regex(SIZE_PATTERN, fullmatch=True) | TYPED)
@settings(max_examples=2000, deadline=None, derandomize=True)
def test_whatever_matches_is_read(text: str) -> None:
    """Save for a length out of range, which no pattern can see."""
    if re.fullmatch(SIZE_PATTERN, text) and (said := refusal(text)):
        assert re.match(r"the \w+ must (be a positive length|lie in 1e-06..1e\+06 metres); got ", said)


@pytest.mark.parametrize("size", ["height=0.8m", "height=80.5cm", "width=2", "depth=.5", "HEIGHT = 300 MM", "auto"])
def test_sizes_that_the_pattern_once_refused(size: str) -> None:
    assert refusal(size) == ""
    assert re.fullmatch(SIZE_PATTERN, size)


@pytest.mark.parametrize("size", ["height=80km", "height", "AUTO", "height=-3", "height=1_0", "height=٣", "height=1e"])
def test_what_is_no_size_does_not_match(size: str) -> None:
    assert refusal(size)
    assert not re.fullmatch(SIZE_PATTERN, size)


@pytest.mark.parametrize("size", ["height=1e308m", "height=1e7m", "height=1e-7", "depth=0.0000001mm"])
def test_lengths_that_no_file_could_hold_are_refused(size: str) -> None:
    assert "must lie in 1e-06..1e+06 metres" in refusal(size)


def test_a_long_wrong_size_is_not_repeated_whole() -> None:
    assert len(refusal("height=" + "9" * 10_000)) < 200
