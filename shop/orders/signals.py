"""What carts and orders tell whoever listens. All are sent inside the writing transaction."""

from django.dispatch import Signal

cart_line_added = Signal()
"""Units of a product went into a cart. Keyword arguments: line (CartLine), quantity (units added)."""

cart_line_removed = Signal()
"""A product left a cart, or fewer units stay. Keyword arguments: line (CartLine), quantity (units removed)."""

order_placed = Signal()
"""An order was placed. Keyword arguments: order (Order, lines prefetched)."""

order_cancelled = Signal()
"""An order was cancelled and its stock returned. Keyword arguments: order (Order)."""
