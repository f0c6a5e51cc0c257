"""Faster searches for the operators beside: each module is imported by `backends.py` alone, when first needed."""
