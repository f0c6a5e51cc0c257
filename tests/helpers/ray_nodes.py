"""A Ray cluster of two nodes on this machine, of which one can be taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# By default Ray takes up to a minute to see that a node is dead, and meanwhile sends it work.
HEALTH_CHECKS = {"initial_delay_ms": 0, "period_ms": 300, "timeout_ms": 1000, "failure_threshold": 3}


@contextmanager
def ray_cluster_of_two() -> Iterator[Any]:
    """A head and another node, each with one processor; this process is connected to it."""
    import ray
    from ray.cluster_utils import Cluster

    watchful = {f"health_check_{name}": value for name, value in HEALTH_CHECKS.items()}
    small = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False, "_system_config": watchful}
    cluster = Cluster(initialize_head=True, head_node_args=small)
    try:
        cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
        cluster.connect()
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()
