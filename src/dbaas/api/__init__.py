"""The resource model, data only: what the kinds are, how their objects look, and the schemas made from them."""
