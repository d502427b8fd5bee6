"""The real kubectl against the embedded server, over HTTP as a user runs it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from conformance.kubernetes_api.conftest import DEFINITION, VERSION, widget
from dbaas.apiserver import ApiServer
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


@pytest_asyncio.fixture
async def kubectl(kube_assets: Path, tmp_path: Path) -> AsyncIterator[Kubectl]:
    """Against a server of its own that serves widgets."""
    server = ApiServer(None, SystemClock(), SystemRandomness(), InlineOffload())
    await server.start()
    async with embedded_url(server, Secret("token")) as url:
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": url.replace("//", "//dbaas:token@")}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": ""}}],
        }
        (tmp_path / "config").write_text(yaml.safe_dump(config))
        run = Kubectl(kube_assets / "kubectl", tmp_path)
        await run("create", "-f", "-", stdin=DEFINITION)
        yield run


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
    await kubectl("create", "namespace", "team")
    await kubectl("-n", "team", "create", "secret", "generic", "one", "--from-literal=a=b")
    await kubectl("-n", "team", "create", "service", "clusterip", "one", "--clusterip=None", "--tcp=80:8080")
    await kubectl("-n", "team", "create", "serviceaccount", "one")
    await kubectl("-n", "team", "create", "job", "one", "--image=image", "--", "sleep", "1")
    await kubectl("-n", "team", "run", "one", "--image=image")
    assert (await kubectl("-n", "team", "get", "secret", "one", "-o", "jsonpath={.data.a}")).out == "Yg=="
    assert (
        await kubectl("-n", "team", "get", "service", "one", "-o", "jsonpath={.spec.ports[0].targetPort}")
    ).out == "8080"
    job = json.loads((await kubectl("-n", "team", "get", "job", "one", "-o", "json")).out)
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
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"apiVersion": VERSION, "kind": "Widget", "name": "one", "namespace": "default", "uid": uid},
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


async def test_objects_of_one_file_can_be_of_any_kind(kubectl: Kubectl) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    inside = widget(namespace="team")
    await kubectl("apply", "-f", "-", stdin=[namespace, inside])
    assert "one" in (await kubectl("get", "widgets", "-A", "-o", "name")).out
    await kubectl("delete", "namespace", "team")
    assert "one" not in (await kubectl("get", "widgets", "-A", "-o", "name")).out
