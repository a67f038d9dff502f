"""How an order is paid: one abstract method that a provider implements, and the rows that remember what it said."""
