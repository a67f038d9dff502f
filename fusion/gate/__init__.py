"""The gate: how much each signal counts for one request, learnt from the log, starting at the defaults."""
