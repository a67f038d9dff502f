"""What wish lists tell whoever listens. Both are sent inside the writing transaction."""

from django.dispatch import Signal

wish_made = Signal()
"""A product went onto a list. Keyword arguments: wish (Wish)."""

wish_dropped = Signal()
"""A product left a list. Keyword arguments: wish (Wish; its row is gone, its pk is kept)."""
