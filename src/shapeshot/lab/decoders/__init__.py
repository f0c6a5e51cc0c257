"""Decoders from image tokens to a representation of the shape: one row each."""

from __future__ import annotations

from shapeshot.lab.decoders.triplane import TriplaneDecoder

DECODERS = {
    "triplane": TriplaneDecoder,
}

__all__ = ["DECODERS", "TriplaneDecoder"]
