"""What is plugged in, by name."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import Engine
from dbaas.contracts.provider import Site
from dbaas.contracts.registry import build_registry, find_registry

TURBO = Engine("turbo", aliases=frozenset({"turbodb"}))


@pytest.mark.parametrize("name", ["turbo", "Turbo", "TURBODB"])
def test_an_engine_is_found_by_name_and_alias_in_any_case(name: str) -> None:
    assert build_registry([TURBO], [], "p").engine(name) is TURBO


def test_an_unknown_engine_or_provider_is_nothing() -> None:
    registry = build_registry([TURBO], [], "p")
    assert registry.engine("other") is None
    assert registry.provider("other") is None
    assert registry.provider("") is None


def test_two_engines_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="two engines are called 'turbodb'"):
        build_registry([TURBO, Engine("turbodb")], [], "p")


@pytest.mark.parametrize(("site", "default"), [("laptop", "process"), ("kubernetes", "statefulset")])
def test_each_site_has_its_own_providers_and_one_by_default(site: Site, default: str) -> None:
    registry = find_registry(site)
    assert {provider.runs_on for provider in registry.providers.values()} == {site}
    found = registry.provider("")
    assert found is not None and found.name == default
