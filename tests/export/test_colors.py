from __future__ import annotations

import numpy as np

from shapeshot.export.colors import to_bytes, to_linear


def test_bytes_round_and_clip() -> None:
    np.testing.assert_array_equal(to_bytes(np.array([-1, 0, 0.5, 1, 2, 0.0019, 0.002])), [0, 0, 128, 255, 255, 0, 1])


def test_linear_light_has_the_known_values_and_undoes_the_encoding() -> None:
    np.testing.assert_allclose(to_linear(np.array([-1, 0, 0.5, 1, 2])), [0, 0, 0.2140411, 1, 1], atol=1e-6)
    linear = np.linspace(0, 1, 101)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(to_linear(encoded), linear, atol=1e-5)
