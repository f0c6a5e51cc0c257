"""How hard the text in a zip is packed."""

from __future__ import annotations

LARGE_BYTES = 16 * 2**20
USUAL, FAST = 6, 1


def zip_level(num_bytes: int) -> int:
    """The level of compression for a member of so many bytes: beyond LARGE_BYTES the fast one.

    It takes a quarter of the time (0.35 s for 68 MB of a 3MF in place of 1.3 s), and the file is a third larger.
    """
    return USUAL if num_bytes <= LARGE_BYTES else FAST
