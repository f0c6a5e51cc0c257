"""The fixtures of `helpers/box_datasets.py`."""

from box_datasets import boxes, boxes_folder, no_training_folder, sized_boxes_folder

__all__ = ["boxes", "boxes_folder", "no_training_folder", "sized_boxes_folder"]
