"""Measurements of Attune: ``python -m benchmarks --help``. Nothing of the product imports this package."""
