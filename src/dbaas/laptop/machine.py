"""What the agent has of the machine, and which account servers run as."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from dbaas.core.clock import Clock
from dbaas.core.offload import Offload
from dbaas.core.process import Processes, User
from dbaas.core.randomness import Randomness

ACCOUNTS = ("dbaas", "nobody")


@dataclass(frozen=True)
class Machine:
    """The seams to the outside. `user` is whom servers run as; None: ourselves, as always unless we are root."""

    processes: Processes
    clock: Clock
    randomness: Randomness
    offload: Offload
    user: User | None = None


def server_user() -> User | None:
    """The account for servers: when we are root `dbaas` if there is one, else `nobody`; None when we are not.

    Database servers refuse to run as root, and look their account up by its id, so it must be a real entry.
    Raises LookupError where root finds neither account.
    """
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(name, entry.pw_uid, entry.pw_gid)
    raise LookupError(f"servers must not run as root, and there is no account named {' or '.join(ACCOUNTS)}")
