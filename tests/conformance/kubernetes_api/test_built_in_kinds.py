"""What is particular to the kinds that every server has."""

from __future__ import annotations

from fixtures.control_plane import Api


async def test_the_text_of_a_secret_is_stored_encoded(api: Api) -> None:
    secrets = api.collection("secrets")
    made = await api.post(secrets, {"metadata": {"name": "one"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}})
    assert made.body["data"] == {"a": "Yg==", "c": "ZA=="}
    assert made.body["type"] == "Opaque"
    assert "stringData" not in made.body
    assert made.body["metadata"]["managedFields"][0]["fieldsV1"] == {
        "f:data": {".": {}, "f:a": {}, "f:c": {}},
        "f:type": {},
    }
    patched = await api.patch(f"{secrets}/one", {"stringData": {"a": "x"}})
    assert patched.body["data"] == {"a": "eA==", "c": "ZA=="}


async def test_a_value_of_a_secret_may_be_empty(api: Api) -> None:
    secret = {"metadata": {"name": "one"}, "stringData": {"a": ""}, "data": {"b": ""}}
    made = await api.post(api.collection("secrets"), secret)
    assert (made.status, made.body["data"]) == (201, {"a": "", "b": ""})


async def test_what_is_not_base64_is_no_secret(api: Api) -> None:
    refused = await api.post(api.collection("secrets"), {"metadata": {"name": "one"}, "data": {"a": "!!"}})
    assert refused.status == 400
    assert refused.body["message"] == (
        'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0'
    )


async def test_the_type_of_a_secret_stays(api: Api) -> None:
    secrets = api.collection("secrets")
    await api.post(secrets, {"metadata": {"name": "one"}})
    refused = await api.patch(f"{secrets}/one", {"type": "other"})
    assert refused.status == 422
    assert refused.body["message"] == 'Secret "one" is invalid: type: Invalid value: "other": field is immutable'


async def test_immutable_data_stays(api: Api) -> None:
    for plural, data in {"secrets": "ZA==", "configmaps": "text"}.items():
        path = api.collection(plural)
        await api.post(path, {"metadata": {"name": "one"}, "data": {"a": data}, "immutable": True})
        changed = await api.patch(f"{path}/one", {"data": {"a": "WA=="}})
        assert changed.status == 422
        (cause,) = changed.body["details"]["causes"]
        assert cause["field"] == "data"
        assert cause["message"] == "Forbidden: field is immutable when `immutable` is set"
        unlocked = await api.patch(f"{path}/one", {"immutable": None})
        assert unlocked.body["details"]["causes"][0]["field"] == "immutable"
        labelled = await api.patch(f"{path}/one", {"metadata": {"labels": {"a": "b"}}})
        assert labelled.status == 200


async def test_keys_of_data_are_checked(api: Api) -> None:
    path = api.collection("configmaps")
    bad = await api.post(path, {"metadata": {"name": "one"}, "data": {"a b": "c"}})
    assert bad.status == 422
    assert bad.body["details"]["causes"][0]["field"] == "data[a b]"
    twice = await api.post(path, {"metadata": {"name": "one"}, "data": {"a": "b"}, "binaryData": {"a": "YQ=="}})
    assert twice.status == 422
    assert twice.body["details"]["causes"][0]["message"] == (
        'Invalid value: "a": duplicate of key present in binaryData'
    )


async def test_a_wrong_type_in_a_built_in_kind_is_a_bad_request(api: Api) -> None:
    refused = await api.post(api.collection("configmaps"), {"metadata": {"name": "one"}, "data": {"a": 1}})
    assert refused.status == 400
    assert refused.body["message"].startswith(
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field'
    )


async def test_another_kind_is_refused(api: Api) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}}
    refused = await api.post(api.collection("configmaps"), body)
    assert refused.status == 400
    assert refused.body["message"].startswith('Secret in version "v1" cannot be handled as a ConfigMap: ')


async def test_a_lease_is_held_by_whoever_has_its_version(api: Api) -> None:
    leases = api.collection("leases", "coordination.k8s.io")
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}
    made = (await api.post(leases, {"metadata": {"name": "one"}, "spec": spec})).body
    assert made["spec"] == spec
    taken = {**made, "spec": {**spec, "holderIdentity": "b"}}
    assert (await api.put(f"{leases}/one", taken)).status == 200
    late = {**made, "spec": {**spec, "holderIdentity": "c"}}
    assert (await api.put(f"{leases}/one", late)).status == 409


async def test_events_are_found_by_what_they_are_about(api: Api) -> None:
    events = api.collection("events")
    for name, about in {"e1": "one", "e2": "two"}.items():
        body = {
            "metadata": {"name": name},
            "involvedObject": {"kind": "Widget", "name": about, "namespace": api.namespace},
            "reason": "Tried",
            "message": "it works",
            "type": "Normal",
        }
        assert (await api.post(events, body)).status == 201
    found = await api.get(events, fieldSelector="involvedObject.name=two,involvedObject.kind=Widget,type=Normal")
    assert [item["metadata"]["name"] for item in found.body["items"]] == ["e2"]
    elsewhere = {"metadata": {"name": "e3"}, "involvedObject": {"name": "one", "namespace": "default"}}
    refused = await api.post(events, elsewhere)
    assert refused.status == 422
    assert refused.body["details"]["causes"][0]["message"] == (
        'Invalid value: "default": does not match event.namespace'
    )


