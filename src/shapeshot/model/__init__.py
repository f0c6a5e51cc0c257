"""A model at run time: its folder, what it sees in one photo, its field, its memory and its heads."""
