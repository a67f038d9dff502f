"""Simulated shoppers over a real catalogue: what they want is hidden, what they do is not. Start at ``session.simulate``."""
