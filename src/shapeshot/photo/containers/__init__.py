"""What a file says of itself before a pixel is decoded: one module a format, each with an `inspect_` function.

Pillow's readers do work for whatever a file holds: every EXIF block, every comment, every scan. These walk a file's
pieces at the speed of a search, count what would cost time, refuse what no encoder writes, and hand on the pieces that
carry pixels, so that damaged or hostile metadata never meets a parser.
"""

from shapeshot.photo.containers.inspected import Inspected

__all__ = ["Inspected"]
