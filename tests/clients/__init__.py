"""Clients that others have written, on the embedded API server: what works with Kubernetes must work with it."""
