"""Shapes over HTTP: an API (`shapeshot serve`) and the same with a page on top (`shapeshot studio`). Extra: `studio`.

request ── security.py (host, origin, token, headers) ──> routes.py ── upload.py (multipart under limits)
        ── engine.py (bounded queue, batches, worker threads) ──> store.py (results on disk, expiring)
"""
