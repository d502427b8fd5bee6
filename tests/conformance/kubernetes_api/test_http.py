"""What lies between a request and its verb: methods, media types, sizes, time, compression, connections."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from conformance.kubernetes_api.conftest import GROUP, Widgets, widget
from conformance.kubernetes_api.specimens import Specimens, specimens
from fixtures.control_plane import Api

__all__ = ["specimens"]

NOT_ALLOWED = "the server does not allow this method on the requested resource"
BODY_LIMIT = 3 * 1024 * 1024


def another_session(api: Api, **options: Any) -> aiohttp.ClientSession:
    """For the same client over the same connections."""
    return aiohttp.ClientSession(
        connector=api.session.connector, connector_owner=False, headers=api.session.headers, **options
    )


async def raw(api: Api, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    """Undecoded, as it came over the wire."""
    session = another_session(api, auto_decompress=False, skip_auto_headers=["User-Agent"])
    sent = {"accept-encoding": "identity"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with session, session.get(api.url + path, headers=sent) as response:
        return response, await response.read()


async def test_a_wrong_token_is_nobody(api: Api) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as stranger:
        for headers in ({"authorization": "Bearer nope"}, {"authorization": "Basic bm9ib2R5Om5vcGU="}):
            async with stranger.get(api.url + "/api/v1/namespaces", headers=headers) as refused:
                if api.kind == "kube" and headers["authorization"].startswith("Basic"):
                    continue  # there are no passwords, so this is anonymous
                assert refused.status == 401
                assert refused.content_type == "application/json"
                body = await refused.json()
                assert (body["reason"], body["message"], body["code"]) == ("Unauthorized", "Unauthorized", 401)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "OPTIONS"])
async def test_other_methods_are_not_allowed(api: Api, method: str) -> None:
    for path in (api.collection("configmaps"), "/api/v1/configmaps", "/api", "/api/v1", "/apis/batch/v1"):
        refused = await api.send(method, path, {})
        assert refused.status == 405, path
        assert (refused.body["reason"], refused.body["message"]) == ("MethodNotAllowed", NOT_ALLOWED)


async def test_heads_and_creations_in_the_wrong_place_are_not_allowed(api: Api) -> None:
    for path in (api.collection("configmaps"), "/api"):
        assert (await api.send("HEAD", path)).status == 405
    status = f"/api/v1/namespaces/{api.namespace}/status"
    for path in ("/api/v1/configmaps", api.collection("configmaps") + "/x", status):
        assert (await api.post(path, {"metadata": {"name": "x"}})).status == 405
    assert (await api.delete(status)).status == 405


async def test_versions_that_are_not_there_are_told_by_status_or_in_text(widgets: Widgets) -> None:
    for path in ("/api/v2", "/apis/batch/v9", "/apis/batch/v9/jobs", "/api/v1/nope"):
        missing = await widgets.api.get(path)
        assert (missing.status, missing.body["reason"]) == (404, "NotFound")
    for path in ("/nope", "/apis/nope", f"/apis/{GROUP}/v9"):
        missing = await widgets.api.get(path)
        assert (missing.status, missing.body) == (404, "404 page not found\n")


async def test_a_body_must_be_of_a_type_that_is_understood(widgets: Widgets) -> None:
    obj = {"metadata": {"name": "one"}}
    for media_type in ("text/plain", "application/merge-patch+json", "application/xml"):
        headers = {"content-type": media_type}
        for path in (widgets.api.collection("configmaps"), widgets.path):
            refused = await widgets.api.send("POST", path, obj, headers=headers)
            assert (refused.status, refused.body["reason"]) == (415, "UnsupportedMediaType")
            assert "application/json, application/yaml" in refused.body["message"]
    plain = {"content-type": "application/json"}
    refused = await widgets.api.send("PATCH", widgets.api.collection("configmaps") + "/one", obj, headers=plain)
    assert (refused.status, refused.body["reason"]) == (415, "UnsupportedMediaType")


async def test_parameters_of_a_type_do_not_matter(widgets: Widgets) -> None:
    headers = {"content-type": "application/json; charset=utf-8", "accept": "application/json;charset=utf-8"}
    made = await widgets.api.send("POST", widgets.path, widget(), headers=headers)
    assert (made.status, made.headers["content-type"]) == (201, "application/json")


@pytest.mark.parametrize("accept", ["text/html", "text/*", "application/cbor", "application/json;as=Nothing"])
async def test_only_what_is_known_can_be_had(widgets: Widgets, accept: str) -> None:
    await widgets.create()
    for path in (widgets.path, widgets.at("one"), "/apis"):
        refused = await widgets.api.get(path, headers={"accept": accept})
        assert (refused.status, refused.body["reason"]) == (406, "NotAcceptable"), path


async def test_a_body_has_a_limit(api: Api) -> None:
    large = b'{"metadata":{"name":"large"},"data":{"x":"' + b"x" * BODY_LIMIT + b'"}}'
    refused = await api.post(api.collection("configmaps"), large)
    assert (refused.status, refused.body["reason"]) == (413, "RequestEntityTooLarge")
    assert refused.body["message"] == f"Request entity too large: limit is {BODY_LIMIT}"


async def test_an_object_has_a_limit_however_it_grows(specimens: Specimens) -> None:
    megabyte = "x" * 1024 * 1024
    await specimens.create({"free": {"a": megabyte}})
    grown = await specimens.api.patch(specimens.at(), {"spec": {"free": {"b": megabyte}}})
    whole = specimens.obj({"free": {"a": megabyte, "b": megabyte[::2]}}, metadata={"name": "two"})
    made = await specimens.api.post(specimens.path, whole)
    code = 500 if specimens.api.kind == "kube" else 413  # etcd's refusal has no reason there; ours says what it is
    for refused in (grown, made):
        assert (refused.status, refused.body["status"]) == (code, "Failure")
        assert "too large" in refused.body["message"] or "larger than max" in refused.body["message"]
    stored = (await specimens.api.get(specimens.at())).body
    assert list(stored["spec"]["free"]) == ["a"]
    assert (await specimens.api.get(specimens.at("two"))).status == 404


async def test_a_timeout_must_be_a_duration(api: Api) -> None:
    path = api.collection("configmaps")
    for text, why in (
        ("abc", 'invalid duration "abc"'),
        ("5", 'missing unit in duration "5"'),
        ("5d", 'unknown unit "d" in duration "5d"'),
    ):
        for place in (path, "/api"):
            refused = await api.get(place, timeout=text)
            assert refused.status == 400
            assert refused.body["message"] == f"invalid timeout specified in the request URL - time: {why}"
    for text in ("30s", "1m30s", "0", "-1s", "1.5s"):
        assert (await api.get(path, timeout=text)).status == 200


async def test_a_watch_does_not_care_for_the_timeout_of_requests(api: Api) -> None:
    assert (await api.get(api.collection("configmaps"), watch="true", timeout="abc", timeoutSeconds="1")).status == 200


async def test_large_answers_are_compressed_for_those_who_can_read_it(api: Api) -> None:
    path = api.collection("configmaps")
    for number in range(3):
        made = await api.post(path, {"metadata": {"name": f"c{number}"}, "data": {"x": "y" * 60_000}})
        assert made.status == 201
    packed, body = await raw(api, path, accept_encoding="deflate, gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert body.startswith(b"\x1f\x8b")
    assert len(body) < 10_000
    plain, body = await raw(api, path)
    assert "content-encoding" not in plain.headers
    assert len(body) > 180_000
    small, _ = await raw(api, f"{path}/c0", accept_encoding="gzip")
    assert "content-encoding" not in small.headers
    assert len((await api.get(path)).body["items"]) == 3  # a client's library unpacks it unasked


async def test_people_can_ask_for_lines(api: Api) -> None:
    path = f"/api/v1/namespaces/{api.namespace}"
    for query, headers, in_lines in (
        ("?pretty=true", {}, True),
        ("?pretty=1", {}, True),
        ("?pretty=false", {"user_agent": "curl/8"}, False),
        ("", {"user_agent": "curl/8"}, True),
        ("", {"user_agent": "kubectl/v1"}, False),
    ):
        _, body = await raw(api, path + query, **headers)
        assert body.startswith(b'{\n  "') is in_lines, query
    _, missing = await raw(api, "/api/v1/namespaces/nobody?pretty=true")
    assert missing.startswith(b'{\n  "kind": "Status",\n')


async def test_a_connection_serves_many_requests_also_after_refusals(api: Api) -> None:
    opened: list[object] = []

    async def count(*args: object) -> None:
        opened.append(args)

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(count)
    own = f"/api/v1/namespaces/{api.namespace}"
    async with another_session(api, trace_configs=[tracing]) as session:
        for path, status in (("/version", 200), ("/nope", 404), (own, 200), (f"{own}?timeout=x", 400), ("/api", 200)):
            async with session.get(api.url + path) as answer:
                assert answer.status == status
                await answer.read()
    assert opened == []  # the connection that made the namespace


async def test_warnings_come_in_a_header(widgets: Widgets) -> None:
    obj: dict[str, Any] = widget(finalizers=["hold"])
    obj["spec"]["sizes"] = 1
    made = await widgets.api.post(widgets.path, obj, fieldValidation="Warn")
    assert made.status == 201
    warnings = made.headers["warning"]
    assert '299 - "unknown field \\"spec.sizes\\""' in warnings
    assert "prefer a domain-qualified finalizer name" in warnings
    await widgets.api.patch(widgets.at("one"), {"metadata": {"finalizers": None}})
    old = await widgets.api.post(widgets.api.collection("endpoints"), {"metadata": {"name": "one"}})
    assert "deprecated" in old.headers["warning"]
