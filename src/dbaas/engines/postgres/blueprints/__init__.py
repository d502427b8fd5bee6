"""Which things inside a server our objects stand for, a module for each kind."""
