"""Multimodal fusion: photos, text, attributes, history and an instruction become one explained ranking.

Pure Python, numpy and torch. Knows neither Django nor any shop. Read fusion.pipeline first.
"""

__version__ = "0.1.0"
