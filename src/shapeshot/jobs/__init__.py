"""How long work is spread over processes, and how a folder is kept to one run at a time."""
