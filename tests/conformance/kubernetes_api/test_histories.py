"""Random histories of applies, patches, replaces and resets end in the same object on both servers."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from conformance.kubernetes_api.specimens import DEFINITION, VERSION, Specimens
from fixtures.control_plane import Answer, open_embedded, open_kube

STEPS = 15


class Step(NamedTuple):
    """One request: its verb (`apply`, `patch`, `put`), subresource, manager and body."""

    verb: str
    subresource: str
    manager: str
    force: bool
    body: dict[str, Any]


@pytest_asyncio.fixture
async def both(kube_state: Path) -> AsyncIterator[tuple[Specimens, Specimens]]:
    async with open_embedded() as ours, open_kube(kube_state) as theirs:
        for api in (ours, theirs):
            api.namespace = f"t-{ours.suffix}"
            assert (await api.post("/api/v1/namespaces", {"metadata": {"name": api.namespace}})).status == 201
            await api.define(DEFINITION)
        yield Specimens(ours), Specimens(theirs)


class History:
    """Draws steps."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def draw(self) -> Step:
        subresource = "status" if self._chance(0.25) else ""
        body: dict[str, Any] = {}
        if not subresource or self._chance(0.1):
            body["spec"] = self._spec()
        if subresource or self._chance(0.2):
            body["status"] = self._status()
        if not subresource and (metadata := self._metadata()):
            body["metadata"] = metadata
        verb = self._random.choices(["apply", "patch", "put"], [6, 3, 1])[0]
        if verb == "patch":
            body = self._turned_into_patch(body, subresource)
        return Step(verb, subresource, self._random.choice(["m1", "m2", "m3"]), self._chance(0.5), body)

    def _turned_into_patch(self, body: dict[str, Any], subresource: str) -> dict[str, Any]:
        if body.get("spec") and self._chance(0.3):
            body["spec"][self._random.choice(list(body["spec"]))] = None
        if not subresource and self._chance(0.05):
            return {"metadata": {"managedFields": [{}]}}
        return body

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _some(self, of: str, most: int) -> list[str]:
        return self._random.sample(of, self._random.randint(0, most))

    def _map(self) -> dict[str, str]:
        return {key: self._random.choice("12") for key in self._some("jkl", 2)}

    def _spec(self) -> dict[str, Any]:
        elements = [
            {"name": n, **({"v": self._random.choice("12")} if self._chance(0.6) else {})}
            for n in self._some("wxyz", 3)
        ]
        free = self._random.choice(
            [{}, {"q": 1}, {"q": {"r": [1]}}, {"q": {"r": {"t": "1"}}, "z": True}, {"q": [{"a": 1}]}]
        )
        whole = {
            "size": self._random.randint(1, 3),
            "name": self._random.choice("ab"),
            "list": elements,
            "set": self._some("abcd", 3),
            "atom": self._some("pq", 2),
            "map": self._map(),
            "whole": self._map(),
            "free": free,
            "either": self._random.choice([5, "5%"]),
            "none": self._random.choice([None, "x"]),
            "colour": self._random.choice(["red", "grey"]),
        }
        return {key: value for key, value in whole.items() if self._chance(0.4)}

    def _status(self) -> dict[str, Any]:
        conditions = [{"type": each, "status": self._random.choice("TF")} for each in self._some("RS", 2)]
        return {key: value for key, value in {"phase": "a", "conditions": conditions}.items() if self._chance(0.5)}

    def _metadata(self) -> dict[str, Any]:
        whole = {"labels": self._map(), "annotations": self._map(), "finalizers": self._some("ab", 2)}
        whole["finalizers"] = [f"example.com/{each}" for each in whole["finalizers"]]
        return {key: value for key, value in whole.items() if self._chance(0.25)}


async def send(server: Specimens, step: Step, live: dict[str, Any]) -> Answer:
    path = server.at("one", step.subresource if live else "")
    if step.verb == "patch" and live:
        return await server.api.patch(path, step.body, fieldManager=step.manager)
    metadata = {"name": "one", **step.body.get("metadata", {})}
    body = {**step.body, "apiVersion": VERSION, "kind": "Specimen", "metadata": metadata}
    if step.verb == "put" and live:
        metadata["resourceVersion"] = live["metadata"]["resourceVersion"]
        return await server.api.put(path, body, fieldManager=step.manager)
    return await server.api.apply(path, body, step.manager, **({"force": "true"} if step.force else {}))


def comparable(answer: Answer) -> Any:
    """What must be the same: all but versions, times and uids, and the order of causes and managers."""
    if answer.status >= 300:
        causes = answer.body.get("details", {}).get("causes", [])
        return answer.status, sorted((each["field"], each["message"], each["reason"]) for each in causes)
    metadata = answer.body["metadata"]
    managed = [
        (each["manager"], each["operation"], each.get("subresource"), "time" in each, each["fieldsV1"])
        for each in metadata.get("managedFields", [])
    ]
    kept = {key: metadata.get(key) for key in ("labels", "annotations", "finalizers", "generation")}
    return answer.status, answer.body.get("spec"), answer.body.get("status"), kept, sorted(managed, key=repr)


@pytest.mark.kube_apiserver
@pytest.mark.parametrize("seed", range(8))
async def test_a_random_history_ends_the_same(both: tuple[Specimens, Specimens], seed: int) -> None:
    history = History(seed)
    live: list[dict[str, Any]] = [{}, {}]
    for number in range(STEPS):
        step = history.draw()
        answers = [await send(server, step, known) for server, known in zip(both, live, strict=True)]
        assert comparable(answers[0]) == comparable(answers[1]), f"step {number}: {step}"
        if answers[0].status < 300:
            live = [answer.body for answer in answers]
