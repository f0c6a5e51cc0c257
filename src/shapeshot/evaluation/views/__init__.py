"""Scoring in the frame of the view: nothing is aligned, and the photo alone fixes where the object lies."""
