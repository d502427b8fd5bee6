"""Brings one process to what its spec asks for, one step per call: started, restarted, told to read its files, left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dbaas.api.process import EnvironmentVariable, ProcessSpec
from dbaas.api.resource import LABEL_CLUSTER, Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Outcome
from dbaas.core.limited_tokens import Realm
from dbaas.core.process import describe_listener
from dbaas.laptop.access import require_reachable
from dbaas.laptop.api_access import read_api_access
from dbaas.laptop.contents import Contents, SecretMissing, read_contents
from dbaas.laptop.guard import Guard, Probing
from dbaas.laptop.initialise import InitFailed, initialise, require_data
from dbaas.laptop.instance import Instance, mask, stop_settings
from dbaas.laptop.interpreter import Interpreters
from dbaas.laptop.layout import Layout
from dbaas.laptop.machine import Machine
from dbaas.laptop.ports import Ports, is_free
from dbaas.laptop.programs import Programs
from dbaas.laptop.record import recorded
from dbaas.laptop.report import Report
from dbaas.laptop.room import FULL, NO_ROOM, explain_full_disk
from dbaas.laptop.surroundings import KUBECONFIG, Launch, Surroundings, build_launch
from dbaas.laptop.upgrade import find_upgrade
from dbaas.laptop.upgrading import Subject

RELOAD_GRACE_SECONDS = 5.0  # a program that does not serve yet may not understand the signal yet
RELOAD_GAP_SECONDS = 3.0  # nor one that is reading its files again: HAProxy is deaf while it does
PORT_RETRY_SECONDS = 2.0
_WHERE_API_IS = EnvironmentVariable(name="KUBECONFIG", value=f"$(DIRECTORY)/{KUBECONFIG}")


@dataclass(frozen=True)
class Wanted:
    """What one reconcile works towards."""

    resource: Resource
    spec: ProcessSpec
    surroundings: Surroundings
    contents: Contents
    launch: Launch


class Keeper:
    """The steps; what is known of a process between two of them is in its `Instance`."""

    def __init__(self, client: Client, machine: Machine, layout: Layout) -> None:
        self._client = client
        self._machine = machine
        self._layout = layout
        self._programs = Programs(layout, machine)
        self._interpreters = Interpreters(layout, machine)
        self._ports = Ports(str(layout.home))
        self._reachable: set[Key] = set()
        self._may_start = True

    async def keep(self, resource: Resource, instance: Instance, spec: ProcessSpec) -> Outcome:
        """For a program that should run."""
        surroundings = await self._surround(instance, spec)
        if instance.guard is not None:
            instance.guard.watch(Probing(spec.probes, surroundings))
        try:
            contents = await self._read_contents(resource, spec)
        except SecretMissing as error:
            return await self._without_contents(resource, instance, spec, error)
        await self.note_end(resource, instance, spec, contents)
        launch = build_launch(spec, surroundings, contents.files)
        wanted = Wanted(resource, spec, surroundings, contents, launch)
        if instance.guard is None:
            return await self._start(instance, wanted)
        return await self._correct(instance, instance.guard, wanted)

    async def _read_contents(self, resource: Resource, spec: ProcessSpec) -> Contents:
        contents = await read_contents(spec, resource.key.namespace, self._client)
        if not spec.uses_api:
            return contents
        key = resource.key
        realm = Realm(key.namespace, resource.metadata.labels.get(LABEL_CLUSTER, key.name))
        access = await self._machine.offload.run(read_api_access, self._layout.home, realm)
        return Contents({**contents.files, KUBECONFIG: access}, {**contents.secrets, KUBECONFIG: access})

    async def note_end(
        self, resource: Resource, instance: Instance, spec: ProcessSpec, contents: Contents | None = None
    ) -> None:
        """Records the end of what ran, and says so where it was a crash."""
        how = await instance.note_end(spec.restart, contents.secrets if contents else {})
        if how:
            self._client.event(resource, "Warning", "Crashed", f"the program {how}")

    def report(self, instance: Instance) -> Report:
        return Report(instance.record, self._layout.log(instance.key), tuple(each.place for each in instance.own_logs))

    def release(self, key: Key) -> None:
        """The process does not run any more and is not about to."""
        self._ports.release(key)
        self._reachable.discard(key)

    def close(self) -> None:
        """Starts nothing any more."""
        self._may_start = False
        self._ports.close()

    async def _without_contents(
        self, resource: Resource, instance: Instance, spec: ProcessSpec, error: SecretMissing
    ) -> Outcome:  # fmt: skip
        """A program that runs goes on with what it has read; one that does not cannot be started."""
        self._client.event(resource, "Warning", error.reason, error.message)
        await self.note_end(resource, instance, spec)
        if instance.guard is None:
            return self.report(instance).held("Pending", error.reason, error.message)
        return self.report(instance).running(instance.guard)

    async def _surround(self, instance: Instance, spec: ProcessSpec) -> Surroundings:
        key, record = instance.key, instance.record
        data, sockets = self._layout.data(key), self._layout.sockets(key)
        if key not in self._reachable:
            for folder in (data, sockets):
                await require_reachable(folder, self._machine)
            self._reachable.add(key)
        python = await self._interpreters.usable(spec.packages) if spec.packages else None
        program = "" if python or "/" in spec.command[0] else spec.command[0]
        programs = await self._programs.usable(Path(spec.programs), program)
        env = [*spec.env, *([_WHERE_API_IS] if spec.uses_api else [])]
        mine = self._layout.record(key)
        others = {p for path, other in recorded(self._layout.processes) if path != mine for p in other.ports.values()}
        keep = record.proven or instance.guard is not None
        ports = self._ports.assign(key, spec.ports, record.ports, others, keep=keep)
        return Surroundings(
            programs, data, sockets, ports, env, self._machine.user, {"POD": key.name}, key.namespace, python
        )

    async def _start(self, instance: Instance, wanted: Wanted) -> Outcome:
        report = self.report(instance)
        pause = instance.start_at - self._machine.clock.monotonic()
        if pause > 0 and instance.record.last_exit:
            message = f"the program {instance.record.last_exit.message}; it is started again at {instance.start_time}"
            full = explain_full_disk(wanted.surroundings.directory)
            if full or NO_ROOM in message:
                told = f"{message}; {full}" if full else message
                return report.held("BackOff", FULL, told, requeue_after=pause)
            return report.held("BackOff", "CrashBackOff", message, requeue_after=pause)
        taken = self._describe_taken(instance, wanted)
        if taken:
            self._client.event(wanted.resource, "Warning", "PortInUse", taken)
            return report.held("Pending", "PortInUse", taken, requeue_after=PORT_RETRY_SECONDS)
        subject = self._find_subject(wanted, report)
        held = await instance.upgrading.before_start(subject) if subject is not None else None
        if held is not None:
            return held
        await self._initialise(instance, wanted)
        if not self._may_start:
            return report.held("Stopped", "Stopped", "the program does not run: dbaas is shutting down")
        self._ports.hand_over(instance.key)
        process = await instance.start(wanted.launch, wanted.spec, wanted.surroundings.ports)
        process.watch(Probing(wanted.spec.probes, wanted.surroundings))
        self._client.event(wanted.resource, "Normal", "Started", f"started as process {instance.record.pid}")
        return self.report(instance).running(process)

    def _find_subject(self, wanted: Wanted, report: Report) -> Subject | None:
        """Of an upgrade, where its folder can be upgraded at all."""
        upgrade = find_upgrade(wanted.spec.init, wanted.surroundings, self._machine)
        if upgrade is None:
            return None
        return Subject(wanted.resource, upgrade, self._programs, report, self._client)

    def _describe_taken(self, instance: Instance, wanted: Wanted) -> str:
        """Only ports that the program has served on; others are chosen anew where they are taken."""
        for name, number in wanted.surroundings.ports.items() if instance.record.proven else ():
            if instance.record.ports.get(name) == number and not is_free(number):
                return (
                    f"port {number} ({name}) is taken by another program{describe_listener(number)}: end that program; "
                    "clients know this port, so no other is chosen"
                )
        return ""

    async def _initialise(self, instance: Instance, wanted: Wanted) -> None:
        made_later = frozenset(step.creates for step in wanted.spec.init)
        instance.write_files(wanted.contents.files, outside=made_later)
        for step in wanted.spec.init:
            if instance.record.proven:
                require_data(step, wanted.surroundings, instance.key.name)
            try:
                done = await initialise(step, wanted.surroundings, self._machine)
            except InitFailed as error:
                raise InitFailed(mask(error.message, wanted.contents.secrets)) from None
            if done:
                self._client.event(wanted.resource, "Normal", "Initialised", f"made {step.creates}")
        instance.write_files(wanted.contents.files)

    async def _correct(self, instance: Instance, guard: Guard, wanted: Wanted) -> Outcome:
        """What runs is made what it should be: restarted, told to read its files again, or left alone."""
        if instance.record.runs == wanted.launch.runs:  # another program may be stopped in another way
            instance.save(**stop_settings(wanted.spec))
        if guard.is_stopping:
            return self.report(instance).held("Stopping", "Stopping", "the program is asked to end")
        subject = self._find_subject(wanted, self.report(instance))
        if instance.record.runs != wanted.launch.runs:
            held = await instance.upgrading.before_restart(subject, wanted.launch.runs) if subject is not None else None
            return held or self._restart(instance, wanted, "its command, environment or files have changed")
        if not guard.alive.holds:
            return self._restart(instance, wanted, f"it is not alive: {guard.alive.why}", sick=True)
        if guard.is_adopted:
            await guard.answered()  # so that a server that serves all along is never reported as not ready
        instance.write_files(wanted.contents.files)
        if guard.is_ready:
            instance.save(proven=True)
            if subject is not None:
                await instance.upgrading.after_ready(subject)
        if instance.record.loaded != wanted.launch.loaded:
            waited = self._machine.clock.monotonic() - guard.began
            if not guard.is_ready and waited < RELOAD_GRACE_SECONDS:
                return self.report(instance).running(guard, requeue_after=RELOAD_GRACE_SECONDS - waited)
            rested = self._machine.clock.monotonic() - guard.reloaded_at
            if rested < RELOAD_GAP_SECONDS:
                return self.report(instance).running(guard, requeue_after=RELOAD_GAP_SECONDS - rested)
            instance.reload(wanted.launch, wanted.spec.reload_signal)
            self._client.event(wanted.resource, "Normal", "Reloaded", "its files have changed")
        return self.report(instance).running(guard)

    def _restart(self, instance: Instance, wanted: Wanted, why: str, *, sick: bool = False) -> Outcome:
        instance.begin_stop(wanted=not sick)
        message = f"the program is restarted: {why}"
        self._client.event(wanted.resource, "Warning" if sick else "Normal", "Restarting", message)
        return self.report(instance).held("Restarting", "Restarting", message)
