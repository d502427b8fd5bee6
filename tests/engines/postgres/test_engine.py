"""The record of parts fits together."""

from __future__ import annotations

from dbaas.api.kinds import DEFINITIONS
from dbaas.api.schema import build_crd
from dbaas.contracts.registry import build_registry
from dbaas.engines.postgres import ENGINE


def test_all_its_names_lead_to_it() -> None:
    registry = build_registry([ENGINE], [], "")
    assert all(registry.engine(name) is ENGINE for name in ("postgres", "PostgreSQL", "postgresql"))


def test_it_has_every_part_that_its_contract_names() -> None:
    assert ENGINE.connect and ENGINE.probe and ENGINE.server and ENGINE.client and ENGINE.credentials
    assert ENGINE.login_proof and ENGINE.default_port == 5432 and ENGINE.default_database == "postgres"
    assert set(ENGINE.blueprints) <= set(ENGINE.rules)


def test_every_block_fits_into_the_definition_of_its_kind() -> None:
    for definition in DEFINITIONS:
        block = ENGINE.blocks.get(definition.kind.kind)
        if block is not None:
            assert definition.engine_blocks
            build_crd(definition, {"postgres": block})
