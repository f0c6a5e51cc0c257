"""Serves the studio's page at "/": plain files, nothing made at run time."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE = Path(__file__).parents[1] / "studio"


class PageFiles(StaticFiles):
    """The files of studio/, which a browser may keep but asks about anew: an upgrade is seen at once."""

    def __init__(self) -> None:
        super().__init__(directory=PAGE, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As in StaticFiles."""
        # Ranges are of no use for files so small, and starlette's answers to wrong ones are no problems.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"range"]
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        if path.endswith(".js"):  # some systems know it as text/plain, which a browser does not run
            response.headers["Content-Type"] = "text/javascript; charset=utf-8"
        return response
