"""The embedded Kubernetes API server: enough of the API that kubectl and every client library work against it."""

from __future__ import annotations

from dbaas.apiserver.server import ApiServer

__all__ = ["ApiServer"]
