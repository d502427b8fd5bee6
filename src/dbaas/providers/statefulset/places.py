"""Where things are in an instance's container, and the words of commands that stand for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbaas.contracts.provider import Instance, NotProvided
from dbaas.providers.statefulset.names import pod_name

ADDRESS = "POD_IP"
"""The variable of the environment with the pod's own address: nobody knows it before there is the pod."""
_WORD = re.compile(r"\$\(([A-Z_]+)\)")


@dataclass(frozen=True)
class Places:
    """Folders in the container. `directory` is the volume, `mounted` what comes from ConfigMap and Secret.

    `namespace` is where the pod is.
    """

    directory: str = "/var/lib/dbaas"
    run: str = "/run/dbaas"
    mounted: str = "/etc/dbaas"
    last_words: str = "/dev/termination-log"
    host: str = "0.0.0.0"
    namespace: str = ""

    @property
    def files(self) -> str:
        return f"{self.mounted}/files"

    @property
    def scripts(self) -> str:
        return f"{self.mounted}/scripts"

    @property
    def secrets(self) -> str:
        """A folder for each file that Secrets are put into, called as the file, with one file for each of them."""
        return f"{self.mounted}/secrets"


PLACES = Places()


def names_of(instance: Instance, places: Places) -> dict[str, str]:
    """What `contracts.provider.Instance` promises to commands."""
    ports = {f"PORT_{port.name.upper()}": str(port.number) for port in instance.ports}
    folders = {"DIRECTORY": places.directory, "RUN": places.run}
    return {**folders, "HOST": places.host, "POD": pod_name(instance), "NAMESPACE": places.namespace, **ports}


def expand(words: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Raises NotProvided for a name that is not known: a server must not start with half a command."""
    return tuple(_WORD.sub(lambda match: _look_up(match[1], names), word) for word in words)


def _look_up(name: str, names: Mapping[str, str]) -> str:
    if name not in names:
        raise NotProvided(f"the command uses $({name}), which this provider does not know")
    return names[name]
