"""Questions about oneself, as far as the conformance suite cannot know who asks."""

from __future__ import annotations

from dbaas.apiserver.server import ApiServer
from fixtures.apiserver import send

ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def test_there_is_one_user_who_may_do_everything(server: ApiServer) -> None:
    status, myself = await send(server, "POST", SELF, {})
    assert status == 201
    assert myself["status"]["userInfo"] == {"username": "dbaas", "groups": ["system:masters", "system:authenticated"]}


async def test_questions_are_not_stored(server: ApiServer) -> None:
    _, before = await send(server, "GET", "/api/v1/namespaces")
    await send(server, "POST", ACCESS, {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}})
    _, after = await send(server, "GET", "/api/v1/namespaces")
    assert before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]
