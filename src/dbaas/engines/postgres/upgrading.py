"""How data of an older version becomes data of this one: by pg_upgrade, asked beforehand, which links files.

To link takes seconds whatever the size, and the old data stays whole as long as the new server has not come up on it
(manual, pg_upgrade, "Reverting to old cluster"): from its first start on both would write to the same files. That start
is told by `pg_control`, which every server changes when it has come up and before it changes anything that is shared.
"""

from __future__ import annotations

from dbaas.contracts.upgrade import Upgrade
from dbaas.engines.postgres.names import ADMINISTRATOR

STATISTICS_KEPT_SINCE = 18
CHECKSUMS_BY_DEFAULT_SINCE = 18
# The control file of the new data as the upgrade has left it. Kept, because the way back may be begun again, and not in
# `global`, where tools take every file that they do not know for a table.
_SEEN = "pg_control.upgraded"
_MANY = 1000  # prepared transactions that an old server may come up with, so that they can be told of
_SLOTS = "select 'slots:' || string_agg(slot_name, ', ') from pg_replication_slots where slot_type = 'logical'"
_OUTDATED = (
    "select format('%s in %s is of version %s, and %s is there', name, current_database(), installed_version, "
    "default_version) from pg_available_extensions where installed_version <> default_version order by 1"
)
_HEAD = """\
set -eu
umask 077
fail() {
	echo "upgrade: error: $(printf '%s' "$1" | tr -s '[:space:]' ' ')"
	exit 1
}
log_in() { # the password of the administrator, for whoever connects
	printf '*:*:*:*:%s\\n' "$(sed 's/[\\\\:]/\\\\&/g' "$1")" >"$2"
	export PGPASSFILE="$2" PGUSER=ADMINISTRATOR PGCONNECT_TIMEOUT=10
}
"""
# What would be lost without a word, and what the tool itself says in the way of a person at a terminal.
_ASK = """\
old=$1 new=$2 old_programs=$3 programs=$4 run=$5 home=$6
work=$new.work
mkdir "$work"
cd "$work"
trap 'cd /; rm -rf "$work"' EXIT
require_kept() {
	[ -z "$(ls -A "$old/pg_tblspc")" ] ||
		fail "it has tablespaces, whose folders dbaas does not keep: move what is in them to pg_default, and drop them"
	altered=$(sed -n 's/^\\([A-Za-z_.]*\\) *=.*/\\1/p' "$old/postgresql.auto.conf" | tr '\\n' ' ')
	way="write them into spec.config, and ALTER SYSTEM RESET ALL"
	[ -z "$altered" ] || fail "it has settings made by ALTER SYSTEM, which would be lost: ${altered% }; $way"
	[ -z "$1" ] ||
		fail "it has logical replication slots, which would be lost: $1; drop them, and make them again afterwards"
}
make_empty() { # with what cannot be changed later as it is in the old one
	"$old_programs/pg_controldata" "$old" >control
	checksums=--data-checksums
	[ "$(sed -n 's/^Data page checksum version: *//p' control)" != 0 ] || checksums=WITHOUT
	segment=$(sed -n 's/^Bytes per WAL segment: *//p' control)
	"$programs/initdb" --pgdata="$new" --username=ADMINISTRATOR --auth=reject --encoding=UTF8 --locale=C $checksums \\
		--wal-segsize=$((segment / 1048576)) --no-instructions --no-sync >initdb.log 2>&1 ||
		fail "$(tail -n 2 initdb.log)"
}
explain() {
	{
		grep -q 'fatal$' said && sed -n '/fatal$/,$p' said | sed '1d;/^Failure, exiting/d;/^ *[/]/d' || tail -n 8 said
		find "$new/pg_upgrade_output.d" -name '*.txt' -exec sed 20q {} +
		find "$new/pg_upgrade_output.d" -name '*.log' -exec grep -h -e ERROR: -e FATAL: {} + | tail -n 3
	} 2>/dev/null
}
upgrade() {
	echo 'local all all trust' >access # by a socket in a folder that nobody else may enter
	settings="-c hba_file='$work/access' -c max_prepared_transactions=MANY"
	"$programs/pg_upgrade" "$@" --link --no-sync --username=ADMINISTRATOR --socketdir="$run" \\
		--old-datadir="$old" --new-datadir="$new" --old-bindir="$old_programs" --new-bindir="$programs" \\
		--old-options="$settings" --new-options="$settings" >said 2>&1 || fail "$(explain)"
}
"""
_CHECK = """\
log_in "$home/password" "$work/pass"
slots=$("$programs/psql" --host="$7" --port="$8" --dbname=postgres --no-password -XAtc "SLOTS") ||
	fail "the server that runs does not answer"
require_kept "${slots#slots:}"
make_empty
upgrade --check
"""
# A server that was killed must end cleanly first, which the single-user mode does.
_COMMAND = """\
[ -e "$old/global/pg_control" ] || mv "$old/global/pg_control.old" "$old/global/pg_control"
rm -f "$old/postmaster.pid"
echo "SLOTS" | "$old_programs/postgres" --single -D "$old" -c wal_level=logical -c max_prepared_transactions=MANY \\
	template1 >answer 2>log || fail "the server of the old version does not come up: $(tail -n 2 log)"
require_kept "$(sed -n 's/.*"slots:\\(.*\\)".*/\\1/p' answer)"
make_empty
upgrade
cp "$new/global/pg_control" "$old/SEEN"
"""
_UNDO = """\
old=$1 new=$2
[ ! -e "$new" ] || cmp -s "$new/global/pg_control" "$old/SEEN" ||
	fail "a server of version $(cat "$new/PG_VERSION") has come up on it"
[ -e "$old/global/pg_control" ] || mv "$old/global/pg_control.old" "$old/global/pg_control"
"""
_AFTER = """\
programs=$1 run=$2 home=$3
trap 'rm -f "$run/pass"' EXIT
log_in "$home/password" "$run/pass"
export PGHOST="$4" PGPORT="$5"
"$programs/vacuumdb" --no-password --all --analyze-in-stages MISSING --quiet
"$programs/psql" --dbname=postgres -XAtc "select datname from pg_database where datallowconn order by 1" |
	while IFS= read -r name; do
		PGDATABASE="$name" "$programs/psql" -XAtc "OUTDATED"
	done
"""
_PLACES = ("$(OLD)", "$(CREATES)", "$(OLD_PROGRAMS)", "$(PROGRAMS)", "$(RUN)", "$(DIRECTORY)")
_SERVER = ("$(HOST)", "$(PORT_SQL)")


def build_upgrade(version: str) -> Upgrade:
    """To that version. The scripts are for any POSIX shell; they say why they fail in their last line."""
    number = int(version)
    words = {
        "ADMINISTRATOR": ADMINISTRATOR,
        "MANY": str(_MANY),
        "MISSING": "--missing-stats-only" if number >= STATISTICS_KEPT_SINCE else "",
        "OUTDATED": _OUTDATED,
        "SEEN": _SEEN,
        "SLOTS": _SLOTS,
        "WITHOUT": "--no-data-checksums" if number >= CHECKSUMS_BY_DEFAULT_SINCE else "",
    }

    def command(*parts: str, given: tuple[str, ...]) -> tuple[str, ...]:
        script = _HEAD + "".join(parts)
        for word, value in words.items():
            script = script.replace(word, value)
        return ("/bin/sh", "-c", script, "upgrade", *given)

    return Upgrade(
        check=command(_ASK, _CHECK, given=(*_PLACES, *_SERVER)),
        command=command(_ASK, _COMMAND, given=_PLACES),
        undo=command(_UNDO, given=("$(OLD)", "$(NEW)")),
        after=command(_AFTER, given=("$(PROGRAMS)", "$(RUN)", "$(DIRECTORY)", *_SERVER)),
    )
