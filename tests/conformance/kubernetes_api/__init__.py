"""The Kubernetes API in plain HTTP: each test runs against the embedded server and against a real kube-apiserver.

Where the two differ, the embedded one is wrong. Fixtures: `api` (see `fixtures/control_plane.py`), `widgets`.
"""
