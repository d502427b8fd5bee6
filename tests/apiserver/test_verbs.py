"""Answers: their status, type and warnings."""

from __future__ import annotations

import pytest

from dbaas.apiserver.negotiation import Wanted
from dbaas.apiserver.server import ApiServer
from dbaas.apiserver.verbs import add_warnings, respond
from dbaas.contracts.admission import Review, Verdict
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from fixtures.apiserver import send, send_raw

PATH = "/api/v1/namespaces/default/configmaps"


def test_warnings_stand_in_one_header_each_once() -> None:
    headers = add_warnings({"warning": '299 - "a"'}, ["b", "b", 'c"d'])
    assert headers["warning"] == '299 - "a", 299 - "b", 299 - "c\\"d"'
    assert add_warnings({"x": "y"}, []) == {"x": "y"}


def test_an_answer_is_recoded() -> None:
    response = respond(200, b'{"a":1}', Wanted("application/yaml"))
    assert response.body == b"a: 1\n"
    assert response.headers == {"content-type": "application/yaml"}


@pytest.mark.parametrize("accept", ["application/json", "application/yaml"])
async def test_every_answer_says_its_type(server: ApiServer, accept: str) -> None:
    body = {"metadata": {"name": "one"}}
    for method, path, sent in (("POST", PATH, body), ("GET", f"{PATH}/one", None), ("DELETE", f"{PATH}/one", None)):
        response = await send_raw(server, method, path, sent, {"accept": accept})
        assert response.headers["content-type"] == accept


class Rival:
    """Deletes the second object while the first one is being deleted."""

    server: ApiServer

    async def review(self, review: Review) -> Verdict:
        if review.operation == "DELETE" and review.old is not None and review.old["metadata"]["name"] == "first":
            await send(self.server, "DELETE", f"{PATH}/second")
        return Verdict()


async def test_what_somebody_else_deletes_meanwhile_spoils_no_deletion_of_a_collection() -> None:
    rival = Rival()
    rival.server = ApiServer(None, LoopClock(), SeededRandomness(1), InlineOffload(), rival)
    await rival.server.start()
    for name in ("first", "second", "third"):
        await send(rival.server, "POST", PATH, {"metadata": {"name": name}})
    status, _ = await send(rival.server, "DELETE", PATH)
    _, left = await send(rival.server, "GET", PATH)
    await rival.server.stop()
    assert (status, left["items"]) == (200, [])
