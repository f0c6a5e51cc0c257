"""Many photos to many files: planning, one photo's work and result.json, runs over folders."""

from shapeshot.batch.options import BatchOptions
from shapeshot.batch.outputs import PHOTO_SUFFIXES, Target, plan_targets, result_facts, write_target

__all__ = ["PHOTO_SUFFIXES", "BatchOptions", "Target", "plan_targets", "result_facts", "write_target"]
