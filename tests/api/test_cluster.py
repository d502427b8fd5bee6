"""What a cluster says of the server that it publishes."""

from __future__ import annotations

from dbaas.api.cluster import DatabaseClusterSpec


def test_only_what_is_said_is_handed_on() -> None:
    engine = {"type": "granite", "version": "1"}
    plain = DatabaseClusterSpec.model_validate({"engine": engine})
    assert list(plain.handed_on()) == ["driftPolicy"]
    said = DatabaseClusterSpec.model_validate({"engine": engine, "tenancy": {"ownedOnly": False}})
    assert said.handed_on()["tenancy"] == {"adoption": "Annotated", "privilegedAttributes": False, "ownedOnly": False}
