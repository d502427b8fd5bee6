"""Which account servers run as."""

from __future__ import annotations

import os
import pwd

from dbaas.laptop.machine import server_user
from fixtures.laptop import needs_root


@needs_root
def test_root_runs_servers_as_a_real_account_without_privileges() -> None:
    user = server_user()
    assert user is not None
    assert user.name in ("dbaas", "nobody")
    assert user.uid == pwd.getpwnam(user.name).pw_uid != 0


def test_everybody_else_runs_servers_as_themselves() -> None:
    if os.geteuid() != 0:
        assert server_user() is None
