"""The embedded Kubernetes API server: enough of the API that kubectl and every client library work against it."""
