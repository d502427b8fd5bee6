"""Requests that hardly anybody sends on purpose: what is read first, what is nobody's, what is made of nothing."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.kubernetes_api.specimens import Specimens, listed, specimens
from conformance.kubernetes_api.test_apply import owners
from conformance.kubernetes_api.test_built_in_rules import MAIN, job, path_of, pod, service
from fixtures.control_plane import Api

__all__ = ["specimens"]

OTHER = "00000000-0000-0000-0000-000000000001"


def named(body: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "one", **metadata}, **body}


async def test_a_status_with_a_spec_of_wrong_types_leaves_nobody_an_owner(specimens: Specimens) -> None:
    made = await specimens.create({"name": "a"})
    wrong = specimens.obj({"name": 1}, status={"phase": "a"})
    wrong["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"]
    answer = await specimens.api.put(specimens.at(subresource="status"), wrong)
    assert (answer.status, answer.body["spec"]["name"]) == (200, "a")
    assert "managedFields" not in answer.body["metadata"]


async def test_elements_without_their_key_have_no_owner_and_cannot_be_applied_to(api: Api) -> None:
    path = path_of(api, "serviceaccounts")
    made = await api.post(path, named({"secrets": [{}]}))
    assert (made.status, owners(made)) == (201, {})
    answer = await api.apply(f"{path}/one", {"apiVersion": "v1", "kind": "ServiceAccount", **named({})}, "m")
    assert answer.status == 500
    assert answer.body["message"].startswith("failed to create manager for existing fields: ")


@pytest.mark.parametrize("value", ["yesterday", True, 1.5, ""])
async def test_who_applies_a_deletion_that_cannot_be_read_owns_it_all_the_same(
    specimens: Specimens, value: Any
) -> None:
    made = await specimens.apply({"size": 1}, metadata={"deletionTimestamp": value})
    assert (made.status, "deletionTimestamp" in made.body["metadata"]) == (201, False)
    assert owners(made) == {"m": {"f:metadata": {"f:deletionTimestamp": {}}, "f:spec": {"f:size": {}}}}


async def test_who_leaves_out_the_deletion_of_what_is_going_owns_it_no_more(specimens: Specimens) -> None:
    going = {"deletionTimestamp": "2020-01-01T00:00:00Z", "finalizers": ["example.com/x"]}
    made = await specimens.apply({"size": 1}, metadata=going)
    assert "f:deletionTimestamp" in owners(made)["m"]["f:metadata"]
    whole = specimens.obj({"size": 1}, metadata={"finalizers": going["finalizers"]})
    whole["metadata"]["resourceVersion"] = made.body["metadata"]["resourceVersion"]
    answer = await specimens.api.put(specimens.at(), whole)
    assert answer.body["metadata"]["deletionTimestamp"] == going["deletionTimestamp"]
    assert "f:deletionTimestamp" not in owners(answer)["m"]["f:metadata"]


async def test_what_cannot_be_read_is_told_before_anything_else(api: Api, specimens: Specimens) -> None:
    path = path_of(api, "secrets")
    await api.post(path, named({}))
    assert (await api.post(path, named({"data": {"a": {"b": "c"}}}))).status == 400
    assert (await api.put(f"{path}/one", named({"type": {}}, uid=OTHER))).status == 400
    applied = {"apiVersion": "v1", "kind": "Secret", **named({"data": {"a": 1.5}}, uid=OTHER)}
    assert (await api.apply(f"{path}/one", applied, "m")).status == 500
    assert (await api.post(path, named({}, generation=True))).status == 400
    assert (await api.post(specimens.path, specimens.obj({}, metadata={"generation": True}))).status == 400
    assert (await api.post(path, named({}, generation=-1))).status == 422


async def test_whole_numbers_of_custom_kinds_may_be_written_as_fractions(specimens: Specimens) -> None:
    await specimens.create({})
    answer = await specimens.api.patch(specimens.at(), {"metadata": {"generation": 3.0}})
    assert (answer.status, answer.body["metadata"]["generation"]) == (200, 1)


async def test_bytes_may_be_written_as_numbers(api: Api) -> None:
    made = await api.post(path_of(api, "secrets"), named({"data": {"a": [104, 105], "b": []}}))
    assert (made.status, made.body["data"]) == (201, {"a": "aGk=", "b": ""})


@pytest.mark.parametrize(("finalizers", "status"), [([], 200), (["example.com/x"], 202)])
async def test_not_to_orphan_is_accepted_where_something_holds_the_object(
    api: Api, finalizers: list[str], status: int
) -> None:
    path = path_of(api, "serviceaccounts")
    await api.post(path, named({}, finalizers=finalizers))
    assert (await api.delete(f"{path}/one", {"orphanDependents": False})).status == status


async def test_a_status_of_a_pod_tells_neither_whose_it_is_nor_that_it_goes(api: Api) -> None:
    path = path_of(api, "pods")
    owner = await api.post(path_of(api, "configmaps"), named({}))
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "one", "uid": owner.body["metadata"]["uid"]}
    await api.post(path, named(pod(), ownerReferences=[reference]))
    change = {
        "metadata": {"ownerReferences": None, "deletionTimestamp": "2020-01-01T00:00:00Z"},
        "status": {"reason": "x"},
    }
    answer = await api.patch(f"{path}/one/status", change)
    assert (answer.status, answer.body["status"]["reason"]) == (200, "x")
    assert answer.body["metadata"]["ownerReferences"] == [reference]
    assert "deletionTimestamp" not in answer.body["metadata"]


async def test_in_the_network_of_its_node_ports_of_a_pod_are_the_nodes(api: Api) -> None:
    made = await api.post(
        path_of(api, "pods"), named(pod({**MAIN, "ports": [{"containerPort": 80}]}, hostNetwork=True))
    )
    assert made.body["spec"]["containers"][0]["ports"] == [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]


SERVICES: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"type": "ExternalName", "externalName": "example.com", "clusterIP": "", "ipFamilyPolicy": "Other"},
        ["spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services"],
    ),
    (
        {"ipFamilyPolicy": ""},
        [
            'spec.ipFamilyPolicy: Unsupported value: "": supported values: "PreferDualStack", "RequireDualStack", '
            '"SingleStack"'
        ],
    ),
    (
        {"ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "SingleStack", "trafficDistribution": "Other"},
        [
            "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when "
            "multiple IP families are specified"
        ],
    ),
    (
        {"ipFamilies": ["IPv6"], "selector": {"a": "b"}},
        [
            "spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": must be 'SingleStack' to release the secondary "
            "IP family"
        ],
    ),
    ({"externalTrafficPolicy": "", "sessionAffinity": "", "type": ""}, []),
]


@pytest.mark.parametrize(("change", "causes"), SERVICES)
async def test_families_of_addresses_are_looked_at_before_the_rest_of_a_service(
    api: Api, change: dict[str, Any], causes: list[str]
) -> None:
    path = path_of(api, "services")
    await api.post(path, named(service({"port": 1})))
    assert listed(await api.patch(f"{path}/one", {"spec": change})) == causes


async def test_a_service_that_is_a_name_leads_nowhere_by_itself(api: Api) -> None:
    path = path_of(api, "services")
    await api.post(path, named(service({"port": 1})))
    named_only = {"type": "ExternalName", "externalName": "example.com"}
    answer = await api.patch(f"{path}/one", {"spec": named_only})
    assert (answer.status, answer.body["spec"].get("internalTrafficPolicy")) == (200, None)


async def test_a_spec_that_is_taken_away_has_its_defaults(api: Api) -> None:
    path = path_of(api, "services")
    await api.post(path, named(service({"port": 1})))
    answer = await api.patch(f"{path}/one", {"spec": None})
    assert (answer.status, answer.body["spec"]["type"], answer.body["spec"]["clusterIP"]) == (200, "ClusterIP", "None")
    assert listed(await api.post(path_of(api, "jobs"), named({"spec": None}))) == [
        "spec.template.spec.containers: Required value",
        'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ]


async def test_an_indexed_job_grows_only_with_its_parallelism(api: Api) -> None:
    path = path_of(api, "jobs")
    await api.post(path, named(job(completions=2, parallelism=2, completionMode="Indexed")))
    assert listed(await api.patch(f"{path}/one", {"spec": {"completions": 3}})) == [
        "spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism"
    ]
    assert listed(await api.patch(f"{path}/one", {"spec": {"completions": 3, "parallelism": 3}})) == []
