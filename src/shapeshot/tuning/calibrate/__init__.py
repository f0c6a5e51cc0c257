"""Fitting the heads of `shapeshot.model.heads` on top of an exported model, and measuring what they promise."""
