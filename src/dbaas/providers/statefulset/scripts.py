"""What the containers of an instance run: two scripts for any POSIX shell, so that any image with the programs will do.

`init` fills the volume before the first start. `run` is the first process of the server's container: it puts the files
in place, starts the server, passes on its end, and tells it when a file has changed that it can read again. Files are
copied, since a server insists on owning them and nobody else reading them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from dbaas.contracts.provider import DATA_OF_OTHER_VERSION, File, Init, Instance
from dbaas.providers.statefulset.places import Places, expand, names_of

WATCH_SECONDS = 2
_FIELD = re.compile(r"\{([a-z_]+)\}")
_HEAD = """\
#!/bin/sh
# Written by dbaas.
set -eu
umask 077
cd {directory}
put() { # a mounted file, in place
	mkdir -p "$(dirname "$1")"
	cat {files}/"$1" >"$1.new"
	mv "$1.new" "$1"
}
"""
_STEP = """\
rm -rf {fresh}
if [ -e {final} ]; then
{check}else
	mkdir {fresh}
	{command}
	sync
	mv {fresh} {final}
	sync
fi
"""
_CHECK = """\
	found=$(cat {mark} 2>/dev/null || echo {version})
	if [ "$found" != {version} ]; then
		said="{reason}: the data was made by version $found, and version {version} cannot read it"
		echo "$said" | tee {last_words} >&2
		exit 1
	fi
"""
_RUN = """\
{command} &
server=$!
trap 'kill -s {signal} "$server" 2>/dev/null || :' TERM INT
watch() {
	while sleep {seconds}; do
		changed=
		for name in {watched}; do
			cmp -s {files}/"$name" "$name" || { put "$name" && changed=1; }
		done
		[ -z "$changed" ] || kill -s {reload} "$server"
	done
}
{start_watch}status=0
while :; do
	wait "$server" && status=0 || status=$?
	kill -0 "$server" 2>/dev/null || exit "$status" # else a signal has ended the wait, not the server
done
"""


def build_init(instance: Instance, places: Places) -> str:
    """Interrupted at any point it leaves nothing under the final name. What only it reads is gone when it ends."""
    fleeting = [file.path for file in instance.files if file.on_change == "nothing"]
    return "".join(
        (
            _head(places),
            *(f"put {shlex.quote(file.path)}\n" for file in instance.files),
            *(_step(step, instance, places) for step in instance.init),
            f"rm -f {shlex.join(fleeting)}\n" if fleeting else "",
        )
    )


def build_run(instance: Instance, places: Places) -> str:
    """Ends as the server does, with its exit code."""
    watched = [file.path for file in instance.files if file.on_change == "reload"]
    run = _fill(
        _RUN,
        command=shlex.join(expand(instance.command, names_of(instance, places))),
        signal=instance.stop.signal.removeprefix("SIG"), reload=instance.reload_signal.removeprefix("SIG"),
        seconds=str(WATCH_SECONDS), watched=shlex.join(watched), files=shlex.quote(places.files),
        start_watch="watch &\n" if watched else "",
    )  # fmt: skip
    return "".join((_head(places), *(f"put {shlex.quote(path)}\n" for path in _lasting(instance.files)), run))


def _head(places: Places) -> str:
    return _fill(_HEAD, directory=shlex.quote(places.directory), files=shlex.quote(places.files))


def _step(step: Init, instance: Instance, places: Places) -> str:
    final = f"{places.directory}/{step.creates}"
    fresh = f"{places.directory}/.{step.creates}.new"
    command = expand(step.command, {**names_of(instance, places), "CREATES": fresh})
    check = "\t:\n"
    if step.mark is not None:
        check = _fill(
            _CHECK, mark=shlex.quote(f"{final}/{step.mark.path}"), version=step.mark.version,
            reason=DATA_OF_OTHER_VERSION, last_words=shlex.quote(places.last_words),
        )  # fmt: skip
    return _fill(
        _STEP, fresh=shlex.quote(fresh), final=shlex.quote(final), check=check, command=shlex.join(command)
    )  # fmt: skip


def _lasting(files: Iterable[File]) -> list[str]:
    return [file.path for file in files if file.on_change != "nothing"]


def _fill(text: str, **values: str) -> str:
    """In one pass, so that nothing in a value is taken for a field. Not `format`: shells use braces themselves."""
    return _FIELD.sub(lambda match: values[match[1]], text)
