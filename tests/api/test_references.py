"""How objects name their server."""

from __future__ import annotations

import pytest

from dbaas.api.references import OnClusterServer, OnServer


def test_both_ways_to_name_a_server_mean_one_reference() -> None:
    near = OnServer.model_validate({"instanceRef": {"name": "main", "namespace": "platform"}}).server
    assert (near.kind, near.name, near.namespace) == ("DatabaseInstance", "main", "platform")
    wide = OnServer.model_validate({"clusterInstanceRef": {"name": "main"}}).server
    assert (wide.kind, wide.name, wide.namespace) == ("ClusterDatabaseInstance", "main", None)
    assert OnClusterServer.model_validate({"clusterInstanceRef": {"name": "main"}}).server == wide


def test_a_thing_without_a_server_is_the_schemas_fault() -> None:
    with pytest.raises(AssertionError, match="the schema asks for one"):
        assert OnServer.model_validate({}).server
