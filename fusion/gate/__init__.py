"""The gate: how much each signal counts for one request, learnt from the log, starting at the defaults."""

from fusion.gate.storage import load_weigher as load_weigher
