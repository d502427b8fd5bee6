"""DatabaseInstance: connected or not, and why."""

from __future__ import annotations

import asyncio
import base64

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from fixtures.operating import virtually
from simulation.world import World, simulated_world

HERE = {"instanceRef": {"name": "main"}}


async def conditions(world: World) -> dict[str, tuple[str, str]]:
    found = (await world.read(DATABASE_INSTANCE, "main")).status["conditions"]
    return {condition["type"]: (condition["status"], condition["reason"]) for condition in found}


@virtually
async def test_a_server_that_answers_is_ready_and_described() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.settle()
        status = (await world.read(DATABASE_INSTANCE, "main")).status
        assert (status["version"], status["identity"]) == ("7.1", "basalt-1")
        assert status["capabilities"] == ["bases", "privileges", "roles", "schemas", "superuser"]
        assert await world.events("main") == ["Connected"]


@virtually
async def test_a_server_that_is_away_is_told_once_and_found_again() -> None:
    async with simulated_world() as world:
        world.server.is_down = True
        await world.connect()
        await asyncio.sleep(60)
        assert await conditions(world) == {
            "Connected": ("False", "Unreachable"), "Ready": ("False", "Unreachable"),
            "Healthy": ("False", "HealthCheckFailed"), "Reconciling": ("True", "Unreachable"),
        }  # fmt: skip
        assert (await world.events("main")).count("ConnectionFailed") == 1
        world.server.is_down = False
        await asyncio.sleep(40)
        assert (await conditions(world))["Ready"] == ("True", "Connected")


@virtually
async def test_a_wrong_password_is_told_and_a_right_one_heals() -> None:
    async with simulated_world() as world:
        world.server.password = "other"
        await world.connect()
        world.server.password = "admin"
        await world.settle()
        assert (await conditions(world))["Ready"] == ("False", "LoginRefused")
        data = {"password": base64.b64encode(b"admin").decode()}
        await world.user.patch(SECRET, Key("default", "main-admin"), {"data": data})
        await asyncio.sleep(2)
        assert (await conditions(world))["Ready"] == ("True", "Connected")


@virtually
async def test_a_missing_secret_is_named() -> None:
    async with simulated_world() as world:
        connection = {"host": "db.test", "port": 7000, "secretRef": {"name": "nothing"}}
        await world.make(DATABASE_INSTANCE, "main", {"engine": "basalt", "connection": connection})
        await world.settle()
        assert (await conditions(world))["Ready"] == ("False", "SecretNotFound")
        assert "default/nothing" in (await world.read(DATABASE_INSTANCE, "main")).status["message"]
        await world.make_secret("nothing", {"username": "root"})
        await world.settle()
        assert (await conditions(world))["Ready"] == ("False", "SecretInvalid")


@virtually
async def test_what_lives_on_it_holds_its_deletion() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", HERE)
        await world.settle()
        await world.delete(DATABASE_INSTANCE, "main")
        await world.settle()
        assert (await conditions(world))["Ready"] == ("False", "DependenciesExist")
        assert (await conditions(world))["Connected"] == ("True", "ConnectionSuccess")
        assert (await world.events("main")).count("DeletionBlocked") == 1
        await asyncio.sleep(1)
        await world.delete(DATABASE, "shop")
        await asyncio.sleep(1)
        assert await world.find(DATABASE_INSTANCE, Key("default", "main")) is None


@virtually
async def test_what_lives_on_it_does_not_hold_an_instance_that_its_cluster_makes_again() -> None:
    async with simulated_world() as world:
        await world.make_quickstart()
        await world.settle()
        before = await world.read(DATABASE_INSTANCE, "main")
        await world.delete(DATABASE_INSTANCE, "main")
        await asyncio.sleep(60)
        after = await world.read(DATABASE_INSTANCE, "main")
        assert after.metadata.uid != before.metadata.uid
        assert after.status["identity"] == before.status["identity"]
        assert (await conditions(world))["Ready"] == ("True", "Connected")
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert (await world.events("main")).count("InstanceRemade") == 1
        assert "DeletionBlocked" not in await world.events("main")
        await world.delete(DATABASE_CLUSTER, "main")
        await world.settle()
        assert (await conditions(world))["Ready"] == ("True", "Connected"), "the cluster is held by what lives on it"


