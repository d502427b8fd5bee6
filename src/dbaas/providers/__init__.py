"""Who runs clusters: one folder per provider, each unaware of the others and of every engine."""
