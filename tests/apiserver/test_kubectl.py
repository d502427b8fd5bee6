"""The real kubectl against the embedded server, over HTTP as a user runs it."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from conformance.kubernetes_api.conftest import DEFINITION, VERSION, widget
from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import SystemClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SystemRandomness
from dbaas.core.secrets import Secret
from fixtures.control_plane import embedded_url

pytestmark = pytest.mark.kube_apiserver  # kubectl is built with it


@dataclass(frozen=True)
class Done:
    """How one command ended."""

    code: int
    out: str
    err: str


@dataclass
class Kubectl:
    """Runs kubectl with a configuration of its own."""

    binary: Path
    home: Path
    namespace: str

    async def __call__(self, *arguments: str, stdin: object = None, **environment: str) -> Done:
        """A command that must succeed."""
        done = await self.attempt(*arguments, stdin=stdin, **environment)
        assert done.code == 0, f"{arguments}: {done.out}{done.err}"
        return done

    async def attempt(self, *arguments: str, stdin: object = None, **environment: str) -> Done:
        process = await self.start(*arguments, **environment)
        text = "---\n".join(json.dumps(each) for each in stdin) if isinstance(stdin, list) else json.dumps(stdin)
        out, err = await asyncio.wait_for(process.communicate(text.encode()), 30)
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        variables = {"HOME": str(self.home), "KUBECONFIG": str(self.home / "config"), "PATH": "/usr/bin:/bin"}
        return await asyncio.create_subprocess_exec(
            str(self.binary), *arguments, env={**variables, **environment}, stdin=pipe, stdout=pipe, stderr=pipe
        )


@asynccontextmanager
async def open_kubectl(kind: str, request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Kubectl]:
    """Against the real server, which all tests share, or one of ours; in a namespace of its own, with widgets."""
    run = Kubectl(request.getfixturevalue("kube_assets") / "kubectl", home, f"t-{os.urandom(4).hex()}")
    home.mkdir(exist_ok=True)
    async with AsyncExitStack() as stack:
        if kind == "kube":
            config = yaml.safe_load((request.getfixturevalue("kube_state") / "kubeconfig").read_text())
        else:
            server = ApiServer(None, SystemClock(), SystemRandomness(), InlineOffload())
            await server.start()
            config = config_for(await stack.enter_async_context(embedded_url(server, Secret("token"))))
        config["contexts"][0]["context"]["namespace"] = run.namespace
        (home / "config").write_text(yaml.safe_dump(config))
        await run("create", "namespace", run.namespace)
        made = await run.attempt("create", "-f", "-", stdin=DEFINITION)
        assert made.code == 0 or "AlreadyExists" in made.err, made.err
        await run("wait", "--for=condition=Established", f"crd/{DEFINITION['metadata']['name']}")
        yield run


def config_for(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": url.replace("//", "//dbaas:token@")}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": ""}}],
    }


@pytest_asyncio.fixture(params=["embedded", "kube"])
async def kubectl(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kubectl]:
    """The same test against both servers."""
    async with open_kubectl(request.param, request, tmp_path) as run:
        yield run


@pytest_asyncio.fixture
async def ours(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kubectl]:
    """Ours alone: the other one has nobody who collects garbage or empties namespaces."""
    async with open_kubectl("embedded", request, tmp_path) as run:
        yield run


@pytest_asyncio.fixture
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Kubectl, Kubectl]]:
    """Ours and the real one."""
    async with (
        open_kubectl("embedded", request, tmp_path / "ours") as one,
        open_kubectl("kube", request, tmp_path / "theirs") as other,
    ):
        yield one, other


async def test_a_definition_can_be_waited_for(kubectl: Kubectl) -> None:
    done = await kubectl("wait", "--for=condition=Established", f"crd/{DEFINITION['metadata']['name']}")
    assert "condition met" in done.out


async def test_resources_and_their_short_names_are_listed(kubectl: Kubectl) -> None:
    listed = (await kubectl("api-resources")).out
    assert "widgets" in listed
    assert f"wd           {VERSION}" in listed
    assert "configmaps" in listed
    assert "v1\n" in (await kubectl("api-versions")).out


async def test_every_output_of_get_works(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=widget(size=3))
    assert (await kubectl("get", "widgets")).out.splitlines()[0].split() == ["NAME", "SIZE", "AGE"]
    assert (await kubectl("get", "wd", "-o", "wide")).out.splitlines()[0].split() == ["NAME", "SIZE", "READY", "AGE"]
    assert (await kubectl("get", "widget", "one", "-o", "name")).out == f"widget.{VERSION.partition('/')[0]}/one\n"
    assert yaml.safe_load((await kubectl("get", "widget", "one", "-o", "yaml")).out)["spec"]["size"] == 3
    assert json.loads((await kubectl("get", "widget", "one", "-o", "json")).out)["kind"] == "Widget"
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.spec.size}")).out == "3"
    assert (await kubectl("get", "widget", "one", "-o", "go-template={{.spec.size}}")).out == "3"
    columns = await kubectl("get", "widgets", "-o", "custom-columns=N:.metadata.name,S:.spec.size")
    assert columns.out.split() == ["N", "S", "one", "3"]
    assert "one" in (await kubectl("get", "all")).out
    assert "size=big" not in (await kubectl("get", "widgets", "--show-labels")).out
    assert "No resources found" in (await kubectl("get", "widgets", "-l", "size=big")).err


async def test_what_is_not_there_is_said_plainly(kubectl: Kubectl) -> None:
    missing = await kubectl.attempt("get", "widget", "nobody")
    assert missing.code == 1
    assert missing.err == ('Error from server (NotFound): widgets.conformance.example.com "nobody" not found\n')
    unknown = await kubectl.attempt("get", "gadgets")
    assert "the server doesn't have a resource type" in unknown.err


async def test_a_watch_shows_each_change(kubectl: Kubectl) -> None:
    typed = ("--output-watch-events", "-o", r'jsonpath={.type}{"\n"}')
    process = await kubectl.start("get", "widgets", "-w", *typed)
    watch = await kubectl.start("get", "widgets", "-w")
    await kubectl("create", "-f", "-", stdin=widget(size=3))
    await kubectl("patch", "widget", "one", "--type=merge", "-p", '{"spec":{"size":4}}')
    await kubectl("delete", "widget", "one")
    assert process.stdout is not None
    assert watch.stdout is not None
    for expected in (b"ADDED", b"MODIFIED", b"DELETED"):
        assert (await asyncio.wait_for(process.stdout.readline(), 10)).strip() == expected
    lines = [(await asyncio.wait_for(watch.stdout.readline(), 10)).split() for _ in range(3)]
    assert [line[:2] for line in lines] == [[b"NAME", b"SIZE"], [b"one", b"3"], [b"one", b"4"]]
    for each in (process, watch):
        each.terminate()
        await each.communicate()


async def test_apply_creates_changes_and_leaves_alone(kubectl: Kubectl) -> None:
    for kind, obj in {
        "widget": widget(),
        "configmap": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "one"},
            "data": {"a": "b", "c": "d"},
        },
    }.items():
        assert "one created" in (await kubectl("apply", "-f", "-", stdin=obj)).out
        assert "one unchanged" in (await kubectl("apply", "-f", "-", stdin=obj)).out
        obj["metadata"]["labels"] = {"new": "yes"}
        obj.get("data", {}).pop("c", None)
        assert "one configured" in (await kubectl("apply", "-f", "-", stdin=obj)).out
        stored = json.loads((await kubectl("get", kind, "one", "-o", "json")).out)
        assert stored["metadata"]["labels"] == {"new": "yes"}
        assert "c" not in stored.get("data", {})


async def test_lists_with_keys_are_merged_by_a_client_side_apply(kubectl: Kubectl) -> None:
    spec = {"ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}], "clusterIP": "None"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "one"}, "spec": spec}
    await kubectl("apply", "-f", "-", stdin=service)
    spec["ports"] = [{"name": "b", "port": 2}, {"name": "c", "port": 3}]
    await kubectl("apply", "-f", "-", stdin=service)
    stored = json.loads((await kubectl("get", "service", "one", "-o", "json")).out)
    assert [port["name"] for port in stored["spec"]["ports"]] == ["b", "c"]


async def test_server_side_apply_conflicts_and_can_be_forced(kubectl: Kubectl) -> None:
    await kubectl("apply", "--server-side", "--field-manager=first", "-f", "-", stdin=widget(size=1))
    refused = await kubectl.attempt("apply", "--server-side", "--field-manager=second", "-f", "-", stdin=widget(size=2))
    assert refused.code == 1
    assert 'Apply failed with 1 conflict: conflict with "first": .spec.size' in refused.err
    force = ("apply", "--server-side", "--field-manager=second", "--force-conflicts", "-f", "-")
    assert "serverside-applied" in (await kubectl(*force, stdin=widget(size=2))).out


async def test_a_client_side_apply_can_become_a_server_side_one(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", "-", stdin=widget(size=1))
    await kubectl("apply", "--server-side", "-f", "-", stdin=widget(size=2))
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.spec.size}")).out == "2"


async def test_diff_shows_what_would_change(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", "-", stdin=widget(size=1))
    same = await kubectl.attempt("diff", "-f", "-", stdin=widget(size=1))
    assert (same.code, same.out) == (0, "")
    for how in ((), ("--server-side", "--force-conflicts")):
        different = await kubectl.attempt("diff", *how, "-f", "-", stdin=widget(size=2))
        assert different.code == 1
        assert "-  size: 1\n+  size: 2" in different.out
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.spec.size}")).out == "1"


@pytest.mark.parametrize(
    ("kind", "patch", "expected"),
    [
        ("merge", '{"spec":{"size":7}}', "7"),
        ("json", '[{"op":"replace","path":"/spec/size","value":8}]', "8"),
    ],
)
async def test_patches_change_a_custom_object(kubectl: Kubectl, kind: str, patch: str, expected: str) -> None:
    await kubectl("create", "-f", "-", stdin=widget())
    await kubectl("patch", "widget", "one", f"--type={kind}", "-p", patch)
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.spec.size}")).out == expected


async def test_what_kubectl_makes_itself_is_understood(kubectl: Kubectl) -> None:
    await kubectl("create", "secret", "generic", "one", "--from-literal=a=b")
    await kubectl("create", "service", "clusterip", "one", "--clusterip=None", "--tcp=80:8080")
    await kubectl("create", "serviceaccount", "one")
    await kubectl("create", "job", "one", "--image=image", "--", "sleep", "1")
    await kubectl("run", "one", "--image=image")
    assert (await kubectl("get", "secret", "one", "-o", "jsonpath={.data.a}")).out == "Yg=="
    assert (await kubectl("get", "service", "one", "-o", "jsonpath={.spec.ports[0].targetPort}")).out == "8080"
    job = json.loads((await kubectl("get", "job", "one", "-o", "json")).out)
    assert job["spec"]["template"]["spec"]["containers"][0]["command"] == ["sleep", "1"]


async def test_a_strategic_patch_changes_a_built_in_object(kubectl: Kubectl) -> None:
    await kubectl("create", "configmap", "one", "--from-literal=a=b")
    await kubectl("patch", "configmap", "one", "-p", '{"data":{"c":"d"}}')
    assert json.loads((await kubectl("get", "cm", "one", "-o", "jsonpath={.data}")).out) == {"a": "b", "c": "d"}


async def test_a_status_can_be_patched(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=widget())
    await kubectl("patch", "widget", "one", "--subresource=status", "--type=merge", "-p", '{"status":{"seen":3}}')
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.status.seen}")).out == "3"


async def test_labels_and_annotations_come_and_go(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=widget())
    await kubectl("label", "widget", "one", "colour=red")
    await kubectl("annotate", "widget", "one", "note=mine")
    assert "one" in (await kubectl("get", "widgets", "-l", "colour=red", "-o", "name")).out
    assert (await kubectl.attempt("label", "widget", "one", "colour=blue")).code == 1
    await kubectl("label", "widget", "one", "colour=blue", "--overwrite")
    await kubectl("label", "widget", "one", "colour-")
    assert json.loads((await kubectl("get", "widget", "one", "-o", "json")).out)["metadata"].get("labels", {}) == {}


async def test_an_object_can_be_edited(kubectl: Kubectl, tmp_path: Path) -> None:
    await kubectl("create", "-f", "-", stdin=widget(size=3))
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/size: 3/size: 5/' \"$1\"\n")
    editor.chmod(0o755)
    await kubectl("edit", "widget", "one", KUBE_EDITOR=str(editor))
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.spec.size}")).out == "5"


async def test_describe_shows_the_object_and_its_events(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=widget())
    uid = (await kubectl("get", "widget", "one", "-o", "jsonpath={.metadata.uid}")).out
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": kubectl.namespace},
        "involvedObject": {
            "apiVersion": VERSION,
            "kind": "Widget",
            "name": "one",
            "namespace": kubectl.namespace,
            "uid": uid,
        },
        "reason": "Tried",
        "message": "it works",
        "type": "Normal",
        "count": 1,
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "source": {"component": "test"},
    }
    await kubectl("create", "-f", "-", stdin=event)
    described = (await kubectl("describe", "widget", "one")).out
    assert "Kind:         Widget" in described
    assert "it works" in described
    assert "it works" in (await kubectl("events", "--for", "widget/one")).out
    assert "it works" in (await kubectl("get", "events")).out


async def test_delete_waits_for_finalizers(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=widget(finalizers=["example.com/hold"]))
    deleting = asyncio.create_task(kubectl("delete", "widget", "one"))
    waiting = asyncio.create_task(kubectl("wait", "--for=delete", "widget/one", "--timeout=20s"))

    async def is_going() -> bool:
        return bool((await kubectl("get", "widget", "one", "-o", "jsonpath={.metadata.deletionTimestamp}")).out)

    await eventually(is_going)
    assert not deleting.done()
    await kubectl("patch", "widget", "one", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert "deleted" in (await deleting).out
    await waiting


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            pass


async def test_all_of_a_kind_can_be_deleted(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=[widget("a"), widget("b")])
    deleted = (await kubectl("delete", "widgets", "--all")).out
    assert deleted.count("deleted") == 2


async def test_wait_for_a_value(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=widget(size=1))
    waiting = asyncio.create_task(kubectl("wait", "widget/one", "--for=jsonpath={.spec.size}=2", "--timeout=20s"))
    await kubectl("patch", "widget", "one", "--type=merge", "-p", '{"spec":{"size":2}}')
    assert "condition met" in (await waiting).out
    late = await kubectl.attempt("wait", "widget/one", "--for=jsonpath={.spec.size}=9", "--timeout=1s")
    assert "timed out waiting for the condition" in late.err


async def test_explain_knows_every_field(kubectl: Kubectl) -> None:
    explained = (await kubectl("explain", "widget.spec.size")).out
    assert "FIELD: size <integer>" in explained
    assert "How large it is" in explained
    assert "Something that has a size" in (await kubectl("explain", "widget")).out
    assert "containers" in (await kubectl("explain", "pod.spec", "--recursive")).out


async def test_mistakes_are_named(kubectl: Kubectl) -> None:
    wrong = widget()
    wrong["spec"]["sizes"] = 1
    refused = await kubectl.attempt("create", "-f", "-", stdin=wrong)
    assert 'strict decoding error: unknown field "spec.sizes"' in refused.err
    invalid = await kubectl.attempt("create", "-f", "-", stdin=widget(size=-1))
    assert "spec.size: Invalid value: -1: spec.size in body should be greater than or equal to 0" in invalid.err


async def test_objects_of_one_file_can_be_of_any_kind(ours: Kubectl) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    inside = widget(namespace="team")
    await ours("apply", "-f", "-", stdin=[namespace, inside])
    assert "one" in (await ours("get", "widgets", "-A", "-o", "name")).out
    await ours("delete", "namespace", "team")
    assert "one" not in (await ours("get", "widgets", "-A", "-o", "name")).out


def dependent(owner: dict[str, Any]) -> dict[str, Any]:
    reference = {"apiVersion": VERSION, "kind": "Widget", "name": "one", "uid": owner["metadata"]["uid"]}
    metadata = {"name": "below", "ownerReferences": [{**reference, "blockOwnerDeletion": True}]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


@pytest.mark.parametrize(("cascade", "left"), [("foreground", ""), ("background", ""), ("orphan", "configmap/below\n")])
async def test_dependents_go_too_unless_they_are_orphaned(ours: Kubectl, cascade: str, left: str) -> None:
    await ours("create", "-f", "-", stdin=widget())
    owner = json.loads((await ours("get", "widget", "one", "-o", "json")).out)
    await ours("create", "-f", "-", stdin=dependent(owner))
    await ours("delete", "widget", "one", f"--cascade={cascade}")

    async def is_settled() -> bool:
        found = await ours("get", "configmap", "-o", "name")
        references = await ours.attempt("get", "cm", "below", "-o", "jsonpath={.metadata.ownerReferences}")
        return found.out == left and not references.out

    await eventually(is_settled)


@pytest.mark.parametrize("cascade", ["foreground", "orphan"])
async def test_how_dependents_go_is_left_to_the_garbage_collector(kubectl: Kubectl, cascade: str) -> None:
    await kubectl("create", "-f", "-", stdin=widget(finalizers=["example.com/hold"]))
    await kubectl("delete", "widget", "one", f"--cascade={cascade}", "--wait=false")
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.metadata.deletionTimestamp}")).out
    await kubectl("patch", "widget", "one", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert (await kubectl.attempt("get", "widget", "one")).code == 1


async def test_one_may_do_everything_and_knows_who_one_is(kubectl: Kubectl) -> None:
    assert (await kubectl("auth", "can-i", "create", "widgets")).out == "yes\n"
    assert (await kubectl("auth", "can-i", "get", "/anything")).out == "yes\n"
    everything = (await kubectl("auth", "can-i", "--list")).out.splitlines()
    assert everything[0].split() == ["Resources", "Non-Resource", "URLs", "Resource", "Names", "Verbs"]
    assert any(line.split() == ["*.*", "[]", "[]", "[*]"] for line in everything)
    myself = (await kubectl("auth", "whoami")).out
    assert "Username" in myself
    assert "[system:masters system:authenticated]" in myself
    assert yaml.safe_load((await kubectl("auth", "whoami", "-o", "yaml")).out)["kind"] == "SelfSubjectReview"


async def test_a_dry_run_of_the_server_tells_and_stores_nothing(kubectl: Kubectl) -> None:
    dry = ("--dry-run=server", "-f", "-")
    assert "created (server dry run)" in (await kubectl("create", *dry, stdin=widget())).out
    assert "created (server dry run)" in (await kubectl("apply", *dry, stdin=widget())).out
    assert "serverside-applied (server dry run)" in (await kubectl("apply", "--server-side", *dry, stdin=widget())).out
    refused = await kubectl.attempt("create", *dry, stdin=widget(size=-1))
    assert "spec.size: Invalid value: -1" in refused.err
    assert (await kubectl.attempt("get", "widget", "one")).code == 1
    await kubectl("create", "-f", "-", stdin=widget())
    deleted = (await kubectl("delete", "widget", "one", "--dry-run=server")).out
    assert "deleted" in deleted
    assert "(server dry run)" in deleted
    assert "labeled (server dry run)" in (await kubectl("label", "widget", "one", "a=b", "--dry-run=server")).out
    assert (await kubectl("get", "widget", "one", "--show-labels")).out.split()[-1] == "<none>"


async def test_an_object_can_be_replaced_and_by_force_made_anew(kubectl: Kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=widget(size=1))
    uid = (await kubectl("get", "widget", "one", "-o", "jsonpath={.metadata.uid}")).out
    assert "replaced" in (await kubectl("replace", "-f", "-", stdin=widget(size=2))).out
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.metadata.uid} {.spec.size}")).out == f"{uid} 2"
    assert "replaced" in (await kubectl("replace", "--force", "-f", "-", stdin=widget(size=3))).out
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.spec.size}")).out == "3"
    assert (await kubectl("get", "widget", "one", "-o", "jsonpath={.metadata.uid}")).out != uid


async def test_a_definition_with_a_broken_rule_is_refused_with_its_place(kubectl: Kubectl) -> None:
    broken = json.loads(json.dumps(DEFINITION).replace("widgets", "brokens"))
    root = broken["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    root["properties"]["spec"]["x-kubernetes-validations"] = [{"rule": "self.size >"}]
    for how in ((), ("--server-side",)):
        refused = await kubectl.attempt("apply", *how, "-f", "-", stdin=broken)
        assert refused.code == 1
        assert "openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value" in refused.err
        assert "Syntax error" in refused.err


SCRIPT: tuple[tuple[str, ...], ...] = (
    ("get", "widgets"),
    ("get", "widgets", "-o", "wide", "--show-labels"),
    ("get", "widgets", "-l", "colour=red", "-o", "name"),
    ("get", "widgets", "--field-selector", "metadata.name!=a", "-o", "name"),
    ("get", "widgets", "--sort-by", "{.spec.size}", "-o", "custom-columns=N:.metadata.name,S:.spec.size"),
    ("get", "widgets", "-o", "jsonpath={range .items[*]}{.metadata.name}={.spec.size};{end}"),
    ("get", "widgets", "-o", "go-template={{range .items}}{{.metadata.name}} {{end}}"),
    ("get", "widget", "a", "-o", "yaml", "--show-managed-fields"),
    ("get", "widget", "a", "-o", "json"),
    ("get", "all"),
    ("get", "widgets,configmaps", "-o", "name"),
    ("get", "secrets"),
    ("get", "services"),
    ("get", "widget", "nobody"),
    ("get", "widgets", "nobody", "--ignore-not-found"),
    ("get", "nothing"),
    ("get", "widgets", "--field-selector", "spec.size=1"),
    ("describe", "widget", "a"),
    ("describe", "configmap", "settings"),
    ("describe", "secret", "login"),
    ("describe", "service", "front"),
    ("explain", "widget.spec"),
    ("explain", "widget.spec.size"),
    ("explain", "widget", "--recursive"),
    ("explain", "widget.nothing"),
    ("events",),
    ("label", "widget", "a", "colour=blue"),
    ("label", "widget", "a", "bad=!"),
    ("annotate", "widget", "a", "note=mine"),
    ("annotate", "widget", "a", "note-"),
    ("patch", "widget", "a", "--type=merge", "-p", '{"spec":{"size":"x"}}'),
    ("patch", "widget", "a", "--type=json", "-p", '[{"op":"test","path":"/spec/size","value":99}]'),
    ("patch", "widget", "a", "-p", '{"spec":{"size":1}}'),
    ("patch", "widget", "a", "--type=merge", "-p", "{}"),
    ("patch", "configmap", "settings", "-p", '{"data":{"x":null,"y":"z"}}'),
    ("create", "configmap", "settings"),
    ("create", "configmap", "Bad_Name"),
    ("wait", "widget/a", "--for=jsonpath={.spec.size}=1"),
    ("delete", "widget", "nobody"),
    ("delete", "widgets", "-l", "colour=red"),
    ("delete", "widgets", "--all"),
    ("auth", "can-i", "delete", "widgets"),
    ("api-resources", "--api-group=conformance.example.com"),
)


async def test_both_servers_let_kubectl_print_the_same(both: tuple[Kubectl, Kubectl]) -> None:
    for run in both:
        red = {"colour": "red"}
        await run("apply", "-f", "-", stdin=[widget("a", 1), widget("b", 3, labels=red), widget("c", 2)])
        await run("create", "configmap", "settings", "--from-literal=x=y")
        await run("create", "secret", "generic", "login", "--from-literal=password=x")
        await run("create", "service", "clusterip", "front", "--clusterip=None", "--tcp=80:8080")
    different = {}
    for command in SCRIPT:
        ours, theirs = [neutral(await run.attempt(*command), run) for run in both]
        if ours != theirs:
            different[command] = (ours, theirs)
    assert different == {}


def neutral(done: Done, run: Kubectl) -> tuple[int, str, str]:
    """Without what differs from one object to another made at another time."""
    texts = []
    for text in (done.out, done.err):
        text = text.replace(run.namespace, "NAMESPACE")
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID", text)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
        text = re.sub(r"(?i)(resource ?version\"?: +\"?)\d+", r"\1N", text)
        texts.append(re.sub(r" +\d+m?\d*s\b", " AGE", text))
    return done.code, texts[0], texts[1]
