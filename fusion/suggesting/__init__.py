"""Suggestions while a shopper types: see ``index``."""
