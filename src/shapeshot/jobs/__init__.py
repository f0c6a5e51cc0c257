"""One pool of work, used wherever much is to be done: here, in worker processes, or on a Ray cluster.

`pool.py` says what every pool promises. The work itself belongs to the rooms that hand it in.
"""

from shapeshot.jobs.cores import check_workers, num_cores
from shapeshot.jobs.pool import Done, InThisProcess, Lost, Pool, Result
from shapeshot.jobs.processes import ProcessPool

__all__ = ["Done", "InThisProcess", "Lost", "Pool", "ProcessPool", "Result", "check_workers", "num_cores"]
