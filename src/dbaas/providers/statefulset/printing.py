"""How a container prints the log of a server that appends it to files: by a pipe in the place of these.

So nothing of it is on the disk, and Kubernetes keeps it as it keeps all logs. The first process holds the pipe open:
so the server can open it at any time without waiting for the reader, and close it without ending him. Where the reader
was killed there is another one at once, so that no server waits for one.
"""

from __future__ import annotations

import shlex

from dbaas.contracts.provider import Instance
from dbaas.providers.statefulset.places import Places
from dbaas.providers.statefulset.texts import fill_in

PRINT_SECONDS = 5
"""For what a server said last."""
_PRINT = """\
pipe={run}/log
rm -f "$pipe"
mkfifo "$pipe"
for log in {logs}; do
	mkdir -p "$(dirname "$log")"
	ln -sfn "$pipe" "$log"
done
exec 8<>"$pipe"
(until cat; do :; done) 8>&- <"$pipe" &
reader=$!
print_rest() {
	exec 8>&-
	(sleep {patience} && kill "$reader" 2>/dev/null) &
	wait "$reader" || :
}
"""


def build_print(instance: Instance, places: Places) -> str:
    """What comes before the server is started; empty where it prints its log itself."""
    if not instance.logs:
        return ""
    logs = shlex.join(instance.logs)
    return fill_in(_PRINT, run=shlex.quote(places.run), logs=logs, patience=str(PRINT_SECONDS))


def build_clearing(instance: Instance, places: Places) -> str:
    """What comes before anything else that may start a server: it would wait for ever for a reader of an old pipe."""
    return f"rm -f {shlex.quote(places.run)}/log\n" if instance.logs else ""


def without_pipe(instance: Instance) -> str:
    """What is behind a command that must not hold the pipe open."""
    return "8>&- " if instance.logs else ""


def build_end(instance: Instance) -> str:
    """What is done when the server has ended; what is on a leash must not outlive its holder for the sake of a log."""
    end = 'exit "$status"'
    return f"{{ print_rest; {end}; }}" if instance.logs and not instance.leash else end
