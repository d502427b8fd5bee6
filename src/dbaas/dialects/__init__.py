"""Foreign API groups, a folder each: found by listing this package."""