async def test_a_pod_is_pending_and_found_by_its_phase(api: Api) -> None:
    pods = api.collection("pods")
    body = {"metadata": {"name": "one"}, "spec": {"containers": [{"name": "main", "image": "image:1"}]}}
    made = await api.post(pods, body)
    assert made.status == 201, made.body
    assert made.body["status"]["phase"] == "Pending"
    assert made.body["metadata"]["generation"] == 1
    running = await api.patch(f"{pods}/one/status", {"status": {"phase": "Running", "podIP": "10.0.0.1"}}, "strategic")
    assert running.body["status"]["podIP"] == "10.0.0.1"
    found = await api.get(pods, fieldSelector="status.phase=Running")
    assert [item["metadata"]["name"] for item in found.body["items"]] == ["one"]
    marked = await api.patch(f"{pods}/one", {"metadata": {"annotations": {"role": "primary"}}}, "strategic")
    assert marked.body["metadata"]["annotations"] == {"role": "primary"}
    gone = await api.delete(f"{pods}/one")
    assert gone.body["metadata"]["deletionTimestamp"]
    assert (await api.get(f"{pods}/one")).status == 404


async def test_a_headless_service_is_stored(api: Api) -> None:
    services = api.collection("services")
    spec = {"clusterIP": "None", "selector": {"app": "one"}, "ports": [{"port": 5432}]}
    made = (await api.post(services, {"metadata": {"name": "one"}, "spec": spec})).body
    assert made["spec"]["ports"] == [{"protocol": "TCP", "port": 5432, "targetPort": 5432}]
    assert made["spec"]["clusterIPs"] == ["None"]
    assert made["spec"]["type"] == "ClusterIP"
    assert made["status"] == {"loadBalancer": {}}
    digit = await api.post(services, {"metadata": {"name": "1one"}, "spec": spec})
    assert digit.status == 422


async def test_endpoints_are_stored_with_a_word_of_warning(api: Api) -> None:
    subsets = [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 5432}]}]
    made = await api.post(api.collection("endpoints"), {"metadata": {"name": "one"}, "subsets": subsets})
    assert made.status == 201
    assert made.headers["warning"] == (
        '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
    )
    slices = api.collection("endpointslices", "discovery.k8s.io")
    body = {"metadata": {"name": "one"}, "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}]}
    assert (await api.post(slices, body)).status == 201


async def test_a_job_orphans_its_pods_unless_told_otherwise(api: Api) -> None:
    jobs = api.collection("jobs", "batch")
    container = {"name": "main", "image": "image:1"}
    spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    made = await api.post(jobs, {"metadata": {"name": "one", "finalizers": ["example.com/hold"]}, "spec": spec})
    assert made.status == 201
    assert made.body["spec"]["backoffLimit"] == 6
    assert made.body["spec"]["completions"] == 1
    held = await api.delete(f"{jobs}/one")
    assert held.body["metadata"]["finalizers"] == ["example.com/hold", "orphan"]


async def test_a_namespace_has_its_finalizer_label_and_phase(api: Api) -> None:
    found = (await api.get(f"/api/v1/namespaces/{api.namespace}")).body
    assert found["spec"] == {"finalizers": ["kubernetes"]}
    assert found["status"] == {"phase": "Active"}
    assert found["metadata"]["labels"] == {"kubernetes.io/metadata.name": api.namespace}


async def test_names_of_namespaces_are_labels(api: Api) -> None:
    refused = await api.post("/api/v1/namespaces", {"metadata": {"name": "a.b"}})
    assert refused.status == 422
    assert refused.body["details"]["causes"][0]["message"] == 'Invalid value: "a.b": must not contain dots'


async def test_the_default_namespace_cannot_be_deleted(api: Api) -> None:
    refused = await api.delete("/api/v1/namespaces/default")
    assert refused.status == 403
    assert refused.body["message"] == 'namespaces "default" is forbidden: this namespace may not be deleted'


async def test_nothing_new_comes_into_a_namespace_that_goes(api: Api) -> None:
    await api.post(api.collection("configmaps"), {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    going = await api.delete(f"/api/v1/namespaces/{api.namespace}")
    assert going.status == 200
    assert going.body["status"]["phase"] == "Terminating"
    refused = await api.post(api.collection("configmaps"), {"metadata": {"name": "late"}})
    assert refused.status == 403
    assert refused.body["details"]["causes"] == [
        {
            "reason": "NamespaceTerminating",
            "message": f"namespace {api.namespace} is being terminated",
            "field": "metadata.namespace",
        }
    ]


async def test_the_same_events_are_served_by_both_groups(api: Api) -> None:
    old, new = api.collection("events"), api.collection("events", "events.k8s.io")
    about = {"kind": "Widget", "name": "one", "namespace": api.namespace}
    body = {
        "metadata": {"name": "one"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "example.com/test",
        "reportingInstance": "test-1",
        "action": "Trying",
        "reason": "Tried",
        "regarding": about,
        "note": "it works",
        "type": "Normal",
    }
    made = await api.post(new, body)
    assert made.status == 201, made.body
    stored = (await api.get(f"{old}/one")).body
    assert stored["involvedObject"] == about
    assert stored["message"] == "it works"
    assert stored["reportingComponent"] == "example.com/test"
    assert (await api.get(f"{new}/one")).body["note"] == "it works"
    found = await api.get(new, fieldSelector="regarding.name=one")
    assert [item["regarding"] for item in found.body["items"]] == [about]
    async with api.watch(old) as watch:
        assert (await watch.next())["object"]["message"] == "it works"
    assert (await api.delete(f"{new}/one")).status == 200
    assert (await api.get(f"{old}/one")).status == 404
