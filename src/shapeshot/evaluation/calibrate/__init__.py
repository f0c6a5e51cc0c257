"""Fitting the heads of `shapeshot.confidence` on top of an exported model, and measuring what they promise."""
