"""Rules about engines and their blocks, one at a time."""

from __future__ import annotations

from dbaas.admission import engines
from dbaas.admission.facts import Facts
from dbaas.api.database import DatabaseSpec
from dbaas.api.database_engine import DatabaseEngineSpec
from dbaas.api.references import OnServer
from dbaas.contracts.admission import Review, Violation
from dbaas.contracts.engine import Engine
from dbaas.contracts.registry import Registry
from fixtures.registries import granite_cluster, granite_registry


def test_an_unknown_engine_is_told_with_all_that_are_known() -> None:
    (violation,) = engines.engine_is_known("spec.engine", Facts(granite_registry(), "basalt"))
    assert "this installation has granite, slate" in violation.message


def test_an_alias_is_known_in_any_case() -> None:
    assert not list(engines.engine_is_known("spec.engine", Facts(granite_registry(), "ROCK")))


def test_blocks_that_belong_to_no_engine_are_the_schemas_business() -> None:
    spec = granite_cluster(whatever={})
    assert not list(engines.blocks_are_the_engines_own(spec, Facts(granite_registry(), "granite")))


def test_nothing_is_refused_while_the_engine_is_not_known_yet() -> None:
    review = Review("CREATE", "dbaas.io", "v1", "Database", {}, None)
    facts = Facts(granite_registry())
    assert not [*engines.engine_has_kind(review, facts), *engines.engine_accepts(review, None, facts)]


def test_a_guest_is_asked_as_one_and_whoever_is_at_home_is_not() -> None:
    asked: list[bool] = []

    def remember(spec: OnServer) -> tuple[Violation, ...]:
        asked.append(spec.server.namespace is None)
        return ()

    engine = Engine("flint", rules={"Database": (remember,)})
    spec = DatabaseSpec.model_validate({"instanceRef": {"name": "main", "namespace": "far"}})
    review = Review("CREATE", "dbaas.io", "v1", "Database", {}, None)
    for is_resident in (False, True):
        list(
            engines.engine_accepts(
                review, spec, Facts(Registry({"flint": engine}, {}, ""), "flint", is_resident=is_resident)
            )
        )
    assert asked == [False, True]


def test_an_image_upgrades_only_from_versions_before_its_own() -> None:
    def refuse(version: str, older: str) -> list[tuple[str, str]]:
        image = {"version": version, "image": "x", "upgradesFrom": [{"version": older, "programs": "/opt/x"}]}
        entry = {"type": "granite", "provider": "runner", "supportedVersions": ["2"], "images": [image]}
        spec = DatabaseEngineSpec.model_validate(entry)
        return [(each.field, each.message) for each in engines.upgrades_go_forward(spec, ("2", "1"))]

    where = "spec.images[0].upgradesFrom[0].version"
    assert refuse("2", "1") == []
    assert refuse("2", "3") == [(where, "data of version 3 cannot be upgraded to 2: choose from 1")]
    assert refuse("1", "2") == [(where, "data of version 2 cannot be upgraded to 1: leave it out")]
