"""`dbaas kubeconfig`: where other clients find out how to reach the laptop."""

from __future__ import annotations

from dataclasses import dataclass

from dbaas.cli.exits import NothingRuns
from dbaas.cli.options import HomeOptions
from dbaas.cli.targets import find_home
from dbaas.cli.terminal import write


@dataclass(frozen=True, kw_only=True)
class KubeconfigOptions(HomeOptions):
    """Which laptop."""


def run(options: KubeconfigOptions) -> None:
    """Print the path of the laptop's kubeconfig.

    For kubectl: kubectl --kubeconfig "$(dbaas kubeconfig)" get databases
    """
    home = find_home(options)
    if not home.kubeconfig.exists():
        raise NothingRuns(f"there is no laptop in {home.path} yet", "start it: dbaas up -d")
    write(str(home.kubeconfig))
