"""Serves the studio's page at "/" and the API's at "/docs": plain files, packed where the browser can unpack them."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE = Path(__file__).parents[1] / "studio"
# The page at "/docs" is there without the studio's, whose colours it shares: its files by name.
API_FILES = {
    **{name: PAGE / "docs" / name for name in ("index.html", "docs.js", "schema.js", "docs.css")},
    **{"theme.css": PAGE / "style" / "theme.css", "theme.js": PAGE / "theme.js", "icon.svg": PAGE / "icon.svg"},
}
# Said outright: some systems know .js as text/plain, which a browser does not run.
TEXT = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class PageFiles(StaticFiles):
    """The files of a page, which a browser may keep but asks about anew: an upgrade is seen at once."""

    def __init__(self) -> None:
        super().__init__(directory=PAGE, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As in StaticFiles; text is packed by gzip."""
        # Ranges are of no use for files so small, and starlette's answers to wrong ones are no problems.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"range"]
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse) and Path(response.path).suffix in TEXT:
            response = _text(Path(response.path), Headers(scope=scope), response)
        response.headers["Cache-Control"] = "no-cache"
        return response


def api_file(name: str, asked: Headers) -> Response | None:
    """A file of the page at "/docs", or None where it has none of this name. asked: the request's headers."""
    return _text(API_FILES[name], asked) if name in API_FILES else None


def _text(path: Path, asked: Headers, plain: Response | None = None) -> Response:
    """The answer with a text file. plain: the one that would be sent as it is, whose names for the version are kept."""
    kept = {} if plain is None else {name: plain.headers[name] for name in ("etag", "last-modified")}
    content, headers = path.read_bytes(), {**kept, "Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
    if "gzip" in (part.strip() for part in asked.get("accept-encoding", "").split(",")):
        content = _gzip(content)
        headers["Content-Encoding"] = "gzip"
        if plain is not None:
            headers["etag"] = f"W/{plain.headers['etag']}"  # weak: the same file in other bytes
    return Response(content, headers=headers, media_type=TEXT[path.suffix])


@lru_cache(maxsize=64)
def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
