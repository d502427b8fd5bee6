"""What every provider keeps to, for StatefulSets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.provider import SERVER_WORKLOAD, InstalledServer, ProviderSuite, declare
from dbaas.contracts.provider import NotProvided, Provider
from dbaas.providers.statefulset import PROVIDER
from dbaas.providers.statefulset.provider import StatefulSetProvider


class TestStatefulSetProvider(ProviderSuite):
    """The suite."""

    @pytest.fixture
    def provider(self) -> Provider:
        return StatefulSetProvider()


def test_a_version_without_an_image_is_refused_with_where_to_name_one() -> None:
    workload = replace(SERVER_WORKLOAD, image=None)
    with pytest.raises(NotProvided, match=r"spec\.images of the DatabaseEngine"):
        PROVIDER.children(declare(), workload, InstalledServer())


def test_nothing_must_be_installed_where_nodes_pull_images() -> None:
    assert PROVIDER.missing(InstalledServer(), "18") == ""
