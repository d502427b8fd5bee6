"""The blocks in a manifest."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dbaas.api.kinds import DEFINITIONS
from dbaas.api.schema import build_crd
from dbaas.engines.postgres.engine import ENGINE
from dbaas.engines.postgres.options import DatabaseOptions, InstanceOptions, UserOptions


def test_an_empty_block_says_nothing_that_is_not_the_default_of_the_server() -> None:
    assert InstanceOptions().ssl_mode == "prefer"
    assert DatabaseOptions().connection_limit is None
    assert UserOptions().login and not UserOptions().superuser


def test_fields_are_written_as_the_manual_of_the_group_has_them() -> None:
    options = UserOptions.model_validate(
        {"createDB": True, "createRole": True, "bypassRLS": True, "connectionLimit": 3}
    )
    assert options.create_db and options.create_role and options.bypass_rls and options.connection_limit == 3


@pytest.mark.parametrize(
    ("model", "block"),
    [(InstanceOptions, {"sslMode": "verify-full"}), (InstanceOptions, {"applicationName": "a b"}),
     (DatabaseOptions, {"encoding": "utf8"}), (DatabaseOptions, {"lcCollate": "'; DROP"}),
     (DatabaseOptions, {"connectionLimit": -2}), (InstanceOptions, {"statementTimeout": "soon"})],
)  # fmt: skip
def test_values_out_of_bounds_are_refused(model: type[InstanceOptions], block: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(block)


def test_every_block_fits_into_the_definition_of_its_kind() -> None:
    for definition in DEFINITIONS:
        block = ENGINE.blocks.get(definition.kind.kind)
        if block is not None:
            assert definition.engine_blocks
            build_crd(definition, {"postgres": block})
