"""Questions about oneself: who am I, what may I do. Both servers are asked by someone who may do everything."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.kubernetes_api.specimens import listed
from fixtures.control_plane import Api

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
ACCESS = f"{AUTHORIZATION}/selfsubjectaccessreviews"
RULES = f"{AUTHORIZATION}/selfsubjectrulesreviews"
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
POD: dict[str, Any] = {"resourceAttributes": {"verb": "get", "resource": "pods"}}
PATH: dict[str, Any] = {"nonResourceAttributes": {"verb": "get", "path": "/x"}}


async def test_one_is_told_who_one_is(api: Api) -> None:
    answer = await api.post(SELF, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
    assert answer.status == 201
    assert answer.body["kind"] == "SelfSubjectReview"
    assert set(answer.body["metadata"]) == {"creationTimestamp"}
    assert answer.body["status"]["userInfo"]["username"]
    assert answer.body["status"]["userInfo"]["groups"] == ["system:masters", "system:authenticated"]


@pytest.mark.parametrize("spec", [POD, PATH])
@pytest.mark.parametrize("query", [{}, {"dryRun": "All"}])
async def test_an_administrator_may_do_it(api: Api, spec: dict[str, Any], query: dict[str, str]) -> None:
    answer = await api.post(ACCESS, {"spec": spec}, **query)
    assert answer.status == 201
    assert answer.body["kind"] == "SelfSubjectAccessReview"
    assert answer.body["spec"] == spec
    assert answer.body["status"] == {"allowed": True}


async def test_a_question_asks_for_one_thing(api: Api) -> None:
    field = "spec.resourceAttributes: Invalid value: null: "
    nothing = await api.post(ACCESS, {"spec": {}})
    assert listed(nothing) == [f"{field}exactly one of nonResourceAttributes or resourceAttributes must be specified"]
    both = await api.post(ACCESS, {"spec": POD | PATH})
    assert [cause.partition(":")[0] for cause in listed(both)] == ["spec.nonResourceAttributes"]
    named = await api.post(ACCESS, {"metadata": {"name": "x"}, "spec": POD})
    assert [cause.partition(":")[0] for cause in listed(named)] == ["metadata"]


async def test_the_rules_of_an_administrator_are_everything(api: Api) -> None:
    answer = await api.post(RULES, {"spec": {"namespace": api.namespace}})
    assert answer.status == 201
    status = answer.body["status"]
    assert {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]} in status["resourceRules"]
    assert {"verbs": ["*"], "nonResourceURLs": ["*"]} in status["nonResourceRules"]
    assert status["incomplete"] is False
    assert (await api.post(RULES, {"spec": {}})).body["message"] == "no namespace on request"


async def test_questions_can_only_be_put(api: Api) -> None:
    for path in (ACCESS, RULES, SELF):
        assert (await api.get(path)).status == 405
        assert (await api.delete(path)).status == 405
        assert (await api.get(f"{path}/one")).status == 404
    listing = {each["name"]: each for each in (await api.get(AUTHORIZATION)).body["resources"]}
    assert listing["selfsubjectaccessreviews"] == {
        "name": "selfsubjectaccessreviews",
        "singularName": "selfsubjectaccessreview",
        "namespaced": False,
        "kind": "SelfSubjectAccessReview",
        "verbs": ["create"],
    }
