"""How a pod makes the data on its volume that of its own version, or takes back what another version has made of it.

It is done where the volume is mounted anyway, before the server starts, by an image with the programs of both versions.
So nothing else may work on the volume meanwhile, and whoever is killed on the way goes on with the next start. What is
on the volume alone says how far it is:

<name>          what the server uses
.<name>.new     an attempt, worth nothing
<name>.next     done, and to be used
<name>.before   what that was made from: kept until the server has served on the new one
<name>.begun    a file: an attempt may have marked what it was made from
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from dbaas.api.resource import Resource
from dbaas.contracts.provider import DATA_OF_OTHER_VERSION, Init, Instance, NotProvided, ServerPart, Workload
from dbaas.contracts.upgrade import UPGRADE_FAILED, explain_failure, explain_no_image, find_served, older_versions
from dbaas.providers.statefulset.places import Places, expand, names_of
from dbaas.providers.statefulset.texts import fill_in

NO_PROGRAMS: Mapping[str, str] = {}
SHOWN_CHARACTERS = 1500
ASK_SECONDS = 2
_WAY = """\
settle() { # brings to its end what was cut short between two renames
	if [ -e {next} ]; then
		[ ! -e {final} ] || mv {final} {before}
		mv {next} {final}
		sync
	elif [ ! -e {final} ] && [ -e {before} ]; then
		mv {before} {final}
		sync
	fi
}
give_up() { # $1: the reason; $2: why
	printf '%s: %s\\n' "$1" "$2" | cut -c 1-{shown} | tee {last_words} >&2
	exit 1
}
why() {
	printf '%s\\n' "$said" | sed -n '${s/^[a-z_]*: error: //;p;}'
}
no_way_back() {
	give_up {other} "the data is that of version $found, and there is no way back to {version}: $(why); ask for $found"
}
settle
found=$(cat {mark} 2>/dev/null || :)
if [ "$found" = {version} ]; then
	if [ -e {begun} ]; then
		said=$({restore} 2>&1) || no_way_back
		rm -f {begun}
	fi
{clear}elif [ "$(cat {mark_before} 2>/dev/null)" = {version} ]; then
	said=$({undo} 2>&1) || no_way_back
	rm -rf {fresh}
	mv {final} {fresh}
	settle
	rm -f {begun}
{forward}fi
"""
_FORWARD = """\
elif [ "$found" = {old} ]; then
	[ -x {old_program} ] || give_up {failed} "{missing}"
	rm -rf {before} {fresh} {fresh}.work
	: >{begun}
	sync
	mkdir {fresh}
	{find_programs}
	said=$({command} 2>&1) || give_up {failed} "{explained}$(why)"
	sync
	mv {fresh} {next}
	settle
	rm -f {begun}
	echo "the data of version {old} has become that of {version}" >&2
"""
_FIND_PROGRAMS = 'ln -sfn "$(dirname "$(command -v {program})")" {programs}'
_FINISH = """\
finish() { # what needs a server that serves; then what its data was made from goes
	until {ready} >/dev/null 2>&1; do sleep {seconds}; done
	{find_programs}
	{place}
	{after} >&2 || echo "statistics may be missing" >&2
	rm -rf {before} {fleeting}
}
[ ! -e {before} ] || finish &
"""


def find_older(cluster: Resource, workload: Workload, server: ServerPart) -> Mapping[str, str]:
    """The version that this cluster has served with, and the folder of its programs: what it merely finds is not its.

    Of several none, because replicas cannot follow a primary of another version. Raises NotProvided where the image has
    not the programs: then nothing is changed.
    """
    if cluster.metadata.is_deleting:
        return NO_PROGRAMS
    served = find_served(cluster.status)
    if len(workload.instances) > 1 or served not in older_versions(server.versions, workload.version):
        return NO_PROGRAMS
    if workload.image is None or served not in workload.image.older:
        raise NotProvided(explain_no_image(workload.version, served))
    return {served: workload.image.older[served]}


def build_way(step: Init, instance: Instance, places: Places, older: Mapping[str, str]) -> str:
    """For a step with a mark and an upgrade: what comes before it. `older` as of `find_older`."""
    assert step.mark is not None and step.upgrade is not None
    names, upgrade = _names(step, places), step.upgrade

    def undo(old: str, new: str) -> str:
        return shlex.join(expand(upgrade.undo, {"OLD": names[old], "NEW": names[new]}))

    # Several of this version are there only when it has served, and then there is no way back.
    clear = fill_in("\trm -rf {before}\n", **_quoted(names)) if instance.uses_api else ""
    return fill_in(
        _WAY,
        **_quoted(names),
        shown=str(SHOWN_CHARACTERS),
        last_words=shlex.quote(places.last_words),
        other=DATA_OF_OTHER_VERSION,
        version=step.mark.version,
        restore=undo("final", "next"),
        undo=undo("before", "final"),
        clear=clear,
        forward="".join(
            _forward(step, instance, places, version, programs) for version, programs in sorted(older.items())
        ),
    )


def build_finish(step: Init, instance: Instance, places: Places, place: str, fleeting: str) -> str:
    """Beside the server. `place` puts the files `fleeting` in place, which are there only for the first start else."""
    assert step.upgrade is not None and instance.ready is not None
    words = {**names_of(instance, places), "PROGRAMS": _programs(places)}
    return fill_in(
        _FINISH,
        **_quoted(_names(step, places)),
        ready=shlex.join(expand(instance.ready.command, words)),
        seconds=str(ASK_SECONDS),
        find_programs=_find_programs(instance, places),
        place=place.strip().replace("\n", "\n\t") or ":",
        after=shlex.join(expand(step.upgrade.after, words)),
        fleeting=fleeting,
    )


def _forward(step: Init, instance: Instance, places: Places, version: str, programs: str) -> str:
    assert step.mark is not None and step.upgrade is not None
    names, program = _names(step, places), f"{programs}/{instance.command[0]}"
    words = {
        **names_of(instance, places),
        "OLD": names["final"], "CREATES": names["fresh"], "OLD_PROGRAMS": programs, "PROGRAMS": _programs(places),
    }  # fmt: skip
    missing = f"this image has no program {program}: correct upgradesFrom in spec.images of the DatabaseEngine"
    return fill_in(
        _FORWARD,
        **_quoted(names),
        old=version,
        version=step.mark.version,
        old_program=shlex.quote(program),
        failed=UPGRADE_FAILED,
        missing=explain_failure(missing),
        explained=explain_failure(""),
        find_programs=_find_programs(instance, places),
        command=shlex.join(expand(step.upgrade.command, words)),
    )


def _programs(places: Places) -> str:
    """A link to the folder with the programs of the pod's own version, which only its PATH knows."""
    return f"{places.run}/programs"


def _find_programs(instance: Instance, places: Places) -> str:
    return fill_in(_FIND_PROGRAMS, program=shlex.quote(instance.command[0]), programs=shlex.quote(_programs(places)))


def _names(step: Init, places: Places) -> dict[str, str]:
    assert step.mark is not None
    final = f"{places.directory}/{step.creates}"
    return {
        "final": final,
        "mark": f"{final}/{step.mark.path}",
        "fresh": f"{places.directory}/.{step.creates}.new",
        "next": f"{final}.next",
        "before": f"{final}.before",
        "mark_before": f"{final}.before/{step.mark.path}",
        "begun": f"{final}.begun",
    }


def _quoted(names: Mapping[str, str]) -> dict[str, str]:
    return {name: shlex.quote(value) for name, value in names.items()}
