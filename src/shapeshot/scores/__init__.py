"""Scores of shapes: metrics, statistics and reliability. Pure functions, without torch and without a model."""
