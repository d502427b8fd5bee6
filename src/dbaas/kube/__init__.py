"""The client side of the Kubernetes API: how to reach a server, who we are to it, and its verbs."""
