"""What a server writes to its log, and where: lines of text that it prints, or of JSON that it appends to a file.

JSON is written only by PostgreSQL's own collector, and only to files (manual, "Using JSON-Format Log Output"). The
collector is told never to begin another file, so that whoever runs the server can keep this one small, or put a pipe in
its place. Beside it there is always one for what is no message of the server, such as what its libraries print.
"""

from __future__ import annotations

from collections.abc import Mapping

from dbaas.api.cluster import DatabaseClusterSpec

LOGS = ("log/server.json", "log/server.log")
"""In the folder of the instance."""
_TEXT = {"logging_collector": "off", "log_destination": "stderr"}
# Relative names are meant within the data folder.
_JSON = {
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_directory": "../log",
    "log_filename": "server.log",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
}
_LEVELS = {"debug": "debug1", "info": "info", "warning": "warning", "error": "error"}
FILES_OF_JSON = frozenset(_JSON) - frozenset(_TEXT)
"""Settings that are ours where the log is of JSON, and else mean nothing."""


def is_json(spec: DatabaseClusterSpec) -> bool:
    logging = spec.monitoring.logging if spec.monitoring is not None else None
    return logging is not None and logging.format == "json"


def find_logs(spec: DatabaseClusterSpec) -> tuple[str, ...]:
    """Files that the server appends its log to; none where it prints it."""
    return LOGS if is_json(spec) else ()


def place_settings(spec: DatabaseClusterSpec) -> Mapping[str, str]:
    """Where the log goes."""
    return _JSON if is_json(spec) else _TEXT


def level_settings(spec: DatabaseClusterSpec) -> Mapping[str, str]:
    """Messages of that weight and above."""
    logging = spec.monitoring.logging if spec.monitoring is not None else None
    return {"log_min_messages": _LEVELS[logging.level]} if logging is not None and logging.level else {}
