"""Every protocol between the parts and the values that cross them. Nothing here does anything."""
