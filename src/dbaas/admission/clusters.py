"""Rules of DatabaseCluster: can this engine run, in this version, by this provider, and with all that is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from dbaas.admission.facts import Facts
from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.admission import Review, Violation
from dbaas.contracts.engine import Engine
from dbaas.contracts.provider import DATA_OF_OTHER_VERSION, ServerPart, missing_image, versions_on
from dbaas.contracts.upgrade import explain_no_image, find_served, older_versions
from dbaas.core.duration import parse_duration
from dbaas.core.quantity import parse_quantity
from dbaas.core.windows import WEEK, find_zone


def engine_runs(spec: DatabaseClusterSpec, facts: Facts) -> Iterator[Violation]:
    """The engine is one that can be run here, in the version asked."""
    engine = facts.registry.engine(spec.engine.type)
    if engine is None:
        return
    if engine.server is None:
        yield Violation(
            "spec.engine.type",
            f"dbaas does not run {engine.name} servers: describe an existing one as a DatabaseInstance",
            "FieldValueNotSupported",
        )
        return
    major, possible = spec.engine.version.split(".")[0], _versions(engine, spec, facts)
    if major not in possible:
        yield Violation(
            "spec.engine.version",
            f"{engine.name} {spec.engine.version} cannot be run: choose one of {', '.join(possible)}",
            "FieldValueNotSupported",
        )
    elif spec.engine.version != major:
        yield Violation(
            "spec.engine.version",
            f"the minor version is that of the installed programs or image and cannot be chosen: write {major!r}",
            "FieldValueNotSupported",
        )


def version_may_change(review: Review, spec: DatabaseClusterSpec, facts: Facts) -> Iterator[Violation]:
    """The data was made by one major version: it can become that of a newer one, and never that of an older one.

    Until the newer one has served the way back is open; whether it still is decides whoever runs the cluster.
    """
    old = review.old or {}
    before = str((old.get("spec") or {}).get("engine", {}).get("version", spec.engine.version)).split(".")[0]
    engine, after = facts.registry.engine(spec.engine.type), spec.engine.version
    if engine is None or engine.server is None or after not in _versions(engine, spec, facts):
        return
    if before == after or _found_other_data(old) or find_served(old.get("status") or {}) == after:
        return
    why = (
        _explain_no_upgrade(review, spec, engine.server, before, facts)
        if before in older_versions(engine.server.versions, after)
        else f"no version reads data of a newer one, and this is of version {before}: write {before!r}, or make a new "
        "cluster and copy what is in it"
    )
    if why:
        yield Violation("spec.engine.version", why, "FieldValueNotSupported")


def upgrade_stands_alone(review: Review, spec: DatabaseClusterSpec, facts: Facts) -> Iterator[Violation]:
    """Of several instances one is left in the old version first, which need not know what the new one would.

    And where nothing serves while it is tried, the old version must be able to start as it was.
    """
    engine = facts.registry.engine(spec.engine.type)
    if review.old is None or engine is None or engine.server is None:
        return
    before, wanted = DatabaseClusterSpec.model_validate(review.old.get("spec") or {}), spec.engine.version
    served = find_served(review.old.get("status") or {}) or before.engine.version
    has_begun = (review.old.get("status") or {}).get("upgradingTo") == wanted
    provider = facts.registry.provider(_provider_name(spec, facts))
    is_one = before.cluster_size == spec.cluster_size == 1
    serves_on = is_one and (provider is None or provider.runs_on == "laptop")
    if serves_on or has_begun or served not in older_versions(engine.server.versions, wanted):
        return
    for field, was, becomes in (
        ("config", before.config, spec.config),
        ("clusterSize", before.cluster_size, spec.cluster_size),
    ):
        if was != becomes:
            what = "the cluster is" if is_one else "several instances are"
            message = f"{what} being upgraded from version {served} to {wanted}: change this before or after"
            yield Violation(f"spec.{field}", message, "FieldValueForbidden")


def _explain_no_upgrade(
    review: Review, spec: DatabaseClusterSpec, server: ServerPart, before: str, facts: Facts
) -> str:
    """Nothing where data of the version before can become that of the one that is asked for."""
    provider = facts.registry.provider(_provider_name(spec, facts))
    if provider is None:
        return ""  # another rule tells
    name = str(((review.new or {}).get("metadata") or {}).get("name", ""))
    instances = server.workload(name, spec, provider.runs_on).instances
    if not any(step.upgrade for instance in instances for step in instance.init):
        return (
            f"the data of this cluster is of version {before}, and this version of dbaas cannot upgrade it to "
            f"{spec.engine.version} where it runs: write {before!r}, or make a new cluster and copy what is in it"
        )
    if provider.runs_on != "laptop" and before not in _upgradable(spec.engine.version, facts):
        return explain_no_image(spec.engine.version, before)
    missing = provider.missing(server, before)
    return f"an upgrade from version {before} needs its programs as well: {missing}" if missing else ""


def _upgradable(version: str, facts: Facts) -> Sequence[str]:
    """The versions whose data the image of that one can upgrade, as the entry of the catalogue says."""
    images = [image for image in (facts.entry or {}).get("images", ()) if image.get("version") == version]
    return [str(older.get("version")) for image in images for older in image.get("upgradesFrom", ())]


def topology_fits(spec: DatabaseClusterSpec) -> Iterator[Violation]:
    """One instance alone, or a primary with replicas; what is waited for must be there."""
    topology = spec.topology
    if topology is None:
        return
    size, mode, wait = spec.cluster_size, topology.mode, topology.synchronous
    if mode in ("Cluster", "Sharded") or topology.shards is not None:
        where = "spec.topology.mode" if mode in ("Cluster", "Sharded") else "spec.topology.shards"
        message = "no engine of this version spreads writes over instances: use Replicated, without shards"
        yield Violation(where, message, "FieldValueNotSupported")
    elif mode is not None and (mode == "Standalone") != (size == 1):
        message = f"{mode} does not fit clusterSize {size}: Standalone has one instance, Replicated has more"
        yield Violation("spec.topology.mode", message)
    if topology.anti_affinity is not None:
        message = "instances are not kept apart by this version: leave it out"
        yield Violation("spec.topology.antiAffinity", message, "FieldValueNotSupported")
    if wait is not None and wait.mode != "off" and wait.replicas >= size:
        message = f"of {size} instances one is the primary, so a commit can wait for {size - 1} replicas at most"
        yield Violation("spec.topology.synchronous.replicas", message)


def windows_are_clear(spec: DatabaseClusterSpec) -> Iterator[Violation]:
    """Times that there are, in a time zone that there is."""
    maintenance = spec.maintenance
    if maintenance is None:
        return
    try:
        find_zone(maintenance.timezone)
    except ValueError as error:
        yield Violation("spec.maintenance.timezone", str(error))
    for number, window in enumerate(maintenance.windows):
        if not timedelta(minutes=1) <= parse_duration(window.duration) <= WEEK:
            where = f"spec.maintenance.windows[{number}].duration"
            yield Violation(where, f"{window.duration} is no length of a window: at least 1m, at most 7d")


def storage_stays(review: Review, spec: DatabaseClusterSpec) -> Iterator[Violation]:
    """A volume grows and never shrinks, and stays in the class that it was made in."""
    if review.old is None:
        return
    before = DatabaseClusterSpec.model_validate(review.old.get("spec") or {}).storage
    if parse_quantity(spec.storage.size) < parse_quantity(before.size):
        yield Violation(
            "spec.storage.size",
            f"a volume cannot shrink: it has {before.size}, and {spec.storage.size} is less",
            "FieldValueForbidden",
        )
    if spec.storage.storage_class_name != before.storage_class_name:
        yield Violation(
            "spec.storage.storageClassName",
            "the class of a volume cannot be changed: make a new cluster, and copy the data",
            "FieldValueForbidden",
        )


def _found_other_data(old: Mapping[str, Any]) -> bool:
    """Its server was never started, because the data that it found is of another version: that can be put right."""
    conditions = (old.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Stalled" and c.get("reason") == DATA_OF_OTHER_VERSION for c in conditions)


def entry_agrees(spec: DatabaseClusterSpec, facts: Facts) -> Iterator[Violation]:
    """The DatabaseEngine that is named exists and speaks of this engine and version."""
    reference = spec.engine.engine_ref
    if reference is None:
        return
    if facts.entry is None:
        yield Violation(
            "spec.engine.engineRef.name",
            f"there is no DatabaseEngine {reference.name!r}: list them with 'dbaas get databaseengines'",
            "FieldValueNotFound",
        )
        return
    engine = facts.registry.engine(spec.engine.type)
    entry_engine = facts.registry.engine(str(facts.entry.get("type", "")))
    if engine is not None and entry_engine is not engine:
        yield Violation("spec.engine.engineRef.name", f"DatabaseEngine {reference.name!r} is not for {engine.name}")
    supported = [str(version) for version in facts.entry.get("supportedVersions", ())]
    if spec.engine.version not in supported:
        yield Violation(
            "spec.engine.version",
            f"DatabaseEngine {reference.name!r} supports {', '.join(supported)}",
            "FieldValueNotSupported",
        )


def provider_can(spec: DatabaseClusterSpec, facts: Facts) -> Iterator[Violation]:
    """The provider is there, and its capability table has everything that is asked."""
    name = _provider_name(spec, facts)
    provider = facts.registry.provider(name)
    if provider is None:
        known = ", ".join(sorted(facts.registry.providers))
        yield Violation(
            "spec.provider", f"unknown provider {name!r}: this installation has {known}", "FieldValueNotSupported"
        )
        return
    for capability in provider.capabilities:
        if capability.missing and capability.asked(spec):
            yield Violation(capability.field, capability.missing, "FieldValueNotSupported")
    if provider.runs_on == "kubernetes":
        yield from _image_is_there(spec, facts)


def _image_is_there(spec: DatabaseClusterSpec, facts: Facts) -> Iterator[Violation]:
    """Several instances need an image with more in it than the usual one, which only whoever has made one can name."""
    engine = facts.registry.engine(spec.engine.type)
    imaged = {image.get("version") for image in (facts.entry or {}).get("images", ())}
    version = spec.engine.version
    if spec.cluster_size == 1 or version in imaged:
        return
    if engine is None or engine.server is None or version not in engine.server.versions:
        return  # the rules of versions tell
    workload = engine.server.workload("it", spec, "kubernetes")
    if workload.image is None:
        yield Violation("spec.clusterSize", missing_image(workload), "FieldValueNotSupported")


def _provider_name(spec: DatabaseClusterSpec, facts: Facts) -> str:
    return spec.provider or str((facts.entry or {}).get("provider", ""))


def _versions(engine: Engine, spec: DatabaseClusterSpec, facts: Facts) -> Sequence[str]:
    """What its provider can run of it, or the entry of the catalogue has an image of."""
    provider = facts.registry.provider(_provider_name(spec, facts))
    if engine.server is None:
        return ()
    known = versions_on(provider.runs_on if provider else "laptop", engine.server)
    imaged = [str(image.get("version")) for image in (facts.entry or {}).get("images", ())]
    return list(dict.fromkeys((*known, *imaged)))
