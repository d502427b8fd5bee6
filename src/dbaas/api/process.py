"""Process: what must keep running on this machine, the laptop's counterpart of a Pod made by a StatefulSet."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.conditions import Status
from dbaas.api.model import ATOMIC, SET_OF_SCALARS, Duration, Model, Time, unique_by, validations
from dbaas.api.references import SecretKeyReference
from dbaas.api.resource import Kind

LAPTOP_GROUP = "laptop.dbaas.io"
PROCESS = Kind(LAPTOP_GROUP, "v1", "Process", "processes", short_names=("proc",))

PortName = Annotated[str, Field(min_length=1, max_length=15, pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")]
SignalName = Annotated[str, Field(max_length=12, pattern=r"^SIG[A-Z0-9]+$")]
# Inside the process' folder and never out of it: no leading slash, no `.` or `..` between slashes.
InnerPath = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")
]
FolderName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$")]
CommandLine = Annotated[
    list[Annotated[str, Field(max_length=4096)]], Field(min_length=1, max_length=200, json_schema_extra=ATOMIC)
]
FOLDERS = (
    "`$(DIRECTORY)` is its folder, `$(RUN)` a short private one for sockets, `$(PROGRAMS)` that of its programs, "
    "`$(NAMESPACE)` its namespace, `$(POD)` its name, `$(ADDRESS)` where others reach it"
)


class ProcessVersionMark(Model):
    """Tells which version of the program made a folder, so that another one is not started on it."""

    path: Annotated[InnerPath, Field(description="Text file in the folder that names the version.")]
    version: Annotated[str, Field(min_length=1, max_length=64, description="What it must say.")]


class ProcessUpgradeSource(Model):
    """An older version whose folder may be upgraded."""

    version: Annotated[str, Field(min_length=1, max_length=64, description="What the mark of the folder says.")]
    programs: Annotated[
        str,
        Field(min_length=1, max_length=1024, pattern=r"^/", description="Folder with the programs of that version."),
    ]


class ProcessUpgrade(Model):
    """How a folder of an older version becomes one of this version; what it was made from is kept for a while."""

    sources: Annotated[
        list[ProcessUpgradeSource],
        Field(
            default=[], max_length=20, description="Versions that may be upgraded; without any, none is.",
            json_schema_extra=unique_by("version"),
        ),
    ]  # fmt: skip
    check: Annotated[
        CommandLine,
        Field(
            description="Command that finds out, while the program of the old version still runs, whether it can be "
            "done. `$(OLD)` is the folder, `$(OLD_PROGRAMS)` where the programs are that made it, `$(CREATES)` an "
            "empty one to try it in."
        ),
    ]
    command: Annotated[CommandLine, Field(description="Command that fills `$(CREATES)` from `$(OLD)`; nothing runs.")]
    undo: Annotated[
        CommandLine,
        Field(
            description="Command that makes `$(OLD)` usable again for the version that made it, or fails where "
            "`$(NEW)`, which became of it, has been in use."
        ),
    ]
    after: Annotated[CommandLine, Field(description="Command to run once when the program serves.")]


class ProcessInit(Model):
    """A command that makes a folder before the first start; it happens entirely or not at all."""

    command: Annotated[CommandLine, Field(description="Command; `$(CREATES)` is the empty folder that it fills.")]
    creates: Annotated[FolderName, Field(description="What the folder is called once the command has succeeded.")]
    mark: Annotated[
        ProcessVersionMark | None, Field(default=None, description="How to tell whether a folder fits that is there.")
    ]
    upgrade: Annotated[
        ProcessUpgrade | None, Field(default=None, description="What becomes of a folder of another version.")
    ]
    once: Annotated[
        bool,
        Field(default=False, description="Whether no other is made where the program was ready once and it is gone."),
    ]


class EnvironmentVariable(Model):
    """One variable of the environment. No secrets: other programs of the same user can read it."""

    name: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Name.")]
    value: Annotated[str, Field(default="", max_length=4096, description="Value; variables as in `command`.")]


class FileSecret(Model):
    """A value from a Secret within the content of a file."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Z][A-Z0-9_]*$", description="Name.")]
    secret_key_ref: Annotated[SecretKeyReference, Field(description="Where its value is.")]


