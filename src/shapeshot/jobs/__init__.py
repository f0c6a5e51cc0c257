"""One pool of work, used wherever much is to be done: here, in worker processes, or on a Ray cluster.

`pool.py` says what every pool promises. The work itself belongs to the rooms that hand it in.
"""
