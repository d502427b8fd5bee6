"""Whole runs on virtual time, over a simulated database server."""
