"""Where log lines go: one JSON object a line into a file or to a collector, and readable text to people who ask for it.

Values under names that speak of secrets are masked, whoever logged them; values of type `Secret` mask themselves.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog

from dbaas.core.secrets import MASK

FILE_BYTES = 16 * 1024 * 1024
FILES = 3
LEVELS = ("debug", "info", "warning", "error")
_TELLTALES = ("password", "secret", "token", "credential", "authorization", "private_key")
_HARMLESS = ("secret_name", "secret_version")


def redact(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: text under a telling name is masked, at any depth."""
    return {key: _masked(key, value) for key, value in event.items()}


def set_up_logs(file: Path | None, *, verbose: bool) -> None:
    """For the whole process; libraries that log by `logging` go the same way from WARNING up."""
    handlers: list[logging.Handler] = []
    if file is not None:
        handlers.append(_open_file(file))
    if verbose:
        console = logging.StreamHandler(sys.stderr)
        console.setFormatter(_formatter(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())))
        handlers.append(console)
    _install(handlers, "INFO")


def stream_logs(level: str) -> None:
    """For the whole process, as JSON on standard error, where a collector reads it. `level` is one of LEVELS."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(_formatter(structlog.processors.JSONRenderer(default=str)))
    _install([stream], level.upper())


def keep_off_terminals(library: str) -> None:
    """What it says by `logging` goes where all lines go, and nowhere where that is not set up.

    Python itself would write it to standard error, between the lines of a command.
    """
    logger = logging.getLogger(library)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _install(handlers: list[logging.Handler], level: str) -> None:
    root = logging.getLogger()
    root.handlers = handlers or [logging.NullHandler()]
    root.setLevel(logging.WARNING)
    logging.getLogger("dbaas").setLevel(level)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _open_file(file: Path) -> logging.Handler:
    file.touch(mode=0o600)
    handler = RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES)
    handler.setFormatter(_formatter(structlog.processors.JSONRenderer(default=str)))
    return handler


def _formatter(renderer: structlog.typing.Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )


def _masked(key: str, value: Any) -> Any:
    name = key.lower()
    if isinstance(value, dict):
        return {inner: _masked(str(inner), content) for inner, content in value.items()}
    if isinstance(value, str) and name not in _HARMLESS and any(word in name for word in _TELLTALES):
        return MASK
    return value


_SHARED: Sequence[structlog.typing.Processor] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    redact,
)
