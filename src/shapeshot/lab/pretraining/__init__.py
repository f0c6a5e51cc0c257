"""Pretraining of a backbone on a dataset's own pictures: by labels, by captions, by itself, or not at all."""
