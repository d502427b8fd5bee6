"""Privileges as sets of single entries: what is wanted, what is held, and the least that must be granted or revoked."""
