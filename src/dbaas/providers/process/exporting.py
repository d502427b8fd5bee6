"""The exporters of a cluster on this machine: a program beside each instance, with a port of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dbaas.api.process import PROCESS
from dbaas.api.resource import Resource
from dbaas.contracts.exporting import Exporter, ExporterFacts
from dbaas.contracts.provider import CheckCommand, ClusterFacts, File, Instance, InstanceFacts, Port, Stop, Workload
from dbaas.manifests.metadata import build_metadata, cluster_labels
from dbaas.manifests.monitoring import COMPONENT
from dbaas.providers.process.installed import find_program
from dbaas.providers.process.rendering import render_spec

_USUAL_PLACE = "/usr/bin"
_PORT, _PASSWORD = "metrics", "password"
# Its first page is asked for and not the metrics: what these cost, only who reads them is to pay.
_PROBE = CheckCommand(port=_PORT, path="/", period_seconds=5.0)
_STOP = Stop("SIGTERM", 5.0)
PROGRAM_MISSING = "ProgramMissing"
"""What the agent says of a Process whose program is not there."""


def find_exporter(exporter: Exporter) -> Path | None:
    """Where it is installed, by the first of its names that is; None where none is."""
    found = (find_program(name) for name in exporter.programs)
    return next((each for each in found if each is not None), None)


def render_exporters(
    cluster: Resource, workload: Workload, facts: ClusterFacts, program: Path | None, *, stopped: bool
) -> Iterator[dict[str, Any]]:
    """One beside each instance whose ports are known. Where the program is not installed, their Processes say so."""
    exporter = workload.exporter
    if exporter is None or not exporter.programs:
        return
    labels = {**cluster_labels(cluster.metadata.name, workload.engine), **COMPONENT}
    seen = {one.name: one.ports for one in facts.instances}
    for instance in workload.instances:
        ports = seen.get(instance.name, {})
        if any(port.name not in ports for port in instance.ports):
            continue
        made = build_exporter(instance.name, exporter, ports, program)
        programs = str(program.parent) if program is not None else _USUAL_PLACE
        yield {
            "apiVersion": PROCESS.api_version,
            "kind": PROCESS.kind,
            "metadata": build_metadata(made.name, cluster, labels),
            "spec": render_spec(made, programs, stopped=stopped, keeps_data=False),
        }


def build_exporter(instance: str, exporter: Exporter, ports: Mapping[str, int], program: Path | None) -> Instance:
    """`ports` are those of the instance, by name. It reads its password when it starts."""
    words = {
        **{f"PORT_{name.upper()}": str(number) for name, number in ports.items()},
        "PASSWORD_FILE": f"$(DIRECTORY)/{_PASSWORD}",
        "METRICS_HOST": "$(HOST)",
        "METRICS_PORT": f"$(PORT_{_PORT.upper()})",
    }
    return Instance(
        name=exporter_name(instance),
        command=(
            program.name if program else exporter.programs[0],
            *(_fill(each, words) for each in exporter.arguments),
        ),
        files=(File(_PASSWORD, secret=exporter.login),),
        env={name: _fill(value, words) for name, value in exporter.env.items()},
        ports=(Port(_PORT, exporter.port),),
        ready=_PROBE,
        alive=_PROBE,
        stop=_STOP,
    )


def describe_exporters(
    instances: Sequence[InstanceFacts], beside: Mapping[str, InstanceFacts]
) -> tuple[ExporterFacts, ...]:
    """By their Processes, in the order of the instances: `beside` are all that run beside these, by name."""
    found = ((one.name, beside.get(exporter_name(one.name))) for one in instances)
    return tuple(_describe(name, process) for name, process in found if process is not None)


def exporter_name(instance: str) -> str:
    return f"{instance}-exporter"


def _describe(instance: str, process: InstanceFacts) -> ExporterFacts:
    port = process.ports.get(_PORT, 0)
    endpoint = f"{process.host}:{port}" if process.host and port else ""
    is_missing = process.reason == PROGRAM_MISSING
    return ExporterFacts(instance, process.is_ready, endpoint, process.message, is_missing)


def _fill(text: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(f"$({name})", value)
    return text
