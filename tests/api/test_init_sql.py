"""SQL that is run once, as objects hold it."""

from __future__ import annotations

from dbaas.api.init_sql import InitSQL, InitSQLStatus, shown


def test_the_text_is_inline_or_somewhere_else() -> None:
    assert InitSQL.model_validate({"inline": ["SELECT 1"]}).reference is None
    for field in ("configMapRef", "secretRef"):
        reference = InitSQL.model_validate({field: {"name": "sql", "key": "init"}}).reference
        assert reference is not None and reference.name == "sql"


def test_a_status_is_shown_by_the_names_of_its_fields() -> None:
    assert shown(InitSQLStatus(applied=True, statements_executed=2)) == {"applied": True, "statementsExecuted": 2}
