"""Log lines: JSON in a private file, and never a secret in them."""

from __future__ import annotations

import json
import logging
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from dbaas.core.logs import keep_off_terminals, redact, set_up_logs, stream_logs
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


SCRIPT = """
import logging
from dbaas.core.logs import keep_off_terminals
for _ in range(2):
    keep_off_terminals("told")
logging.getLogger("told.inside").warning("off the terminal")
assert len(logging.getLogger("told").handlers) == 1
logging.getLogger("untold").warning("on it")
"""


def test_a_library_says_nothing_on_a_terminal_where_no_logs_are_set_up() -> None:
    """In a process of its own: pytest listens to all that is logged."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "on it\n")


def test_where_logs_are_set_up_its_warnings_are_among_them(log_file: Path) -> None:
    keep_off_terminals("dbaas_test_library")
    logging.getLogger("dbaas_test_library").warning("query cancellation failed")
    line = json.loads(log_file.read_text())
    assert (line["event"], line["level"], line["logger"]) == (
        "query cancellation failed", "warning", "dbaas_test_library",
    )  # fmt: skip
