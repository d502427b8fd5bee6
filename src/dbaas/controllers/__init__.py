"""One module or package per kind: from an object to what is true, and what was done about it."""
