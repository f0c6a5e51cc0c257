"""The fixtures of `helpers/applications.py`."""

import pytest

pytest.importorskip("fastapi", reason="needs the extra `studio`")

from applications import api, listen, photo_png, start

__all__ = ["api", "listen", "photo_png", "start"]
