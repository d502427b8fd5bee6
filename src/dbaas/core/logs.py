"""Where log lines go: one JSON object a line into a file, and readable text to people who ask for it.

Values under names that speak of secrets are masked, whoever logged them; values of type `Secret` mask themselves.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog

from dbaas.core.secrets import MASK

FILE_BYTES = 16 * 1024 * 1024
FILES = 3
_TELLTALES = ("password", "secret", "token", "credential", "authorization", "private_key")
_HARMLESS = ("secret_name", "secret_version")


def redact(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: text under a telling name is masked, at any depth."""
    return {key: _masked(key, value) for key, value in event.items()}


def set_up_logs(file: Path | None, *, verbose: bool) -> None:
    """For the whole process; libraries that log by `logging` go the same way from WARNING up."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    handlers: list[logging.Handler] = []
    if file is not None:
        handlers.append(_open_file(file, shared))
    if verbose:
        console = logging.StreamHandler(sys.stderr)
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        console.setFormatter(_formatter(renderer, shared))
        handlers.append(console)
    root = logging.getLogger()
    root.handlers = handlers or [logging.NullHandler()]
    root.setLevel(logging.WARNING)
    logging.getLogger("dbaas").setLevel(logging.INFO)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _open_file(file: Path, shared: list[structlog.typing.Processor]) -> logging.Handler:
    file.touch(mode=0o600)
    handler = RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES)
    handler.setFormatter(_formatter(structlog.processors.JSONRenderer(default=str), shared))
    return handler


def _formatter(renderer: structlog.typing.Processor, shared: list[structlog.typing.Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
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
