"""`dbaas operator`: the controllers in a Kubernetes cluster, as its Deployment starts them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.cli.exits import WrongUsage
from dbaas.cli.options import split_names
from dbaas.kube.access import Access

if TYPE_CHECKING:
    from dbaas.app.operator import OperatorSettings, Serving, WebhookSettings

LEASE_NAME = "dbaas-operator"


@dataclass(frozen=True, kw_only=True)
class OperatorOptions:
    """Each can be set in the environment too, which is how a Deployment sets them."""

    kubeconfig: Annotated[
        str,
        typer.Option(envvar="DBAAS_KUBECONFIG", help="By default the cluster whose pod this is.", show_default=False),
    ] = ""
    context: Annotated[
        str, typer.Option(envvar="DBAAS_CONTEXT", help="A context of the kubeconfig.", show_default=False)
    ] = ""
    namespaces: Annotated[
        str,
        typer.Option(
            envvar="DBAAS_NAMESPACES", metavar="A,B", help="Work in these only; by default in all.", show_default=False
        ),
    ] = ""
    selector: Annotated[
        str,
        typer.Option(
            envvar="DBAAS_SELECTOR", metavar="KEY=VALUE,…", show_default=False,
            help="Work on objects with these labels only, where several operators share a cluster.",
        ),
    ] = ""  # fmt: skip
    controllers: Annotated[
        str,
        typer.Option(
            envvar="DBAAS_CONTROLLERS", metavar="LIST", help="Which run: * for all, NAME, -NAME.", show_default=False
        ),
    ] = ""
    leader_elect: Annotated[
        bool,
        typer.Option(
            "--leader-elect/--no-leader-elect", envvar="DBAAS_LEADER_ELECT",
            help="Work only while holding the Lease; without, no other replica may run.",
        ),
    ] = True  # fmt: skip
    lease_name: Annotated[str, typer.Option(envvar="DBAAS_LEASE_NAME", help="Name of the Lease.")] = LEASE_NAME
    lease_namespace: Annotated[
        str,
        typer.Option(envvar="DBAAS_LEASE_NAMESPACE", help="Where it is; by default our own.", show_default=False),
    ] = ""
    metrics_address: Annotated[
        str, typer.Option(envvar="DBAAS_METRICS_ADDRESS", metavar="[HOST]:PORT", help="For metrics and health.")
    ] = ":8080"
    webhooks: Annotated[
        bool, typer.Option("--webhooks/--no-webhooks", envvar="DBAAS_WEBHOOKS", help="Review objects before storing.")
    ] = True
    webhook_address: Annotated[
        str, typer.Option(envvar="DBAAS_WEBHOOK_ADDRESS", metavar="[HOST]:PORT", help="For reviews.")
    ] = ":9443"
    webhook_certificates: Annotated[
        str,
        typer.Option(
            envvar="DBAAS_WEBHOOK_CERTIFICATES", metavar="FOLDER", show_default=False,
            help="With tls.crt and tls.key, as cert-manager writes them; by default they are made and renewed here.",
        ),
    ] = ""  # fmt: skip
    log_level: Annotated[str, typer.Option(envvar="DBAAS_LOG_LEVEL", help="One of debug, info, warning, error.")] = (
        "info"
    )


def run(options: OperatorOptions) -> None:
    """Run the controllers in a Kubernetes cluster.

    Replicas stand by for each other. The log is on standard error, one JSON object a line. SIGTERM ends in order: what
    is in work is finished and the Lease given back; a second one ends at once. Exit code 1 where the Lease was lost.
    """
    from dbaas.app.operator import run_operator
    from dbaas.core.logs import stream_logs
    from dbaas.core.memory import set_aside

    settings = read_settings(options, os.environ)
    stream_logs(_level(options.log_level))
    set_aside()
    asyncio.run(run_operator(settings, _announce))


def read_settings(options: OperatorOptions, environment: Mapping[str, str]) -> OperatorSettings:
    """Raises WrongUsage, BadSelector, and BadKubeconfig where there is no way to a cluster."""
    from dbaas.api.resource import Key
    from dbaas.app.operator import OperatorSettings
    from dbaas.app.partition import parse_labels

    access = find_access(options, environment)
    host, port = parse_address(options.metrics_address)
    lease = Key(options.lease_namespace or access.namespace, options.lease_name) if options.leader_elect else None
    return OperatorSettings(
        access,
        namespaces=split_names(options.namespaces),
        labels=parse_labels(options.selector),
        controllers=options.controllers,
        lease=lease,
        metrics_host=host,
        metrics_port=port,
        webhooks=_read_webhooks(options, access.namespace) if options.webhooks else None,
        environment=environment,
    )


def find_access(options: OperatorOptions, environment: Mapping[str, str]) -> Access:
    """Only a cluster that is named, or the one that this pod is in: none is taken because it happens to be at hand."""
    from dbaas.kube.in_cluster import in_cluster_access, is_in_cluster
    from dbaas.kube.kubeconfig import load_kubeconfig, split_paths

    if options.kubeconfig or options.context:
        paths = options.kubeconfig or environment.get("KUBECONFIG") or "~/.kube/config"
        return load_kubeconfig(split_paths(paths, os.pathsep)).access(options.context, environment)
    if is_in_cluster(environment):
        return in_cluster_access(environment)
    raise WrongUsage("which cluster? this is no pod: name a kubeconfig (--kubeconfig) or one of its contexts")


def parse_address(text: str) -> tuple[str, int]:
    """`host:port`, `[::1]:port`, `:port`; an empty host stands for all addresses of the machine."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise WrongUsage(f"cannot listen on {text!r}: it is not of the form [HOST]:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _read_webhooks(options: OperatorOptions, namespace: str) -> WebhookSettings:
    from dbaas.api.resource import Key
    from dbaas.app.operator import WebhookSettings
    from dbaas.manifests.installation import WEBHOOKS, wide_name

    host, port = parse_address(options.webhook_address)
    return WebhookSettings(
        host,
        port,
        certificates=Path(options.webhook_certificates) if options.webhook_certificates else None,
        secret=Key(namespace, WEBHOOKS),
        service=WEBHOOKS,
        configuration=wide_name(namespace),
    )


def _level(text: str) -> str:
    from dbaas.core.logs import LEVELS

    if text.lower() not in LEVELS:
        raise WrongUsage(f"there is no log level {text!r}: say one of {', '.join(LEVELS)}")
    return text.lower()


def _announce(serving: Serving) -> None:
    import structlog

    structlog.get_logger(__name__).info(
        "serving", identity=serving.identity, metrics_port=serving.metrics, webhook_port=serving.webhooks
    )
