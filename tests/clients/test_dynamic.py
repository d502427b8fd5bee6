"""The dynamic client, custom objects, watches, informers and leader election of the official client."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest
from kubernetes import client, watch
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ConflictError, NotFoundError
from kubernetes.informer import SharedInformer
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock
from kubernetes.utils import create_from_dict

from clients.official import APPLY, JSON, MERGE, Connection, Transcript
from conformance.kubernetes_api.conftest import DEFINITION

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 20
SPEC = {"size": 1, "parts": [{"name": "a", "size": 1}]}


@pytest.fixture
def widgets(connection: Connection) -> dict[str, str]:
    """A custom kind of this test's own: the arguments that all calls for its objects share."""
    return define(connection)


def define(connection: Connection) -> dict[str, str]:
    made = copy.deepcopy(DEFINITION)
    made["spec"]["group"] = f"{connection.namespace}.example.com"
    made["metadata"]["name"] = name = f"widgets.{made['spec']['group']}"
    extensions = client.ApiextensionsV1Api(connection.api)
    extensions.create_custom_resource_definition(made)
    events = watch.Watch()
    selector = {"field_selector": f"metadata.name={name}", "timeout_seconds": PATIENCE_SECONDS}
    for event in events.stream(extensions.list_custom_resource_definition, **selector):
        conditions = {each.type: each.status for each in event["object"].status.conditions or ()}
        if conditions.get("Established") == "True":
            events.stop()
    return {"group": made["spec"]["group"], "version": "v1", "namespace": connection.namespace, "plural": "widgets"}


def widget(place: dict[str, str], name: str, spec: dict[str, Any], **metadata: object) -> dict[str, Any]:
    version = f"{place['group']}/{place['version']}"
    return {"apiVersion": version, "kind": "Widget", "metadata": {"name": name, **metadata}, "spec": spec}


def custom_calls(connection: Connection, place: dict[str, str]) -> Transcript:
    """Every call for custom objects."""
    api, transcript = client.CustomObjectsApi(connection.api), Transcript(connection)
    one = {**place, "name": "one"}

    def call(name: str, verb: str, arguments: dict[str, str], *bodies: object, **options: object) -> Any:
        function = getattr(api, f"{verb}_namespaced_custom_object{options.pop('part', '')}")
        named = {"body": bodies[0]} if bodies else {}
        return transcript.call(name, function, **arguments, **named, **options)

    call("create", "create", place, widget(place, "one", SPEC), field_manager="maker")
    call("create again", "create", place, widget(place, "one", SPEC))
    call("create invalid", "create", place, widget(place, "two", {"size": -1}))
    call("create empty", "create", place, widget(place, "two", {}))
    call("create strictly", "create", place, widget(place, "two", {"size": 1, "x": 1}), field_validation="Strict")
    call("create dry", "create", place, widget(place, "two", {"size": 1}), dry_run="All")
    call("get", "get", one)
    call("list", "list", place, limit=5)
    call("list selected", "list", place, field_selector="spec.colour=red")
    call("merge", "patch", one, {"spec": {"size": 2}}, _content_type=MERGE, field_manager="maker")
    call("json", "patch", one, [{"op": "add", "path": "/spec/colour", "value": "red"}], _content_type=JSON,
         field_manager="maker")  # fmt: skip
    applied = widget(place, "one", {"size": 3, "parts": [{"name": "b", "size": 2}]})
    call("apply", "patch", one, applied, _content_type=APPLY, field_manager="other")
    call("apply forced", "patch", one, applied, _content_type=APPLY, field_manager="other", force=True)
    call("list red", "list", place, field_selector="spec.colour=red")
    call("status", "patch", one, {"status": {"seen": 3}}, part="_status", _content_type=MERGE, field_manager="maker")
    call("get status", "get", one, part="_status")
    call("scale", "get", one, part="_scale")
    stored = api.get_namespaced_custom_object(**one)
    stored["spec"]["size"] = 5
    call("replace", "replace", one, stored, field_manager="maker")
    call("replace stale", "replace", one, stored)
    call("delete", "delete", one)
    call("get deleted", "get", one)
    call("delete all", "delete_collection", place)
    definitions = client.ApiextensionsV1Api(connection.api)
    name = f"{place['plural']}.{place['group']}"
    transcript.call("definition", lambda: definitions.read_custom_resource_definition(name).status)
    transcript.call("definition again", definitions.create_custom_resource_definition, DEFINITION | {
        "metadata": {"name": name}})  # fmt: skip
    transcript.call("no definition", definitions.read_custom_resource_definition, "none.example.com")
    return transcript


@pytest.mark.kube_apiserver
def test_calls_for_custom_objects_are_answered_with_the_same_words(
    embedded_connection: Connection, kube_connection: Connection
) -> None:
    both = (embedded_connection, kube_connection)
    ours, theirs = (custom_calls(each, define(each)).lines for each in both)
    for our, their in zip(ours, theirs, strict=True):
        assert our == their


