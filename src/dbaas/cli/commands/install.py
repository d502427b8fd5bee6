"""`dbaas install`: definitions, rights and the operator into a Kubernetes cluster, or the newer ones over the older."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import click
import typer

from dbaas.cli.exits import WrongUsage
from dbaas.cli.formats import Format, dump
from dbaas.cli.options import TargetOptions, split_names
from dbaas.cli.session import Session, run_on_target
from dbaas.cli.terminal import write

if TYPE_CHECKING:
    from dbaas.manifests.installation import Certificates, Installation

IMAGE = "dbaas"
NAMESPACE = "dbaas-system"
MOST_NAMED = 3
Options = TypeVar("Options", bound=TargetOptions)
_CERTIFICATES = click.Choice(["own", "cert-manager", "off"])


@dataclass(frozen=True, kw_only=True)
class InstallOptions(TargetOptions):
    """What to install, and where."""

    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Namespace of the operator.")] = NAMESPACE
    namespaced: Annotated[
        str,
        typer.Option(metavar="A,B", help="Work in these namespaces only, with rights in no other.", show_default=False),
    ] = ""
    selector: Annotated[
        str,
        typer.Option(
            metavar="KEY=VALUE,…", show_default=False,
            help="Work on objects with these labels only, where several operators share a cluster.",
        ),
    ] = ""  # fmt: skip
    image: Annotated[
        str, typer.Option(help="Image of the operator; by default dbaas: with this version.", show_default=False)
    ] = ""
    replicas: Annotated[int, typer.Option(help="One works, the others stand by.", min=0)] = 2
    webhooks: Annotated[
        str, typer.Option(help="Whose certificate reviews are answered with, or off.", click_type=_CERTIFICATES)
    ] = "own"
    monitoring: Annotated[
        bool,
        typer.Option(
            "--monitoring", help="Tell Prometheus what to scrape and when to call somebody, by the Prometheus operator."
        ),
    ] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print all objects as YAML; no cluster is asked.")] = False


def run(options: InstallOptions) -> None:
    """Install the operator into a Kubernetes cluster, or bring it up to date.

    Doing it again changes nothing. What an earlier version had installed and this one has not is removed; objects that
    people made never are. Without --namespaced the operator can read the Secrets of all namespaces.
    """
    from dbaas.manifests.installation import build_installation

    bodies = build_installation(read_installation(options))
    if options.dry_run:
        write("\n---\n".join(dump(body, Format.YAML) for body in bodies))
        return
    run_on_target(name_cluster(options, os.environ), lambda session: _install(session, bodies, options))


def read_installation(options: InstallOptions) -> Installation:
    """Raises BadSelector, WrongUsage."""
    from dbaas.app.installing import plan_installation
    from dbaas.app.partition import parse_labels

    this = version("dbaas")
    namespaces = split_names(options.namespaced)
    if options.namespaced and not namespaces:
        raise WrongUsage("--namespaced names no namespace")
    return replace(
        plan_installation(options.image or f"{IMAGE}:{this}", this),
        namespace=options.namespace,
        namespaces=namespaces,
        labels=parse_labels(options.selector),
        replicas=options.replicas,
        webhooks=cast("Certificates", options.webhooks),
        monitoring=options.monitoring,
    )


def name_cluster(options: Options, environment: Mapping[str, str]) -> Options:
    """With the cluster that is meant, never the laptop, which needs no operator. Raises WrongUsage."""
    if options.kubeconfig or options.context:
        return options
    if not environment.get("KUBECONFIG"):
        raise WrongUsage("which cluster? name its kubeconfig (--kubeconfig) or context (--context)")
    return replace(options, kubeconfig=environment["KUBECONFIG"])


def describe_wide_rights(bodies: Sequence[Mapping[str, Any]]) -> list[str]:
    """What an operator of some namespaces may do outside of them, as it is granted; statuses go without saying."""
    bound = {body["roleRef"]["name"] for body in bodies if body["kind"] == "ClusterRoleBinding"}
    roles = [body for body in bodies if body["kind"] == "ClusterRole" and body["metadata"]["name"] in bound]
    lines = ["outside of these namespaces it may, since what is in no namespace can be allowed only cluster-wide:"]
    for rule in (rule for role in roles for rule in role["rules"]):
        group = f".{rule['apiGroups'][0]}" if rule["apiGroups"][0] else ""
        named = rule.get("resourceNames", ())
        names = f" ({', '.join(named) if len(named) <= MOST_NAMED else f'{len(named)} of them, by name'})" * bool(named)
        resources = [f"{resource}{group}{names}" for resource in rule["resources"] if "/" not in resource]
        lines += [f"  {', '.join(rule['verbs'])}: {', '.join(resources)}"] if resources else []
    return [*lines, "and write Events in namespace default, where those about such objects are"]


def describe_rivals(rivals: Sequence[str], namespace: str) -> str:
    """Why nothing was changed, and both ways on."""
    names = ", ".join(rivals)
    there = f"the operator in namespace {names} works" if len(rivals) == 1 else f"operators in namespaces {names} work"
    away = "; ".join(f"dbaas uninstall -n {name}" for name in rivals)
    return (
        f"cannot install into namespace {namespace}: {there} on the same objects; nothing was changed. "
        f"To have both, part them by --selector or --namespaced; to move, first: {away}"
    )


async def _install(session: Session, bodies: Sequence[dict[str, Any]], options: InstallOptions) -> None:
    from dbaas.app.installing import FIELD_MANAGER, NotInstalled, find_rivals, install
    from dbaas.kube.verbs import RestClient, Writing

    rest = RestClient(session.transport, Writing(FIELD_MANAGER, validation="Strict"))
    if rivals := await find_rivals(rest, bodies, options.namespace):
        raise NotInstalled(describe_rivals(rivals, options.namespace))
    changes: list[str] = []

    def tell(line: str) -> None:
        changes.append(line)
        session.terminal.print(line)

    for line in describe_wide_rights(bodies) if options.namespaced else ():
        session.terminal.remark(line)
    await install(rest, bodies, options.namespace, session.clock, tell)
    if not changes:
        session.terminal.print("nothing to change")
    session.terminal.remark(f"see it start: kubectl -n {options.namespace} rollout status deployment/dbaas-operator")
