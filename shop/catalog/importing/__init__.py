"""A catalogue file -> products: reading (bytes -> raw rows), rows (raw -> checked), writing (checked -> database)."""
