"""Commands that do the same on a laptop and on a cluster are tried on both; the others speak of a laptop only."""

from __future__ import annotations

import pytest

from fixtures.control_plane import KINDS

ON_BOTH = frozenset(
    f"test_{command}"
    for command in ("access", "adopt", "apply", "credentials", "delete", "describe", "events", "get", "plan", "wait")
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "session" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_BOTH:
        metafunc.parametrize("session", KINDS, indirect=True)
