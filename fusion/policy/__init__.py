"""The policy: which of a few weight settings answers a request, learnt from what shoppers do, with exact propensities."""
