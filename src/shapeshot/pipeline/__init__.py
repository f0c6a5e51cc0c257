"""Photo in, shapes out: the main road, its options and its result."""
