"""Offline evaluation: what was known before a moment is ranked, and held against what the shopper did next."""
