"""Scoring on pictures that bring exact masks, and of some objects the true shape: `shapeshot evaluate --photos`."""
