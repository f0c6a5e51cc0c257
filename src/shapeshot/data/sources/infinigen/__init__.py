"""The source `infinigen`: procedural objects made and rendered by a Blender of their own."""

from shapeshot.data.sources.infinigen.source import InfinigenSource

__all__ = ["InfinigenSource"]