class ProcessFile(Model):
    """A file in the process' folder, readable by nobody else."""

    path: Annotated[InnerPath, Field(description="Path in the folder.")]
    content: Annotated[str | None, Field(default=None, max_length=262144, description="Content, word for word.")]
    secret_key_ref: Annotated[SecretKeyReference | None, Field(default=None, description="Content from a Secret.")]
    secrets: Annotated[
        list[FileSecret],
        Field(
            default=[], max_length=20, json_schema_extra=unique_by("name"),
            description="What `$(NAME)` in `content` stands for, escaped as within a string of JSON.",
        ),
    ]  # fmt: skip
    on_change: Annotated[
        Literal["restart", "reload", "nothing"],
        Field(default="restart", description="What the running program needs when the content changes."),
    ]


class ProcessPort(Model):
    """A TCP port on the loopback address; `$(PORT_<NAME>)` is its number."""

    name: Annotated[PortName, Field(description="Name.")]
    preferred: Annotated[
        int, Field(ge=1024, le=65535, description="Number to take if it is free, else the next free one above it.")
    ]


class Probe(Model):
    """A question asked again and again: a command that exits 0, a connection that is accepted, or a page answered."""

    command: Annotated[
        list[Annotated[str, Field(max_length=4096)]],
        Field(default=[], max_length=200, description="Command.", json_schema_extra=ATOMIC),
    ]
    port: Annotated[PortName | None, Field(default=None, description="Name of the port to connect to.")]
    path: Annotated[
        str | None,
        Field(
            default=None, max_length=200, pattern=r"^/[!-~]*$",
            description="What an HTTP GET at the port must answer with 200; a halted program accepts connections.",
        ),
    ]  # fmt: skip
    period: Annotated[Duration, Field(default="1s", description="Time between two probes.")]
    timeout: Annotated[Duration, Field(default="3s", description="Time for an answer.")]
    failures: Annotated[int, Field(default=3, ge=1, le=100, description="Failures in a row that count.")]


class Probes(Model):
    """How to find out how the program is."""

    ready: Annotated[Probe | None, Field(default=None, description="Whether it serves; without it, whether it runs.")]
    alive: Annotated[
        Probe | None,
        Field(default=None, description="Whether it must be restarted; counts once it has been ready."),
    ]


class Restart(Model):
    """How soon it is started again after it ended by itself."""

    backoff: Annotated[
        Duration, Field(default="1s", description="First pause; it doubles each time up to `maxBackoff`.")
    ]
    max_backoff: Annotated[
        Duration, Field(default="1m", description="Longest pause; a run that outlasts it starts the pauses anew.")
    ]


