"""`python -m shapeshot` is the command line."""

from shapeshot.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
