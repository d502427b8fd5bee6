"""What must be true of every implementation of a contract."""
