"""The least that must be granted and revoked. Pure sets: wanted, held, owned, claimed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.statement import NOTHING, Change, Plan
from dbaas.engines.postgres.catalogue import may_act_as
from dbaas.engines.postgres.privileges.entries import DesiredPrivileges, Entry, Target, parse_key
from dbaas.engines.postgres.privileges.expansion import Facts, expand, held_by_default, impossible
from dbaas.engines.postgres.privileges.granting import MOST_NAMES, group_entries, run_group, tell_privileges
from dbaas.engines.postgres.privileges.holdings import Inventory, ObservedPrivileges

MOST_NAMES_TOLD = 3


def plan_privileges(
    desired: DesiredPrivileges | None, observed: ObservedPrivileges | None, owned: frozenset[str],
    claims: frozenset[str], rules: PlanRules,
) -> Plan:  # fmt: skip
    """Where the principal or the database does not exist yet, nothing is there that `*` could stand for."""
    is_blind = observed is None and "superuser" not in rules.server.capabilities
    if observed is None:
        if desired is None:
            return NOTHING
        observed = ObservedPrivileges(desired.principal, frozenset(), Inventory(), desired.database)
    facts = Facts(observed.principal, observed.database, observed.inventory, rules, is_blind)
    stated = desired.entries if desired is not None else frozenset[Entry]()
    wanted = set(expand(stated, facts))
    kept = wanted.union(expand(map(parse_key, claims), facts))
    applied = set(expand(map(parse_key, owned), facts))
    targets = {entry.target for entry in wanted | applied}
    held = observed.held.union(held_by_default(targets, facts))
    gone = (applied - kept) & held
    extra = _find_extra(wanted, held - kept - gone) if desired is not None and desired.exact else set[Entry]()
    refused = {entry for entry in wanted - held if _superuser_behind(entry.target, facts)}
    given = wanted - held - refused
    # Of an object that goes nothing is only told: it must not leave access behind without a word.
    stuck = {entry for entry in gone | extra if _superuser_behind(entry.target, facts)} if desired else set[Entry]()
    restored = _find_restored(given, held - gone - extra, gone | extra)
    return Plan(
        (
            *impossible(stated, facts),
            *_refusals(refused, facts, gives=True),
            *_refusals(stuck, facts, gives=False),
            *_changes(given - restored, facts, gives=True),
            *_changes(gone - stuck, facts, gives=False),
            *_changes(extra - stuck, facts, gives=False, destructive=True),
            *_changes(restored, facts, gives=True),
        )
    )


def _superuser_behind(target: Target, facts: Facts) -> str | None:
    """Whose rights it takes to give it, if only a superuser could have them. Settings are asked for as ourselves."""
    giver = target.grantor or facts.inventory.owner(target)
    if facts.is_blind or giver not in facts.inventory.superusers or target.on == "parameter":
        return None
    return None if may_act_as(giver, facts.rules) else giver


def _refusals(entries: Collection[Entry], facts: Facts, *, gives: bool) -> Iterator[Change]:
    advice = "grant it, or leave it out" if gives else "revoke it, or put it back into the manifest"
    for group, targets in group_entries(entries, facts, gives=gives).items():
        text = tell_privileges(group, gives=gives)
        for target in targets:
            why = (
                f"it takes the rights of {_superuser_behind(target, facts)}, a superuser, which our login cannot have: "
                f"let a superuser {advice}"
            )
            expected, actual = (text, None) if gives else (None, text)
            yield Change(f"privileges[{target}]", expected, actual, immutable=True, why=why)


def _find_extra(wanted: Collection[Entry], unclaimed: Collection[Entry]) -> set[Entry]:
    """On the objects that are named; what another grantor gave is not ours to take."""
    targets = {entry.target for entry in wanted}
    return {entry for entry in unclaimed if entry.target in targets}


def _find_restored(given: set[Entry], staying: Collection[Entry], taken: Collection[Entry]) -> set[Entry]:
    """Who takes a privilege on a table takes it on every column too, so what is to hold there is given after it."""

    def is_lost(entry: Entry) -> bool:
        if entry.target.on != "column":
            return False
        table = replace(entry.target, on="table", column="")
        options = (False, True) if entry.grantable else (False,)
        return any(Entry(table, entry.privilege, grantable) in taken for grantable in options)

    return {entry for entry in (*given, *staying) if is_lost(entry)}


def _changes(entries: Collection[Entry], facts: Facts, *, gives: bool, destructive: bool = False) -> Iterator[Change]:
    """What this object applied itself is taken away because its manifest says so: that is not called destructive."""
    for group, targets in group_entries(entries, facts, gives=gives).items():
        for start in range(0, len(targets), MOST_NAMES):
            chosen = targets[start : start + MOST_NAMES]
            run = run_group(group, chosen, facts, gives=gives)
            text = tell_privileges(group, gives=gives)
            expected, actual = (text, None) if gives else (None, text)
            yield Change(_field(chosen), expected, actual, run, destructive=destructive)


def _field(targets: Sequence[Target]) -> str:
    if len(targets) == 1:
        return f"privileges[{targets[0]}]"
    first = targets[0]
    part = "column" if first.on == "column" else "name"
    names = ", ".join(getattr(target, part) for target in targets[:MOST_NAMES_TOLD])
    more = len(targets) - MOST_NAMES_TOLD
    told = f"{names} and {more} more" if more > 0 else names
    return f"privileges[{replace(first, **{part: told})}]"
