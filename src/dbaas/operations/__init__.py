"""Day-2 operations, one module each: `OPERATION` declares what it changes in a cluster and when it has succeeded."""
