"""What Prometheus may read: a registry of one server's own, so that two of them in one process do not meet."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "shapeshot_requests",
            "Answers by route, method and status code.",
            ("route", "method", "code"),
            registry=self.registry,
        )
        self.latency = Histogram(
            "shapeshot_request_seconds",
            "From a request's head to its answer's.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.queue_depth = Gauge(
            "shapeshot_queue_depth", "Reconstructions uploading, waiting or being worked on.", registry=self.registry
        )
        self.batch_size = Histogram(
            "shapeshot_batch_size",
            "Photos in one run of the encoder.",
            buckets=(1, 2, 4, 8, 16),
            registry=self.registry,
        )
        self.store_bytes = Gauge("shapeshot_store_bytes", "Bytes that results take on disk.", registry=self.registry)
        self.store_results = Gauge("shapeshot_store_results", "Results that are kept.", registry=self.registry)

    def text(self) -> bytes:
        """The exposition format, version 0.0.4."""
        return generate_latest(self.registry)
