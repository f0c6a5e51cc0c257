"""The wire: who may ask, how much may come in, how files go out, and what the log says of it."""
