"""The words of a command that stand for places."""

from __future__ import annotations

import pytest

from conformance.provider import MEMBERS, SERVER_INSTANCE
from dbaas.contracts.provider import NotProvided
from dbaas.providers.statefulset.places import PLACES, Places, expand, names_of


def test_every_promised_name_is_expanded() -> None:
    words = expand(
        ("$(DIRECTORY)/x", "$(RUN)", "$(HOST):$(PORT_MAIN)", "$(PORT_ADMIN)"), names_of(SERVER_INSTANCE, PLACES)
    )
    assert words == (f"{PLACES.directory}/x", PLACES.run, f"{PLACES.host}:5432", "6000")


def test_an_unknown_name_is_refused_rather_than_left_empty() -> None:
    with pytest.raises(NotProvided, match="MOON"):
        expand(("$(MOON)",), names_of(SERVER_INSTANCE, PLACES))


def test_what_a_shell_would_expand_is_left_to_it() -> None:
    assert expand(("$HOME ${X} $(lower)",), {}) == ("$HOME ${X} $(lower)",)


def test_an_instance_is_called_in_the_api_as_its_pod_is() -> None:
    words = expand(("$(POD)", "$(NAMESPACE)"), names_of(MEMBERS[1], Places(namespace="shop")))
    assert words == ("main-2-0", "shop")
