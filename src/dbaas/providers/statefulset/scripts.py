"""What the containers of an instance run: two scripts for any POSIX shell, so that any image with the programs will do.

`init` fills the volume before the first start. `run` is the first process of the server's container: it puts the files
in place, starts the server, passes on its end, and tells it when a file has changed that it can read again. Files are
copied, since a server insists on owning them and nobody else reading them.

An instance that holds something on a leash ends with it: whatever `run` has started, in whatever session, is in the
container's own namespace of processes, and the kernel kills all of it when the first process has ended
(pid_namespaces(7)).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping

from dbaas.api.resource import ANNOTATION_ALLOW_DESTRUCTIVE
from dbaas.contracts.provider import DATA_MISSING, DATA_OF_OTHER_VERSION, File, Init, Instance
from dbaas.providers.statefulset.places import Places, expand, names_of
from dbaas.providers.statefulset.printing import build_clearing, build_end, build_print, without_pipe
from dbaas.providers.statefulset.texts import fill_in
from dbaas.providers.statefulset.upgrading import NO_PROGRAMS, build_finish, build_way

WATCH_SECONDS = 2
PROGRAM_MISSING = "ProgramMissing"
"""The reason why an instance is refused whose image has not the program that it is to run."""
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
if command -v flock >/dev/null; then
	flock -n 9 || {
		echo "waiting until an earlier pod of this instance has ended" >&2
		flock 9
	}
fi
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
{check}"""
_MAKE = """\
else
	mkdir {fresh}
	{command}
	sync
	mv {fresh} {final}
	sync
fi
"""
_LOST = """\
else
	said="{reason}: the volume has no {name}, and with it the data that was served is gone: {advice}"
	echo "$said" | tee {last_words} >&2
	exit 1
fi
"""
_BEGIN_ANEW = (
    "put a copy of it there; or, to begin with nothing in it, set the annotation "
    f"{ANNOTATION_ALLOW_DESTRUCTIVE} of the DatabaseCluster to true"
)
_CHECK = """\
	found=$(cat {mark} 2>/dev/null || echo {version})
	if [ "$found" != {version} ]; then
		said="{reason}: the data was made by version $found, and version {version} cannot read it"
		echo "$said" | tee {last_words} >&2
		exit 1
	fi
"""
_RUN = """\
{command} {closed}&
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
	kill -0 "$server" 2>/dev/null || {end} # else a signal has ended the wait, not the server
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


def build_init(
    instance: Instance,
    places: Places,
    *,
    is_newcomer: bool = False,
    has_served: bool = False,
    older: Mapping[str, str] = NO_PROGRAMS,
) -> str:
    """Interrupted at any point it leaves nothing under the final name. What only it reads is gone when it ends.

    `is_newcomer`: the others of its cluster serve already, so that what is on the volume counts no more. `has_served`:
    what is made once has been made, and is not made anew with nothing in it. `older` are the versions whose data is
    upgraded, and where their programs are.
    """
    fleeting = [file.path for file in instance.files if file.on_change == "nothing"]
    return "".join(
        (
            _head(instance, places),
            _require(instance, places),
            _LOCK if _is_locked(instance) else "",
            build_clearing(instance, places),
            *_place(instance.files),
            *(_set_aside(step, places) for step in instance.init if is_newcomer and instance.joins and step.mark),
            *(_step(step, instance, places, older, has_served) for step in instance.init),
            f"rm -f {shlex.join(fleeting)}\n" if fleeting else "",
        )
    )


def build_run(instance: Instance, places: Places) -> str:
    """Ends as the server does, with its exit code."""
    watched = [file for file in instance.files if file.on_change == "reload"]
    closed, log = without_pipe(instance), build_print(instance, places)
    run = fill_in(
        _RUN,
        command=shlex.join(expand(instance.command, names_of(instance, places))),
        signal=instance.stop.signal.removeprefix("SIG"), reload=instance.reload_signal.removeprefix("SIG"),
        seconds=str(WATCH_SECONDS), watched=shlex.join(file.path for file in watched if not file.secrets),
        files=shlex.quote(places.files), start_watch=f"watch {closed}&\n" if watched else "", closed=closed,
        end=build_end(instance),
        watch_filled="".join(fill_in(_WATCH_FILLED, **_filled(file)) for file in watched if file.secrets),
    )  # fmt: skip
    lock, finish = _LOCK if _is_locked(instance) else "", _finish(instance, places)
    return "".join((_head(instance, places), lock, *_place(_lasting(instance.files)), *finish, log, run))


def _is_locked(instance: Instance) -> bool:
    """Two servers on one volume are the end of what is on it, and so is an upgrade beside a server."""
    return bool(instance.leash) or any(step.upgrade for step in instance.init)


def _finish(instance: Instance, places: Places) -> Iterator[str]:
    """Several begin only when the one that was upgraded has served."""
    fleeting = [file for file in instance.files if file.on_change == "nothing"]
    for step in instance.init if instance.ready is not None and instance.ready.command else ():
        if step.upgrade is not None:
            place, names = "".join(_place(fleeting)), shlex.join(file.path for file in fleeting)
            yield build_finish(step, instance, places, place, names)


def _head(instance: Instance, places: Places) -> str:
    head = fill_in(_HEAD, directory=shlex.quote(places.directory), files=shlex.quote(places.files))
    if any(file.secrets for file in instance.files):
        folders = {"secrets": places.secrets, "scripts": places.scripts, "files": places.files}
        head += fill_in(_FILL, **{name: shlex.quote(folder) for name, folder in folders.items()})
    return head


def _require(instance: Instance, places: Places) -> str:
    """The usual images of a server have it, and what comes with every system, and not what members need besides."""
    programs = [instance.command[0], *(["awk"] if any(f.secrets for f in instance.files) else [])]
    if not instance.packages:
        return ""
    programs += ["flock"] if instance.leash else []
    return fill_in(
        _REQUIRE, programs=shlex.join(programs), reason=PROGRAM_MISSING, last_words=shlex.quote(places.last_words)
    )


def _place(files: Iterable[File]) -> Iterator[str]:
    for file in files:
        name = shlex.quote(file.path)
        yield (
            fill_in("fill {name} {variables}\nmv {name}.new {name}\n", **_filled(file))
            if file.secrets
            else f"put {name}\n"
        )


def _filled(file: File) -> Mapping[str, str]:
    return {"name": shlex.quote(file.path), "variables": shlex.quote(" ".join(sorted(file.secrets)))}


def _set_aside(step: Init, places: Places) -> str:
    assert step.mark is not None
    final = f"{places.directory}/{step.creates}"
    return fill_in(_SET_ASIDE, final=shlex.quote(final), mark=shlex.quote(f"{final}/{step.mark.path}"))


def _step(step: Init, instance: Instance, places: Places, older: Mapping[str, str], has_served: bool) -> str:
    final = f"{places.directory}/{step.creates}"
    fresh = f"{places.directory}/.{step.creates}.new"
    check = "\t:\n"
    if step.mark is not None:
        check = fill_in(
            _CHECK, mark=shlex.quote(f"{final}/{step.mark.path}"), version=step.mark.version,
            reason=DATA_OF_OTHER_VERSION, last_words=shlex.quote(places.last_words),
        )  # fmt: skip
    way = build_way(step, instance, places, older) if step.upgrade is not None else ""
    step_begins = fill_in(_STEP, fresh=shlex.quote(fresh), final=shlex.quote(final), check=check)
    if step.once and has_served:
        last_words = shlex.quote(places.last_words)
        lost = fill_in(_LOST, reason=DATA_MISSING, name=step.creates, advice=_BEGIN_ANEW, last_words=last_words)
        return way + step_begins + lost
    command = shlex.join(expand(step.command, {**names_of(instance, places), "CREATES": fresh}))
    return way + step_begins + fill_in(_MAKE, fresh=shlex.quote(fresh), final=shlex.quote(final), command=command)


def _lasting(files: Iterable[File]) -> list[File]:
    return [file for file in files if file.on_change != "nothing"]
