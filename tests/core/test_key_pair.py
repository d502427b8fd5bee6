"""Tests of `core.key_pair`."""

from __future__ import annotations

import ssl
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from dbaas.core.certificates import make_authority
from dbaas.core.clock import SystemClock
from dbaas.core.key_pair import KeyPair, load_key_pair


def test_a_pair_is_loaded_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    first, second = (make_authority("ours", SystemClock().now(), timedelta(days=1)) for _ in range(2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_key_pair(context, first)
    with pytest.raises(ssl.SSLError):
        load_key_pair(context, KeyPair(first.certificate, second.private_key))
    assert list(tmp_path.iterdir()) == []
