"""Real processes contend for a Lease on a real API: whatever befalls one of them, never are two at work."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import orjson
import pytest
import pytest_asyncio
import yaml

from dbaas.api.core import LEASE
from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import SystemClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SystemRandomness, token
from dbaas.core.secrets import Secret
from dbaas.kube.http import HttpTransport
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.verbs import RestClient, Writing
from fixtures.control_plane import embedded_url
from fixtures.operating import serve_kind
from fixtures.postgres import TestServer, named
from fixtures.proxy import Proxy, open_proxy
from runtime.electing_process import TIMING, WIDGET

PROGRAM = Path(__file__).with_name("electing_process.py")
CLOCK, CHANCE = SystemClock(), SystemRandomness()
PATIENCE_SECONDS = 40.0
# The fuse first tells where each thread was, and reading frames that move may fault: ended it has either way.
BURNT = (1, -signal.SIGSEGV)

pytestmark = pytest.mark.slow


@dataclass
class Contender:
    """One operator process. `port` is that of its health face."""

    process: asyncio.subprocess.Process
    errors: Path
    port: int = 0

    async def says(self, word: str) -> list[str]:
        """The rest of the line that begins with that word."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while line := (await self.process.stdout.readline()).decode():
                first, *rest = line.split()
                if first == word:
                    return rest
        raise AssertionError(f"it never said {word!r}, but: {self.errors.read_text()[-2000:]}")

    async def ends(self) -> int:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ask(self, path: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, await response.text()


@dataclass
class Place:
    """An API, a namespace in it, and the journal of all who work there."""

    kubeconfig: Path
    folder: Path
    user: RestClient
    namespace: str
    journal: Path
    server: str = ""
    contenders: list[Contender] = field(default_factory=list)

    async def start(self, proxy: Proxy | None = None) -> Contender:
        """When it has synced; over a proxy where one is given."""
        kubeconfig = self.kubeconfig
        if proxy is not None:
            text = kubeconfig.read_text()
            kubeconfig = self.folder / f"by-proxy-{proxy.port}"
            kubeconfig.write_text(text.replace(self.address, f"127.0.0.1:{proxy.port}"))
        errors = self.folder / f"errors-{len(self.contenders)}"
        with errors.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, PROGRAM, kubeconfig, self.namespace, self.journal, self.server,
                stdout=asyncio.subprocess.PIPE, stderr=file,
            )  # fmt: skip
        contender = Contender(process, errors)
        self.contenders.append(contender)
        contender.port = int((await contender.says("serves"))[0])
        await contender.says("synced")
        return contender

    async def start_leader(self, proxy: Proxy | None = None) -> Contender:
        leader = await self.start(proxy)
        await leader.says("leads")
        await self.runs_of(leader, 3)
        return leader

    @property
    def address(self) -> str:
        cluster = yaml.safe_load(self.kubeconfig.read_text())["clusters"][0]["cluster"]
        return urlsplit(cluster["server"]).netloc.rpartition("@")[2]

    @asynccontextmanager
    async def proxy(self) -> AsyncIterator[Proxy]:
        host, _, port = self.address.partition(":")
        async with open_proxy(host, int(port)) as proxy:
            yield proxy

    async def make(self, name: str, **spec: float) -> None:
        metadata = {"name": name, "namespace": self.namespace}
        body = {"apiVersion": WIDGET.api_version, "kind": WIDGET.kind, "metadata": metadata}
        await self.user.create(WIDGET, body | {"spec": spec})

    def runs(self) -> list[tuple[int, int, str]]:
        """Turn, process and what it did, in the order in which it was done."""
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [(int(turn), int(pid), what) for turn, pid, what in map(str.split, lines)]

    async def runs_of(self, contender: Contender, count: int, what: str = "began-one") -> None:
        """Until it has worked so often."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while [run[1:] for run in self.runs()].count((contender.process.pid, what)) < count:
                await CLOCK.sleep(0.02)

    def check_turns(self, *in_order: Contender) -> None:
        """Each of these had a turn, one after the other, each with its own number, and nobody else."""
        turns: list[tuple[int, int]] = []
        for turn, pid, _ in self.runs():
            if (turn, pid) not in turns[-1:]:
                turns.append((turn, pid))
        assert [pid for _, pid in turns] == [contender.process.pid for contender in in_order]
        numbers = [turn for turn, _ in turns]
        assert numbers == list(range(numbers[0], numbers[0] + len(in_order)))


@asynccontextmanager
async def _embedded(folder: Path) -> AsyncIterator[Path]:
    server = ApiServer(None, CLOCK, CHANCE, InlineOffload())
    await server.start()
    secret = Secret(token(CHANCE))
    async with embedded_url(server, secret) as url:
        body = {
            "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": url}}],
            "users": [{"name": "it", "user": {"token": secret.reveal()}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }
        (folder / "kubeconfig").write_bytes(orjson.dumps(body))
        yield folder / "kubeconfig"


@pytest_asyncio.fixture(params=["embedded", pytest.param("kube", marks=pytest.mark.kube_apiserver)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        if request.param == "embedded":
            kubeconfig = await stack.enter_async_context(_embedded(tmp_path))
        else:
            kubeconfig = request.getfixturevalue("kube_state") / "kubeconfig"
        transport = HttpTransport(load_kubeconfig([kubeconfig]).access(), CLOCK)
        stack.push_async_callback(transport.close)
        user = RestClient(transport, Writing("user"))
        namespace = await serve_kind(user, WIDGET)
        lease = {"name": "operator", "namespace": namespace}
        await user.create(LEASE, {"apiVersion": LEASE.api_version, "kind": "Lease", "metadata": lease})
        made = Place(kubeconfig, tmp_path, user, namespace, tmp_path / "journal")
        stack.push_async_callback(_end_all, made)
        await made.make("one")
        yield made


async def _end_all(place: Place) -> None:
    for contender in place.contenders:
        with suppress(ProcessLookupError):
            contender.process.kill()
        await contender.process.communicate()


async def test_a_leader_that_was_stopped_ends_when_it_goes_on_and_does_not_act(place: Place) -> None:
    leader = await place.start_leader()
    standby = await place.start()
    leader.send(signal.SIGSTOP)
    await standby.says("leads")
    await place.runs_of(standby, 5)
    leader.send(signal.SIGCONT)
    assert await leader.ends() in BURNT
    await place.runs_of(standby, 20)
    place.check_turns(leader, standby)


@pytest.mark.real_server
async def test_a_leader_that_was_stopped_amid_its_statements_sends_none_after_another_has(
    place: Place, postgres_18: TestServer, prefix: str
) -> None:
    """The log of a real server tells who has sent what; several connections wait for answers when it goes on.

    One statement may be past its last check, and not sent yet, at the moment of the stop: nobody can call that back.
    """
    address = named(postgres_18.address, prefix)
    told_of = {name: getattr(address, name) for name in ("host", "port", "username", "database", "options")}
    place.server = json.dumps({**told_of, "password": address.password.reveal()})
    since = postgres_18.log_size()

    def turns() -> list[int]:
        lines = postgres_18.statements(prefix, since)
        return [int(line.split(", ")[1]) for line in lines if "pg_sleep" in line]

    async def told(turn: int, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while turns().count(turn) < count:
                await CLOCK.sleep(0.05)

    await place.make("sender", statements=100_000)
    leader = await place.start_leader()
    standby = await place.start()
    await told(1, 20)
    leader.send(signal.SIGSTOP)
    await told(2, 20)
    leader.send(signal.SIGCONT)
    assert await leader.ends() in BURNT
    await told(2, turns().count(2) + 20)
    found = turns()
    assert found[found.index(2) :].count(1) <= 1
    assert standby.process.returncode is None


async def test_a_leader_that_was_stopped_for_a_moment_goes_on(place: Place) -> None:
    leader = await place.start_leader()
    standby = await place.start()
    leader.send(signal.SIGSTOP)
    await CLOCK.sleep(TIMING.renew_seconds / 4)
    leader.send(signal.SIGCONT)
    await place.runs_of(leader, len(place.runs()) + 30)
    assert standby.process.returncode is None
    place.check_turns(leader)


@pytest.mark.parametrize("how", ["hang", "cut"])
async def test_a_leader_that_is_cut_off_ends_before_another_leads(place: Place, how: str) -> None:
    async with place.proxy() as proxy:
        leader = await place.start_leader(proxy)
        standby = await place.start()
        getattr(proxy, how)()
        assert await leader.ends() in BURNT
        ran_last = place.runs()[-1]
        await standby.says("leads")
        proxy.heal()
        await place.runs_of(standby, 10)
        assert ran_last[1] == leader.process.pid
        place.check_turns(leader, standby)


async def test_who_stands_by_outlives_an_api_that_is_away(place: Place) -> None:
    async with place.proxy() as proxy:
        leader = await place.start_leader()
        standby = await place.start(proxy)
        proxy.cut()
        await place.runs_of(leader, 60)
        proxy.heal()
        leader.send(signal.SIGKILL)
        await standby.says("leads")
        await place.runs_of(standby, 3)
        place.check_turns(leader, standby)


async def test_a_leader_that_leaves_finishes_its_work_and_hands_over(place: Place) -> None:
    await place.make("slow", seconds=1.5)
    leader = await place.start_leader()
    standby = await place.start()
    assert (await standby.ask("/readyz"))[0] == (await standby.ask("/livez"))[0] == 200
    assert 'leader_election_master_status{name="operator"} 0.0' in (await standby.ask("/metrics"))[1]
    assert 'leader_election_master_status{name="operator"} 1.0' in (await leader.ask("/metrics"))[1]
    await place.runs_of(leader, 1, "began-slow")
    leader.send(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await leader.ask("/readyz") != (503, "stopping"):
            await CLOCK.sleep(0.02)
    await leader.says("left")
    assert await leader.ends() == 0
    done = [what for _, pid, what in place.runs() if pid == leader.process.pid]
    assert done.count("began-slow") == done.count("ended-slow") > 0
    await standby.says("leads")
    await place.runs_of(standby, 3)
    place.check_turns(leader, standby)


async def test_a_second_signal_ends_a_process_now(place: Place) -> None:
    await place.make("slow", seconds=30)
    leader = await place.start_leader()
    await place.runs_of(leader, 1, "began-slow")
    leader.send(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await leader.ask("/readyz") != (503, "stopping"):
            await CLOCK.sleep(0.02)
    leader.send(signal.SIGTERM)
    assert await leader.ends() == -signal.SIGTERM
