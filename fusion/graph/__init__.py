"""The product graph: what the catalogue says of its items, and what shoppers bought together. Start at ``build.py``."""
