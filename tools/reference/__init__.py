"""The pages of docs/reference, one module each: a function that reads the source and returns Markdown."""
