"""The `spec.postgres` blocks of our kinds, a module for each."""
