"""What the containers of an instance run: two scripts for any POSIX shell, so that any image with the programs will do.

`init` fills the volume before the first start. `run` is the first process of the server's container: it puts the files
in place, starts the server, passes on its end, and tells it when a file has changed that it can read again. Files are
copied, since a server insists on owning them and nobody else reading them.

An instance that holds something on a leash ends with it: whatever `run` has started, in whatever session, is in the
container's own namespace of processes, and the kernel kills all of it when the first process has ended
(pid_namespaces(7)).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from dbaas.contracts.provider import DATA_OF_OTHER_VERSION, File, Init, Instance
from dbaas.providers.statefulset.places import Places, expand, names_of

WATCH_SECONDS = 2
PROGRAM_MISSING = "ProgramMissing"
"""The reason why an instance is refused whose image has not the program that it is to run."""
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
_FILL = """\
fill() { # $1: a mounted file; $2: the names of the Secrets in it. The result is $1.new
	mkdir -p "$(dirname "$1")"
	awk -v folder={secrets}/"$1" -v names="$2" -f {scripts}/fill {files}/"$1" >"$1.new"
}
"""
# A pod that was deleted by force may still run when its successor does, and the volume is theirs both: the server of
# each would think that it is alone. What they start keeps the file open, so the lock ends with the last of them.
_LOCK = """\
exec 9>>.lock
flock -n 9 || {
	echo "waiting until an earlier pod of this instance has ended" >&2
	flock 9
}
"""
_REQUIRE = """\
for program in {programs}; do
	command -v "$program" >/dev/null || {
		said="{reason}: this image has no program '$program': name one that has it in spec.images of the DatabaseEngine"
		echo "$said" | tee {last_words} >&2
		exit 1
	}
done
"""
_SET_ASIDE = """\
if [ -s {mark} ]; then # what an earlier instance of this name has left: others have served since
	number=1
	while [ -e {final}.left-$number ]; do number=$((number + 1)); done
	mv {final} {final}.left-$number
fi
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
{watch_filled}		[ -z "$changed" ] || kill -s {reload} "$server"
	done
}
{start_watch}status=0
while :; do
	wait "$server" && status=0 || status=$?
	kill -0 "$server" 2>/dev/null || exit "$status" # else a signal has ended the wait, not the server
done
"""


_WATCH_FILLED = """\
		if fill {name} {variables} && ! cmp -s {name}.new {name}; then mv {name}.new {name} && changed=1; fi
		rm -f {name}.new
"""


def script_names(instance: Instance) -> tuple[str, ...]:
    """Which of them the instance needs."""
    has_secrets = any(file.secrets for file in instance.files)
    return ("run", *(("init",) if instance.init else ()), *(("fill",) if has_secrets else ()))


def build_init(instance: Instance, places: Places, *, is_newcomer: bool = False) -> str:
    """Interrupted at any point it leaves nothing under the final name. What only it reads is gone when it ends.

    `is_newcomer`: the others of its cluster serve already, so that what is on the volume counts no more.
    """
    fleeting = [file.path for file in instance.files if file.on_change == "nothing"]
    return "".join(
        (
            _head(instance, places),
            _require(instance, places),
            _LOCK if instance.leash else "",
            *_place(instance.files),
            *(_set_aside(step, places) for step in instance.init if is_newcomer and instance.joins and step.mark),
            *(_step(step, instance, places) for step in instance.init),
            f"rm -f {shlex.join(fleeting)}\n" if fleeting else "",
        )
    )


def build_run(instance: Instance, places: Places) -> str:
    """Ends as the server does, with its exit code."""
    watched = [file for file in instance.files if file.on_change == "reload"]
    run = _fill(
        _RUN,
        command=shlex.join(expand(instance.command, names_of(instance, places))),
        signal=instance.stop.signal.removeprefix("SIG"), reload=instance.reload_signal.removeprefix("SIG"),
        seconds=str(WATCH_SECONDS), watched=shlex.join(file.path for file in watched if not file.secrets),
        files=shlex.quote(places.files), start_watch="watch &\n" if watched else "",
        watch_filled="".join(_fill(_WATCH_FILLED, **_filled(file)) for file in watched if file.secrets),
    )  # fmt: skip
    lock = _LOCK if instance.leash else ""
    return "".join((_head(instance, places), lock, *_place(_lasting(instance.files)), run))


def _head(instance: Instance, places: Places) -> str:
    head = _fill(_HEAD, directory=shlex.quote(places.directory), files=shlex.quote(places.files))
    if any(file.secrets for file in instance.files):
        folders = {"secrets": places.secrets, "scripts": places.scripts, "files": places.files}
        head += _fill(_FILL, **{name: shlex.quote(folder) for name, folder in folders.items()})
    return head


def _require(instance: Instance, places: Places) -> str:
    """The usual images of a server have it, and what comes with every system, and not what members need besides."""
    programs = [instance.command[0], *(["awk"] if any(f.secrets for f in instance.files) else [])]
    if not instance.packages:
        return ""
    programs += ["flock"] if instance.leash else []
    return _fill(
        _REQUIRE, programs=shlex.join(programs), reason=PROGRAM_MISSING, last_words=shlex.quote(places.last_words)
    )


def _place(files: Iterable[File]) -> Iterator[str]:
    for file in files:
        name = shlex.quote(file.path)
        yield (
            _fill("fill {name} {variables}\nmv {name}.new {name}\n", **_filled(file))
            if file.secrets
            else f"put {name}\n"
        )


def _filled(file: File) -> Mapping[str, str]:
    return {"name": shlex.quote(file.path), "variables": shlex.quote(" ".join(sorted(file.secrets)))}


def _set_aside(step: Init, places: Places) -> str:
    assert step.mark is not None
    final = f"{places.directory}/{step.creates}"
    return _fill(_SET_ASIDE, final=shlex.quote(final), mark=shlex.quote(f"{final}/{step.mark.path}"))


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


def _lasting(files: Iterable[File]) -> list[File]:
    return [file for file in files if file.on_change != "nothing"]


def _fill(text: str, **values: str) -> str:
    """In one pass, so that nothing in a value is taken for a field. Not `format`: shells use braces themselves."""
    return _FIELD.sub(lambda match: values[match[1]], text)
