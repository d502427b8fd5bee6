"""Sends manifests by server-side apply: first everything is checked, then everything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from dbaas.api.resource import Key, Resource
from dbaas.cli.exits import CommandError
from dbaas.cli.kinds import KindIndex, ServedKind
from dbaas.cli.manifests import Manifest, Problem
from dbaas.cli.problems import problems_of
from dbaas.cli.session import Session
from dbaas.cli.suggestions import suggest
from dbaas.cli.terminal import shorten
from dbaas.contracts.client import ApiError, NotFound, WriteConflict
from dbaas.contracts.rest import Selection

CONCURRENT = 8
SHOWN_ERRORS = 10
FIRST = ("Namespace", "CustomResourceDefinition")
Effect = Literal["created", "configured", "unchanged"]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Target:
    """A manifest, where it goes, and what is there now."""

    manifest: Manifest
    served: ServedKind
    key: Key
    live: Resource | None = None

    @property
    def body(self) -> dict[str, Any]:
        metadata = dict(self.manifest.body["metadata"])
        if self.served.kind.namespaced:
            metadata["namespace"] = self.key.namespace
        return {**self.manifest.body, "metadata": metadata}


@dataclass(frozen=True)
class Applied:
    """What became of one."""

    target: Target
    effect: Effect


def locate(manifests: Sequence[Manifest], index: KindIndex, namespace: str) -> tuple[list[Target], list[Problem]]:
    """Where each goes; those of kinds that the server does not have are problems."""
    targets, problems = [], []
    for manifest in manifests:
        served = index.of(manifest.body)
        if served is None:
            text = _explain_kind(manifest, index)
            problems.append(Problem(manifest.place("kind"), text, "kind", f"{manifest.kind} {manifest.key}"))
            continue
        key = Key((manifest.key.namespace or namespace) if served.kind.namespaced else "", manifest.name)
        targets.append(Target(manifest, served, key))
    return targets, problems


def _explain_kind(manifest: Manifest, index: KindIndex) -> str:
    version = manifest.body["apiVersion"]
    known = [served.kind.kind for served in index.kinds if served.kind.api_version == version]
    text = f"the server has no kind {manifest.kind!r} in {version}"
    return "; ".join(filter(None, [text, suggest(manifest.kind, known)]))


async def read_live(session: Session, targets: Sequence[Target]) -> list[Target]:
    """One list per kind and namespace, however many objects there are."""
    places = list(dict.fromkeys((target.served, target.key.namespace) for target in targets))
    lists = await _all(places, lambda place: session.rest.list(place[0].kind, Selection(place[1])))
    live = {(place[0], r.key): r for place, found in zip(places, lists, strict=True) for r in found}
    return [Target(t.manifest, t.served, t.key, live.get((t.served, t.key))) for t in targets]


async def foresee(session: Session, targets: Sequence[Target]) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The objects as the server would store them, by a dry run; as written where their namespace is yet to come."""
    writer = session.writer(dry_run=True)

    async def attempt(target: Target) -> dict[str, Any] | list[Problem]:
        try:
            return (await writer.apply(target.served.kind, target.body, force=True)).body()
        except NotFound:
            return target.body
        except ApiError as error:
            return problems_of(target.manifest, error)

    answers = await _all(targets, attempt)
    problems = [problem for answer in answers if isinstance(answer, list) for problem in answer]
    return [answer for answer in answers if isinstance(answer, dict)], problems


async def rehearse(session: Session, targets: Sequence[Target], *, force: bool) -> list[Problem]:
    """What the server would refuse, by a dry run of those that exist (what they may become depends on what they are).

    New objects of ours have been checked by the rules that the server has; others are tried too, unless the namespace
    that they go to is only now being made.
    """
    made_now = {t.key.name for t in targets if t.served.kind.kind == "Namespace" and t.live is None}
    tried = [
        t for t in targets
        if t.live is not None or (not t.served.is_ours and t.key.namespace not in made_now)
    ]  # fmt: skip
    writer = session.writer(dry_run=True)

    async def attempt(target: Target) -> list[Problem]:
        try:
            await writer.apply(target.served.kind, target.body, force=force)
        except WriteConflict as error:
            return [Problem(target.manifest.place(), f"{error.message}; --force-conflicts takes the fields over")]
        except ApiError as error:
            return problems_of(target.manifest, error)
        return []

    return [problem for problems in await _all(tried, attempt) for problem in problems]


async def send(session: Session, targets: Sequence[Target], *, force: bool, dry_run: bool) -> list[Applied]:
    """Namespaces and definitions first, the rest side by side. Raises CommandError with what failed."""
    writer = session.writer(dry_run=dry_run)

    async def attempt(target: Target) -> Applied | ApiError:
        try:
            after = await writer.apply(target.served.kind, target.body, force=force)
        except ApiError as error:
            return error
        if target.live is None:
            return Applied(target, "created")
        same = _content(after) == _content(target.live)
        return Applied(target, "unchanged" if same else "configured")

    first = [target for target in targets if target.served.kind.kind in FIRST]
    rest = [target for target in targets if target.served.kind.kind not in FIRST]
    answers = [*await _all(first, attempt), *await _all(rest, attempt)]
    errors = [answer for answer in answers if isinstance(answer, ApiError)]
    applied = [answer for answer in answers if isinstance(answer, Applied)]
    if errors:
        text = f"{len(errors)} of {len(targets)} objects failed" + ("; the others were applied" if applied else "")
        raise CommandError(text, *shorten([error.message for error in errors], SHOWN_ERRORS))
    return applied


def _content(resource: Resource) -> tuple[dict[str, object], object, object]:
    """What a manifest can change."""
    body = {k: v for k, v in resource.body().items() if k not in ("metadata", "status")}
    return body, resource.metadata.labels, resource.metadata.annotations


async def _all(items: Sequence[T], work: Callable[[T], Awaitable[R]]) -> list[R]:
    slots = asyncio.Semaphore(CONCURRENT)

    async def one(item: T) -> R:
        async with slots:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in items)))
