"""Which server a command talks to: the laptop unless a Kubernetes cluster is asked for by name.

`KUBECONFIG` alone counts only when no laptop runs here, and ~/.kube/config never does without `--context`: nobody
should change a cluster because a laptop happens to be down. What was chosen is always shown.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dbaas.cli.exits import NothingRuns
from dbaas.cli.options import HomeOptions, TargetOptions
from dbaas.core.home import Home
from dbaas.kube.access import Access

LAPTOP = "laptop"
CONTEXT = "dbaas"
ROOT_HOME = Path("/var/lib/dbaas")


@dataclass(frozen=True)
class Target:
    """`home` is there for a laptop only."""

    name: str
    access: Access
    home: Home | None = None

    @property
    def is_laptop(self) -> bool:
        return self.home is not None

    @property
    def site(self) -> Literal["laptop", "kubernetes"]:
        """Where clusters run that are applied there (`contracts.provider.Site`)."""
        return "laptop" if self.is_laptop else "kubernetes"


def find_home(options: HomeOptions) -> Home:
    """By default the platform's data folder; for root one that the servers' own user can go through."""
    if options.home:
        return Home(Path(options.home).expanduser().absolute())
    if os.geteuid() == 0:
        return Home(ROOT_HOME)
    import platformdirs

    return Home(Path(platformdirs.user_data_dir("dbaas", appauthor=False)))


def select_target(options: TargetOptions, environment: Mapping[str, str]) -> Target:
    """Raises NothingRuns, and BadKubeconfig where the kubeconfig cannot be used."""
    if options.kubeconfig or options.context:
        return _from_kubeconfig(
            options.kubeconfig or environment.get("KUBECONFIG") or "~/.kube/config", options, environment
        )
    home = find_home(options)
    running = home.running()
    if running is not None and running.is_serving:
        return Target(LAPTOP, Access(server=running.endpoint, context=CONTEXT, token_file=home.token), home)
    if running is not None:
        raise NothingRuns(f"dbaas is just starting or stopping in {home.path}", "try again in a moment")
    if environment.get("KUBECONFIG"):
        return _from_kubeconfig(environment["KUBECONFIG"], options, environment)
    raise NothingRuns(
        f"dbaas does not run on this machine (home {home.path})",
        "start it: dbaas up -d",
        "or name a Kubernetes cluster: --kubeconfig FILE, --context NAME",
    )


def _from_kubeconfig(paths: str, options: TargetOptions, environment: Mapping[str, str]) -> Target:
    from dbaas.kube.kubeconfig import load_kubeconfig, split_paths

    files = split_paths(paths, os.pathsep)
    if not any(file.exists() for file in files):
        raise NothingRuns(f"there is no kubeconfig at {paths}")
    access = load_kubeconfig(files).access(options.context, environment)
    return Target(f"context {access.context}", access)
