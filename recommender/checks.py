"""System checks (filled by the indexing part)."""
