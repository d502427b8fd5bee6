"""What the commands of one process run in, and what the variables in them stand for. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from dbaas.api.process import EnvironmentVariable, ProcessSpec
from dbaas.core.process import Command, User
from dbaas.laptop.ports import HOST

KUBECONFIG = "kubeconfig"
_VARIABLE = re.compile(r"\$(\$)?\(([A-Za-z_][A-Za-z0-9_]*)\)")


def expand(text: str, values: Mapping[str, str]) -> str:
    """`$(NAME)` becomes its value; a name that is not known stays as it is, and `$$(NAME)` becomes `$(NAME)`."""

    def replace(match: re.Match[str]) -> str:
        if match.group(1):
            return match.group(0)[1:]
        return values.get(match.group(2), match.group(0))

    return _VARIABLE.sub(replace, text)


@dataclass(frozen=True)
class Python:
    """An interpreter that the servers' user can run; `env` is what it needs besides."""

    executable: Path
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """Folders, ports and environment of one process. `python` runs its command, where that is a module."""

    programs: Path
    directory: Path
    sockets: Path
    ports: Mapping[str, int]
    env: Sequence[EnvironmentVariable] = ()
    user: User | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    namespace: str = ""
    python: Python | None = None

    @property
    def variables(self) -> dict[str, str]:
        ports = {f"PORT_{name.upper().replace('-', '_')}": str(number) for name, number in self.ports.items()}
        places = {"DIRECTORY": str(self.directory), "RUN": str(self.sockets), "PROGRAMS": str(self.programs)}
        return {**places, "HOST": HOST, "ADDRESS": HOST, "NAMESPACE": self.namespace, **ports, **self.more}

    def knowing(self, **more: str) -> Surroundings:
        """The same, with further names that commands may use."""
        return replace(self, more={**self.more, **more})

    def command(self, argv: Sequence[str]) -> Command:
        """Ready to run. A first word without a slash is a program of ours."""
        values = self.variables
        program, *rest = (expand(word, values) for word in argv)
        if "/" not in program:
            program = str(self.programs / program)
        env = {"PATH": f"{self.programs}:/usr/bin:/bin", "HOME": str(self.directory)}
        env |= {variable.name: expand(variable.value, values) for variable in self.env}
        return Command((program, *rest), self.directory, env, self.user)

    def main_command(self, argv: Sequence[str]) -> Command:
        """The command that the process is: a module or a file of Python, where there is an interpreter for it."""
        if self.python is None:
            return self.command(argv)
        how = () if argv[0].endswith(".py") else ("-m",)
        found = self.command((str(self.python.executable), "-I", *how, *argv))
        return replace(found, env={**found.env, **self.python.env})


@dataclass(frozen=True)
class Launch:
    """What should run: the command, and digests that tell whether what runs was started like that and has read that."""

    command: Command
    runs: str
    loaded: str


def build_launch(spec: ProcessSpec, surroundings: Surroundings, contents: Mapping[str, bytes]) -> Launch:
    """`contents` are the files by path. A file that needs nothing on change is in neither digest."""
    command = surroundings.main_command(spec.command)
    by_need: dict[str, list[tuple[str, str]]] = {"restart": [], "reload": [], "nothing": []}
    if spec.uses_api:
        by_need["restart"].append((KUBECONFIG, hashlib.sha256(contents[KUBECONFIG]).hexdigest()))
    for file in spec.files:
        by_need[file.on_change].append((file.path, hashlib.sha256(contents[file.path]).hexdigest()))
    user = command.user.name if command.user else ""
    asked = (spec.restarted_at,) if spec.restarted_at else ()
    started = (command.argv, sorted(command.env.items()), user, sorted(by_need["restart"]), *asked)
    return Launch(command, _digest(started), _digest(sorted(by_need["reload"])))


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:16]
