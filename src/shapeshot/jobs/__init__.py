"""How long work is spread over processes."""
