"""What a server does when it is the only one left: it forgets the replicas that it has kept changes for.

A slot that nobody reads keeps the log of changes for ever, until the disk is full. Patroni drops those of its members
only half an hour after they have gone, and is gone itself by then.
"""

from __future__ import annotations

import re

from dbaas.contracts.provider import Init

ALONE, PREPARED = "alone", "prepared"
"""Empty folders that tell which of the two has been done last: made the only one, or one of several."""
# Without the settings that others' slots and transactions need, the server would not come up with these.
_SCRIPT = """\
set -e
ample="-c wal_level=logical -c max_replication_slots=1000 -c max_prepared_transactions=1000"
test -z "$(ls -A "$1/pg_replslot" 2>/dev/null)" ||
	printf "%s\\n" "$2" | postgres --single $ample -D "$1" postgres >/dev/null
rm -rf "$3"
"""


def forget_replicas(cluster: str, data: str) -> Init:
    """Before the first start without them. Slots of others stay: only members have such names."""
    own = re.sub("[^a-z0-9]", "_", cluster)  # as patroni.dcs.slot_name_from_member_name does
    statement = (
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_type = 'physical' and "
        f"slot_name ~ '^{own}(_[0-9]+)*$'"
    )
    folder = f"$(DIRECTORY)/{data}"
    return Init(("/bin/sh", "-c", _SCRIPT, "sh", folder, statement, f"$(DIRECTORY)/{PREPARED}"), ALONE)