def test_the_dynamic_client_applies_and_meets_conflicts(connection: Connection, widgets: dict[str, str]) -> None:
    dynamic = DynamicClient(connection.api)
    kind = dynamic.resources.get(api_version=f"{widgets['group']}/v1", kind="Widget")
    space = {"namespace": connection.namespace}
    kind.server_side_apply(body=widget(widgets, "one", SPEC), field_manager="one", **space)
    with pytest.raises(ConflictError) as refused:
        kind.server_side_apply(body=widget(widgets, "one", {"size": 2}), field_manager="two", **space)
    assert 'conflict with "one": .spec.size' in str(refused.value.summary())
    forced = kind.server_side_apply(
        body=widget(widgets, "one", {"size": 2}), field_manager="two", force_conflicts=True, **space
    )
    assert forced.spec.size == 2
    dropped = kind.server_side_apply(body=widget(widgets, "one", {"size": 2}), field_manager="one", **space)
    assert dropped.spec.to_dict() == {"size": 2, "colour": "grey"}
    patched = kind.patch(body={"spec": {"size": 7}}, name="one", content_type=MERGE, **space)
    assert kind.get(name="one", **space).metadata.resourceVersion == patched.metadata.resourceVersion
    assert [item.metadata.name for item in kind.get(**space).items] == ["one"]
    kind.delete(name="one", **space)
    with pytest.raises(NotFoundError):
        kind.get(name="one", **space)


def test_the_dynamic_client_discovers_kinds_by_any_name(connection: Connection, widgets: dict[str, str]) -> None:
    resources = DynamicClient(connection.api).resources
    assert resources.get(short_names=["cm"]).kind == "ConfigMap"
    assert resources.get(kind="Lease").group_version == "coordination.k8s.io/v1"
    assert resources.get(kind="Job", group="batch").name == "jobs"
    assert {each.kind for each in resources.search(group=widgets["group"])} >= {"Widget"}


def test_a_watch_tells_each_change_once_and_goes_on_from_a_version(connection: Connection) -> None:
    core, space = connection.core, connection.namespace
    start = core.list_namespaced_config_map(space).metadata.resource_version
    for name in ("a", "b"):
        core.create_namespaced_config_map(space, {"metadata": {"name": name}})
    core.patch_namespaced_config_map("a", space, {"data": {"x": "1"}}, _content_type=MERGE)
    core.delete_namespaced_config_map("b", space)
    events = watch.Watch()
    seen = []
    options = {"resource_version": start, "timeout_seconds": PATIENCE_SECONDS}
    for event in events.stream(core.list_namespaced_config_map, space, **options):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 4:
            events.stop()
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_an_informer_keeps_its_cache_like_the_server(connection: Connection) -> None:
    core, space = connection.core, connection.namespace
    core.create_namespaced_secret(space, {"metadata": {"name": "before"}})
    changed = {kind: threading.Event() for kind in ("ADDED", "MODIFIED", "DELETED")}
    informer = SharedInformer(core.list_namespaced_secret, namespace=space)
    for kind, event in changed.items():
        informer.add_event_handler(kind, lambda secret, event=event: event.set())
    informer.start()
    try:
        assert changed["ADDED"].wait(PATIENCE_SECONDS)
        core.patch_namespaced_secret("before", space, {"stringData": {"a": "b"}}, _content_type=MERGE)
        assert changed["MODIFIED"].wait(PATIENCE_SECONDS)
        core.delete_namespaced_secret("before", space)
        assert changed["DELETED"].wait(PATIENCE_SECONDS)
        assert informer.cache.list() == []
    finally:
        informer.stop()


@pytest.mark.parametrize("lock", [LeaseLock, ConfigMapLock])
def test_of_two_candidates_one_leads_and_the_other_follows_when_it_stops(connection: Connection, lock: Any) -> None:
    leading: list[str] = []
    won = threading.Event()

    def candidate(name: str) -> leaderelection.LeaderElection:
        mine = lock("the-lock", connection.namespace, name)
        mine.api_instance.api_client = connection.api

        def lead() -> None:
            leading.append(name)
            won.set()
            raise RuntimeError("done")  # how a candidate of this library steps down

        return leaderelection.LeaderElection(electionconfig.Config(mine, 4, 3, 1, lead, lambda: None))

    candidate("first").run()
    assert won.wait(PATIENCE_SECONDS)
    candidate("second").run()
    assert leading == ["first", "second"]


def test_what_the_client_asks_about_the_server_is_answered(connection: Connection) -> None:
    version = client.VersionApi(connection.api).get_code()
    assert (version.major, version.minor) == ("1", "35")
    groups = {group.name for group in client.ApisApi(connection.api).get_api_versions().groups}
    assert groups >= {"batch", "coordination.k8s.io", "discovery.k8s.io", "apiextensions.k8s.io", "events.k8s.io"}
    core = {each.name for each in connection.core.get_api_resources().resources}
    assert core >= {"configmaps", "secrets", "services", "pods", "pods/status", "namespaces", "namespaces/finalize"}


def test_manifests_are_created_as_they_stand(connection: Connection) -> None:
    things = {"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "b"}},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"suspend": True, "template": {
            "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]}}}},
    ]}  # fmt: skip
    for apply in (False, True):
        create_from_dict(connection.api, things, namespace=connection.namespace, apply=apply,
                         **({"force_conflicts": True} if apply else {}))  # fmt: skip
    job = client.BatchV1Api(connection.api).read_namespaced_job("job", connection.namespace)
    assert (job.spec.suspend, job.spec.completions) == (True, 1)
