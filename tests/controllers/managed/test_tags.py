"""Tags through the generic algorithm: when they are written, and what they never disturb."""

from __future__ import annotations

from typing import Any

import pytest

from controllers.make import database, instance, make
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE, DEFAULT_COMMENT
from dbaas.api.role import CLUSTER_DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.registry import Registry
from dbaas.controllers.managed.items import build_farewell, build_items
from dbaas.controllers.managed.kinds import read_subject
from dbaas.controllers.managed.records.databases import DATABASES
from dbaas.controllers.managed.resolution import Resolved, own_references
from dbaas.controllers.managed.tags import LONGEST, is_tag, write_tag
from dbaas.controllers.servers import read_server
from fixtures.operating import virtually
from simulation.engine import Base, Network, build_engine
from simulation.tagging import PART, Notes
from simulation.world import World, simulated_world

HERE = {"instanceRef": {"name": "main"}}
TRACKED = {"resourceTracking": {"enabled": True}}
OURS = "managed by dbaas: Database default/shop"


def resolve(spec: dict[str, Any], **metadata: Any) -> Resolved:
    engine = Notes().add_to(build_engine(Network()))
    subject = read_subject(DATABASES, database("shop", {"basalt": {"schemas": ["sales"]}}, **metadata))
    server = read_server(instance(spec=spec), Registry({"basalt": engine}, {}, ""))
    return Resolved(subject, server, own_references(subject))


def test_what_is_the_objects_alone_has_a_tag_where_the_server_asks_for_it() -> None:
    parts = [item.part for item in build_items(resolve(TRACKED), None)]
    assert parts == [*(item.part for item in build_items(resolve({}), None)), PART]


def test_a_tag_goes_with_its_thing() -> None:
    owned = {"part": PART, "database": "", "name": "shop", "keys": [OURS]}
    resolved = resolve(TRACKED, status={"owned": [owned]})
    wishes = build_farewell(resolved.subject, resolved.server.engine, build_items(resolved, None))
    assert [wish.thing.part for wish in wishes] == ["bases"]


def test_the_usual_text_names_the_object() -> None:
    assert write_tag(DEFAULT_COMMENT, database("shop")) == OURS
    role = make(CLUSTER_DATABASE_ROLE, "auditor", HERE, namespace="")
    assert write_tag(DEFAULT_COMMENT, role) == "managed by dbaas: ClusterDatabaseRole auditor"


def test_a_text_can_have_all_the_variables_and_has_an_end() -> None:
    everything = "{{ .Operator }} {{ .Kind }} {{ .Namespace }} {{ .Name }} {{ .UID }}"
    assert write_tag(everything, database("shop")) == "dbaas Database default shop uid-shop"
    assert len(write_tag("{{ .Name }}" * 90, database("x" * 250))) == LONGEST


def test_a_template_that_cannot_be_filled_is_refused_with_its_place() -> None:
    with pytest.raises(Refused, match="commentFormat of the server: line 1") as caught:
        write_tag("{{ base64Decode .Name }}", database("no-base-64"))
    assert caught.value.reason == "InvalidTemplate"


def test_an_engine_without_tags_has_none() -> None:
    assert not is_tag(build_engine(Network()), PART)


async def track(world: World, **tracking: Any) -> None:
    await world.change(DATABASE_INSTANCE, "main", {"resourceTracking": tracking})
    await world.settle()


@virtually
async def test_tags_come_with_the_switch_and_go_with_it() -> None:
    notes = Notes()
    async with simulated_world(fit=notes.fit) as world:
        await world.make_shop()
        await world.settle()
        assert notes.texts == {}
        await track(world, enabled=True)
        assert notes.texts == {"shop": OURS}
        await track(world, enabled=True, commentFormat="{{ .Name }}")
        assert notes.texts == {"shop": "shop"}
        await track(world, enabled=False)
        assert notes.texts == {"shop": ""}
        assert "NOTE" in world.server.log[-1]
        sent = len(world.server.log)
        await world.change(DATABASE_INSTANCE, "main", {"maxConnections": 7})
        await world.settle()
        assert len(world.server.log) == sent
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")


@virtually
async def test_the_switch_corrects_no_drift_that_is_only_to_be_detected() -> None:
    """Nor does it say that it had, and what it has written is remembered all the same."""
    notes = Notes()
    async with simulated_world(fit=notes.fit) as world:
        await world.connect(driftPolicy={"mode": "detect", "interval": "1h"})
        await world.make(DATABASE_USER, "owner", HERE)
        await world.make(DATABASE, "shop", {**HERE, "owner": "owner"})
        await world.settle()
        world.server.bases["shop"] = Base("somebody")
        await track(world, enabled=True)
        assert world.server.bases["shop"].owner == "somebody"
        assert notes.texts == {"shop": OURS}
        assert await world.ready(DATABASE, "shop") == ("False", "DriftDetected")
        shop = await world.read(DATABASE, "shop")
        assert [each["field"] for each in shop.status["drift"]["diffs"]] == ["owner"]
        assert [each["keys"] for each in shop.status["owned"] if each["part"] == PART] == [[OURS]]
        assert "DriftCorrected" not in await world.events("shop")


@virtually
async def test_what_others_have_written_stays_and_is_no_drift() -> None:
    notes = Notes({"shop": "of the shop team"})
    async with simulated_world(fit=notes.fit) as world:
        await world.connect(resourceTracking={"enabled": True})
        await world.make(DATABASE, "shop", HERE)
        await world.settle()
        assert notes.texts == {"shop": "of the shop team"}
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