@virtually
async def test_the_server_of_a_cluster_that_is_stopped_has_not_failed() -> None:
    async with simulated_world() as world:
        await world.make_quickstart()
        await world.settle()
        told = (await world.events("main")).count("ConnectionFailed")
        await world.change(DATABASE_CLUSTER, "main", {"stopped": True})
        world.server.is_down = True
        await asyncio.sleep(60)
        instance = await world.read(DATABASE_INSTANCE, "main")
        assert instance.status["phase"] == "Stopped"
        assert (await conditions(world))["Ready"] == ("False", "ClusterStopped")
        assert "DatabaseCluster default/main is stopped: start it first" in instance.status["message"]
        assert await world.ready(DATABASE, "shop") == ("False", "InstanceNotReady")
        await world.change(DATABASE_CLUSTER, "main", {"stopped": False})
        world.server.is_down = False
        await asyncio.sleep(60)
        assert (await conditions(world))["Ready"] == ("True", "Connected")
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert (await world.events("main")).count("ConnectionFailed") == told


@virtually
async def test_objects_on_a_server_that_goes_away_are_not_ready_any_more() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", HERE)
        await world.settle()
        world.server.is_down = True
        await asyncio.sleep(60)
        assert await world.ready(DATABASE, "shop") == ("False", "InstanceNotReady")
        world.server.is_down = False
        await asyncio.sleep(60)
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")


@virtually
async def test_objects_on_a_server_whose_secret_is_gone_are_not_ready_any_more() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "orders", HERE)
        await world.settle()
        await world.delete(SECRET, "main-admin")
        await world.settle()
        assert await world.ready(DATABASE, "orders") == ("False", "InstanceNotReady")


@virtually
async def test_grants_on_a_server_whose_secret_is_gone_are_not_ready_any_more() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "app") == ("True", "Applied")
        await world.delete(SECRET, "main-admin")
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "app") == ("False", "InstanceNotReady")


@virtually
async def test_what_was_deleted_meanwhile_goes_as_soon_as_the_server_is_back() -> None:
    """A grant names its user and not the server, and everybody else waits for it to go."""
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        world.server.is_down = True
        await asyncio.sleep(60)
        await world.delete(DATABASE_GRANT, "app")
        await asyncio.sleep(120)
        assert await world.find(DATABASE_GRANT, Key("default", "app")) is not None
        world.server.is_down = False
        while (await conditions(world))["Connected"][0] != "True":
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        assert await world.find(DATABASE_GRANT, Key("default", "app")) is None


@virtually
async def test_the_time_of_the_last_pass_is_written_rarely() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", HERE)
        await world.settle()
        first = (await world.read(DATABASE_INSTANCE, "main")).status["lastVerified"]
        await asyncio.sleep(400)
        assert (await world.read(DATABASE_INSTANCE, "main")).status["lastVerified"] == first
        await asyncio.sleep(400)
        status = (await world.read(DATABASE_INSTANCE, "main")).status
        assert status["lastVerified"] > first
        assert status["verifiedObjects"] == 1


@virtually
async def test_an_unknown_engine_is_refused() -> None:
    async with simulated_world() as world:
        await world.connect(engine="granite")
        await world.settle()
        assert (await conditions(world))["Stalled"] == ("True", "InvalidSpec")


@virtually
async def test_a_new_certificate_of_the_authority_reaches_published_secrets_at_once() -> None:
    async with simulated_world() as world:
        await world.make_secret("main-tls", {"ca.crt": "old"})
        await world.connect(tls={"enabled": True, "secretRef": {"name": "main-tls"}})
        await world.make(DATABASE_USER, "app", HERE)
        await world.settle()
        assert (await world.read_secret("app-credentials"))["ca.crt"] == "old"
        data = {"ca.crt": base64.b64encode(b"new").decode()}
        await world.user.patch(SECRET, Key("default", "main-tls"), {"data": data})
        await asyncio.sleep(5)
        assert (await world.read_secret("app-credentials"))["ca.crt"] == "new"


@virtually
async def test_a_server_is_asked_as_often_as_its_health_check_says() -> None:
    async with simulated_world() as world:
        await world.connect(healthCheck={"intervalSeconds": 5, "timeoutSeconds": 1})
        await asyncio.sleep(30)
        before = world.server.questions.count("probe in system")
        await asyncio.sleep(60)
        assert 9 <= world.server.questions.count("probe in system") - before <= 16
