"""What the catalogue tells whoever listens."""

from django.dispatch import Signal

item_viewed = Signal()
"""A shopper opened a product's page.

Keyword arguments: product, user_id (text, "" for a guest), visitor_id, session_id, recommendation_id, position (int or
None), surface, language. All but product are optional.
"""

products_changed = Signal()
"""Products changed by a write that sends no save signal (bulk, queryset.update). Sent inside the writing transaction.

Keyword arguments: skus (list of str), reason (str).
"""
