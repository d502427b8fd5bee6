"""Log lines: JSON in a private file, and never a secret in them."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from dbaas.core.logs import redact, set_up_logs, stream_logs
from dbaas.core.secrets import Secret


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before, configured = (root.handlers, root.level), structlog.get_config()
    set_up_logs(tmp_path / "dbaas.log", verbose=False)
    yield tmp_path / "dbaas.log"
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = before
    structlog.configure(**configured)


def test_a_line_is_a_json_object_in_a_private_file(log_file: Path) -> None:
    structlog.get_logger("dbaas.test").info("something_happened", number=1)
    line = json.loads(log_file.read_text())
    assert (line["event"], line["number"], line["level"]) == ("something_happened", 1, "info")
    assert stat.S_IMODE(log_file.stat().st_mode) == 0o600


def test_secrets_never_reach_the_file(log_file: Path) -> None:
    log = structlog.get_logger("dbaas.test")
    log.info("login", password="hunter2", about={"token": "hunter2"}, value=Secret("hunter2"))
    assert "hunter2" not in log_file.read_text()


def test_names_of_secrets_are_no_secrets() -> None:
    assert redact(None, "info", {"secret_name": "shop-app", "password": "x"}) == {
        "secret_name": "shop-app", "password": "********",
    }  # fmt: skip


def test_a_service_logs_json_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, configured = (root.handlers, root.level), structlog.get_config()
    stream_logs("warning")
    log = structlog.get_logger("dbaas.test.streamed")
    log.info("not_told")
    log.warning("told", password="hunter2")
    root.handlers, root.level = before
    logging.getLogger("dbaas").setLevel(logging.NOTSET)
    structlog.configure(**configured)
    (line,) = capsys.readouterr().err.splitlines()
    assert (json.loads(line)["event"], json.loads(line)["password"]) == ("told", "********")
