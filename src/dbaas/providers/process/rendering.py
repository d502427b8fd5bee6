"""A neutral instance as the spec of a Process. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.process import (
    EnvironmentVariable,
    FileSecret,
    Probe,
    Probes,
    ProcessFile,
    ProcessInit,
    ProcessPort,
    ProcessSpec,
    ProcessUpgrade,
    ProcessUpgradeSource,
    ProcessVersionMark,
)
from dbaas.api.references import SecretKeyReference
from dbaas.contracts.provider import CheckCommand, File, Init, Instance, SecretKey
from dbaas.contracts.upgrade import Upgrade

NO_SOURCES: Mapping[str, str] = {}


def render_spec(
    instance: Instance, programs: str, *, stopped: bool, keeps_data: bool, is_newcomer: bool = False,
    older: Mapping[str, str] = NO_SOURCES,
) -> dict[str, Any]:  # fmt: skip
    """What is as by default is left out, so that the object says only what the engine has said.

    `is_newcomer`: the others serve already, so that what it may have left in former times counts no more. `older` are
    the versions whose data may be upgraded, and where their programs are.
    """
    spec = ProcessSpec(
        programs=programs,
        command=list(instance.command),
        init=[_init(step, older) for step in instance.init],
        env=[EnvironmentVariable(name=name, value=value) for name, value in sorted(instance.env.items())],
        files=[_file(file) for file in instance.files],
        ports=[ProcessPort(name=port.name, preferred=port.number) for port in instance.ports],
        probes=Probes(ready=_probe(instance.ready), alive=_probe(instance.alive)),
        stop_signal=instance.stop.signal,
        stop_timeout=_duration(instance.stop.timeout_seconds),
        reload_signal=instance.reload_signal,
        packages=list(instance.packages),
        uses_api=instance.uses_api,
        sets_aside=instance.joins and is_newcomer,
        leash=instance.leash or None,
        logs=list(instance.logs),
        stopped=stopped,
        data_policy="Retain" if keeps_data else "Delete",
    )
    return spec.model_dump(by_alias=True, exclude_defaults=True)


def _init(step: Init, older: Mapping[str, str]) -> ProcessInit:
    mark = ProcessVersionMark(path=step.mark.path, version=step.mark.version) if step.mark else None
    upgrade = _upgrade(step.upgrade, older) if step.upgrade else None
    return ProcessInit(command=list(step.command), creates=step.creates, mark=mark, upgrade=upgrade, once=step.once)


def _upgrade(upgrade: Upgrade, older: Mapping[str, str]) -> ProcessUpgrade:
    return ProcessUpgrade(
        sources=[ProcessUpgradeSource(version=version, programs=programs) for version, programs in older.items()],
        check=list(upgrade.check),
        command=list(upgrade.command),
        undo=list(upgrade.undo),
        after=list(upgrade.after),
    )


def _file(file: File) -> ProcessFile:
    secret = _reference(file.secret) if file.secret else None
    content = None if secret else file.content or ""
    secrets = [FileSecret(name=name, secret_key_ref=_reference(key)) for name, key in sorted(file.secrets.items())]
    return ProcessFile(
        path=file.path, content=content, secret_key_ref=secret, on_change=file.on_change, secrets=secrets
    )


def _reference(secret: SecretKey) -> SecretKeyReference:
    return SecretKeyReference(name=secret.name, key=secret.key)


def _probe(check: CheckCommand | None) -> Probe | None:
    if check is None:
        return None
    return Probe(
        command=list(check.command),
        port=check.port or None,
        path=check.path or None,
        period=_duration(check.period_seconds),
        timeout=_duration(check.timeout_seconds),
        failures=check.failures,
    )


def _duration(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"
