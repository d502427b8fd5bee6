"""The agent: runs what Process objects ask for, on this machine.

Level-based like every controller: each reconcile looks at what is recorded, what runs and what is wanted, and takes
one step. What takes long (a stop, a pause after a crash, a probe) goes on beside it and wakes it again.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from dbaas.api.core import SECRET
from dbaas.api.process import PROCESS, Process, ProcessSpec, Restart
from dbaas.api.resource import FINALIZER, Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Controller, Enqueue, Outcome, Watch
from dbaas.core.errors import DbaasError
from dbaas.laptop.contents import secret_names
from dbaas.laptop.instance import Instance
from dbaas.laptop.keeper import Keeper
from dbaas.laptop.layout import Layout
from dbaas.laptop.logs import find_own_logs, remove_logs
from dbaas.laptop.machine import Machine
from dbaas.laptop.pods import tell_pod
from dbaas.laptop.record import save_record
from dbaas.laptop.resuming import Resumption
from dbaas.laptop.stopping import stop_recorded

WORKERS = 8
TIMEOUT_SECONDS = 300.0  # an init step may take four minutes
RESUME_SECONDS = 10.0  # for all together
POLL_SECONDS = 0.02


class HomeNotWritable(DbaasError):
    """The home folder or something in it is not ours to change."""

    reason = "HomeNotWritable"


class HomeFull(DbaasError):
    """The disk of the home folder has no room left."""

    reason = "DiskFull"


class Agent:
    """Runs the processes of one home folder. Only one may work on a home at a time; the caller sees to that.

    Everything it starts outlives it: after `close`, or when we are killed, the next agent finds it again.
    """

    def __init__(self, client: Client, machine: Machine, home: Path, enqueue: Enqueue) -> None:
        self._client = client
        self._machine = machine
        self._layout = Layout(home, machine.user)
        self._keeper = Keeper(client, machine, self._layout)
        self._enqueue = enqueue
        self._instances: dict[Key, Instance] = {}
        self._secrets: dict[Key, frozenset[str]] = {}
        self._resumption = Resumption()
        self._is_closing = False

    def controller(self) -> Controller:
        watches = (Watch(SECRET, self._wakes),)
        return Controller(PROCESS, self.reconcile, watches=watches, workers=WORKERS, timeout_seconds=TIMEOUT_SECONDS)

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises HomeNotWritable and HomeFull beside the errors of its parts."""
        instance = self._instance(resource.key)
        try:
            async with instance.lock:
                outcome = await self._settle(resource, instance)
        except OSError as error:
            home = self._layout.home
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise HomeFull(f"the disk of {home} is full: make room on it") from error
            raise HomeNotWritable(f"cannot work in {home}: {error}") from error
        if resource.spec.get("usesApi"):
            await tell_pod(self._client, resource, outcome, self._machine.clock.now())
        return outcome

    async def resume(self, within_seconds: float = RESUME_SECONDS) -> None:
        """Starts what should run and was stopped, and waits a moment until it serves; called before anything else.

        So nobody looks for a server that a clean stop has ended and finds it missing, as if it had crashed. What takes
        longer than the moment goes on beside everything else; what goes wrong here comes up again in the reconciles
        that follow, which tell it.
        """
        with suppress(DbaasError):
            processes = await self._client.list(PROCESS, fresh=True)
            works = [self._resume(process) for process in processes if not process.metadata.is_deleting]
            await self._resumption.run(works, within_seconds)

    async def _resume(self, process: Resource) -> None:
        with suppress(DbaasError):
            await self.reconcile(process)
            guard = self._instance(process.key).guard
            while guard is not None and guard.exit is None and not guard.is_ready:
                await self._machine.clock.sleep(POLL_SECONDS)

    async def stop_all(self) -> None:
        """Stops every program of the home cleanly, all at the same time, and starts none any more. Data is kept.

        Reconciles that come meanwhile say so in the status. Call `close` afterwards.
        """
        self._is_closing = True
        self._keeper.close()
        await self._resumption.end()
        await asyncio.gather(*(self._stop(instance) for instance in list(self._instances.values())))
        await stop_recorded(self._layout.home, self._machine.processes, self._machine.clock)  # not adopted yet

    async def close(self) -> None:
        """Lets go of everything; programs that run go on."""
        self._is_closing = True
        self._keeper.close()
        await self._resumption.end()
        await asyncio.gather(*(instance.upgrading.end() for instance in self._instances.values()))
        guards = [instance.guard for instance in self._instances.values() if instance.guard]
        await asyncio.gather(*(guard.close() for guard in guards))

    def _instance(self, key: Key) -> Instance:
        if key not in self._instances:
            self._instances[key] = Instance(key, self._layout, self._machine, lambda: self._enqueue(PROCESS, key))
        return self._instances[key]

    def _wakes(self, secret: Resource) -> Iterable[Key]:
        name, namespace = secret.metadata.name, secret.metadata.namespace
        return [key for key, names in self._secrets.items() if key.namespace == namespace and name in names]

    async def _settle(self, resource: Resource, instance: Instance) -> Outcome:
        spec = Process.model_validate(resource.body()).spec
        if resource.metadata.is_deleting:
            return await self._delete(resource, instance, spec)
        await self._hold(resource)
        self._secrets[resource.key] = secret_names(spec)
        self._layout.make(resource.key)
        instance.own_logs = find_own_logs(self._layout, resource.key, spec.logs)
        if kept := instance.take_over(sets_aside=spec.sets_aside):
            self._client.event(resource, "Normal", "SetAside", f"what an earlier process had left is in {kept} now")
        if instance.adopt():
            self._client.event(resource, "Normal", "Adopted", f"found running as process {instance.record.pid}")
        if spec.stopped or self._is_closing:
            return await self._end(resource, instance, spec)
        if instance.must_renew(spec.data_mark):
            await self._keeper.note_end(resource, instance, spec)
            if instance.begin_stop():
                why = "the program is asked to end, because its data is to be made anew"
                return self._keeper.report(instance).held("Restarting", "Restarting", why)
            await instance.renew(spec.data_mark or "")
            self._client.event(resource, "Normal", "DataDiscarded", "all that it had is thrown away and made anew")
        return await self._keeper.keep(resource, instance, spec)

    async def _hold(self, resource: Resource) -> None:
        finalizers = resource.metadata.finalizers
        if FINALIZER not in finalizers:
            patch = {"metadata": {"finalizers": [*finalizers, FINALIZER]}}
            await self._client.patch(PROCESS, resource.key, patch, version=resource.metadata.resourceVersion)

    async def _end(self, resource: Resource, instance: Instance, spec: ProcessSpec) -> Outcome:
        await instance.upgrading.end()
        await self._keeper.note_end(resource, instance, spec)
        report = self._keeper.report(instance)
        if instance.begin_stop():
            return report.held("Stopping", "Stopping", "the program is asked to end")
        self._keeper.release(resource.key)
        why = "spec.stopped is set" if spec.stopped else "dbaas is shutting down"
        return report.held("Stopped", "Stopped", f"the program does not run: {why}")

    async def _delete(self, resource: Resource, instance: Instance, spec: ProcessSpec) -> Outcome:
        instance.adopt()
        await instance.upgrading.end()
        await self._keeper.note_end(resource, instance, spec)
        if instance.begin_stop():
            return self._keeper.report(instance).held("Deleting", "Stopping", "the program is asked to end")
        key = resource.key
        self._keeper.release(key)
        await self._machine.offload.run(self._clear, key, instance, spec)
        self._instances.pop(key, None)
        self._secrets.pop(key, None)
        if FINALIZER in resource.metadata.finalizers:
            finalizers = [name for name in resource.metadata.finalizers if name != FINALIZER]
            patch = {"metadata": {"finalizers": finalizers}}
            await self._client.patch(PROCESS, key, patch, version=resource.metadata.resourceVersion)
        return Outcome(gone=True)

    def _clear(self, key: Key, instance: Instance, spec: ProcessSpec) -> None:
        shutil.rmtree(self._layout.sockets(key), ignore_errors=True)
        folder = self._layout.folder(key)
        if not folder.exists():
            return
        if spec.data_policy == "Delete":
            shutil.rmtree(folder)
            remove_logs(self._layout.log(key), find_own_logs(self._layout, key, spec.logs))
        else:
            save_record(self._layout.record(key), instance.record.orphaned())

    async def _stop(self, instance: Instance) -> None:
        async with instance.lock:
            instance.adopt()
            await instance.upgrading.end()
            if instance.begin_stop() and instance.guard is not None:
                await instance.guard.wait()
            await instance.note_end(Restart(), {})
