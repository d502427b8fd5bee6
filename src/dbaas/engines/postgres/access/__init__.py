"""Who may do what, and how that comes."""
