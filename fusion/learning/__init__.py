"""What is learnt from a shop's own data."""
