"""Metrics, protocol, baselines, statistics and the report."""
