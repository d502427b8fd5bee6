"""The fixtures of the agent's tests."""

from __future__ import annotations

from fixtures.laptop import home, laptop, server_laptop

__all__ = ["home", "laptop", "server_laptop"]
