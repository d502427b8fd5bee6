"""Resources of a cluster that names a profile."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.profiles import PROFILES, resources_of
from dbaas.core.quantity import parse_quantity


def spec_of(**said: Any) -> DatabaseClusterSpec:
    return DatabaseClusterSpec.model_validate({"engine": {"type": "engine", "version": "1"}, **said})


def test_resources_count_more_than_the_profile() -> None:
    given = resources_of(spec_of(profile="prod", resources={"limits": {"memory": "1Gi"}}))
    assert (given.limits, given.requests) == ({"memory": "1Gi"}, {})


def test_empty_resources_say_nothing() -> None:
    assert resources_of(spec_of(profile="dev", resources={})) == PROFILES["dev"]
    assert resources_of(spec_of()) == PROFILES["default"]


@pytest.mark.parametrize("name", PROFILES)
def test_no_profile_promises_more_than_it_allows(name: str) -> None:
    size = PROFILES[name]
    for what, promised in size.requests.items():
        assert parse_quantity(promised) <= parse_quantity(size.limits[what])