class ProcessSpec(Model):
    """The wanted process."""

    programs: Annotated[
        str, Field(min_length=1, max_length=1024, pattern=r"^/", description="Folder with the programs it uses.")
    ]
    command: Annotated[
        CommandLine,
        Field(
            description="Command; the first word is a program in `programs`. "
            f"{FOLDERS}, `$(HOST)` the address to listen on, `$(PORT_<NAME>)` a port."
        ),
    ]
    init: Annotated[
        list[ProcessInit],
        Field(
            default=[], max_length=10, description="Steps before the first start.",
            json_schema_extra=unique_by("creates"),
        ),
    ]  # fmt: skip
    env: Annotated[
        list[EnvironmentVariable],
        Field(default=[], max_length=100, description="Environment.", json_schema_extra=unique_by("name")),
    ]
    files: Annotated[
        list[ProcessFile],
        Field(
            default=[], max_length=100, description="Files to write.",
            json_schema_extra=unique_by("path")
            | validations(
                {
                    "rule": "self.all(f, has(f.content) != has(f.secretKeyRef))",
                    "message": "a file has either content or secretKeyRef",
                }
            ),
        ),
    ]  # fmt: skip
    ports: Annotated[
        list[ProcessPort],
        Field(default=[], max_length=20, description="TCP ports.", json_schema_extra=unique_by("name")),
    ]
    probes: Annotated[Probes, Field(default=Probes(), description="How to find out how it is.")]
    restart: Annotated[Restart, Field(default=Restart(), description="How soon it is started again.")]
    stop_signal: Annotated[SignalName, Field(default="SIGTERM", description="Signal that asks it to end.")]
    stop_timeout: Annotated[Duration, Field(default="60s", description="Time to end before it is killed.")]
    reload_signal: Annotated[SignalName, Field(default="SIGHUP", description="Signal that makes it read its files.")]
    packages: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200)]],
        Field(
            default=[], max_length=20, json_schema_extra=ATOMIC,
            description="Python packages of this installation; the command's first word is then a module of theirs, or "
            "a file of Python.",
        ),
    ]  # fmt: skip
    uses_api: Annotated[
        bool, Field(default=False, description="Give it a kubeconfig of this API; `KUBECONFIG` says where it is.")
    ]
    sets_aside: Annotated[
        bool,
        Field(
            default=False,
            description="Put aside, before the first start, what an earlier process of this name has left.",
        ),
    ]
    data_mark: Annotated[
        str | None,
        Field(
            default=None, max_length=128, pattern=r"^[!-~]*$",
            description="Where it is another one than that of its folder, all that is there is thrown away and made "
            "anew.",
        ),
    ]  # fmt: skip
    leash: Annotated[
        InnerPath | None,
        Field(
            default=None,
            description="Pid file of a program that the command starts in a session of its own. It is killed with its "
            "children as soon as the command has ended or is not alive any more.",
        ),
    ]
    logs: Annotated[
        list[InnerPath],
        Field(
            default=[], max_length=10, json_schema_extra=SET_OF_SCALARS,
            description="Files in its folder that it appends its log to, beside what it prints; all are kept small.",
        ),
    ]  # fmt: skip
    stopped: Annotated[bool, Field(default=False, description="Stop it and keep its data.")]
    restarted_at: Annotated[
        Time | None, Field(default=None, description="When a restart was asked for last: another time restarts it.")
    ]
    data_policy: Annotated[
        Literal["Retain", "Delete"],
        Field(default="Retain", description="What becomes of its folder when the object is deleted."),
    ]


class LastExit(Model):
    """How the program ended last time."""

    code: Annotated[int | None, Field(default=None, description="Exit code.")]
    signal: Annotated[str | None, Field(default=None, max_length=32, description="Signal that ended it.")]
    at: Annotated[Time, Field(description="When we learned of it.")]
    message: Annotated[str, Field(default="", max_length=1024, description="What is known about it.")]


class ProcessStatus(Status):
    """The observed process."""

    pid: Annotated[int | None, Field(default=None, description="Process id while it runs.")]
    started_at: Annotated[Time | None, Field(default=None, description="When it was started.")]
    host: Annotated[str | None, Field(default=None, max_length=253, description="Address that it listens on.")]
    ports: Annotated[
        dict[str, int], Field(default={}, max_length=20, description="Port numbers: given once, then kept.")
    ]
    restarts: Annotated[int, Field(default=0, description="How often it was started again after it ended by itself.")]
    last_exit: Annotated[LastExit | None, Field(default=None, description="How it ended last time.")]
    log: Annotated[str | None, Field(default=None, max_length=4096, description="File with what it prints.")]
    logs: Annotated[
        list[Annotated[str, Field(max_length=4096)]],
        Field(
            default=[], max_length=10, json_schema_extra=ATOMIC,
            description="Files that it appends its log to.",
        ),
    ]  # fmt: skip


class Process(Model):
    """What must keep running on this machine; made by the `process` provider, run by the laptop's agent."""

    spec: ProcessSpec
    status: ProcessStatus | None = None


COLUMNS = (
    ("PID", "integer", ".status.pid"),
    ("Restarts", "integer", ".status.restarts"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
RULES = validations(
    {
        "rule": "self.metadata.name.size() <= 180",
        "message": "a process' name has at most 180 characters, because files are named after it and its namespace",
    }
)
