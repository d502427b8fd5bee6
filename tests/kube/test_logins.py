"""Tests of `kube.logins` with real programs, and with servers that ask who we are."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from dbaas.contracts.transport import NotSent, Request
from dbaas.core.clock import Clock, LoopClock, SystemClock
from dbaas.core.secrets import Secret
from dbaas.core.simulation import run_virtually
from dbaas.kube.access import Access, LoginCommand
from dbaas.kube.http import HttpTransport
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.light import LightTransport
from dbaas.kube.logins import Logins, read_credential

V1 = "client.authentication.k8s.io/v1"


def _credential(**status: str) -> str:
    return json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": status})


def _program(folder: Path, script: str) -> LoginCommand:
    path = folder / "login"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return LoginCommand((str(path),), "v1", folder, {"PATH": "/usr/bin:/bin"}, {"server": "https://h"}, "install it")


def _counting(folder: Path, answer: str) -> LoginCommand:
    (folder / "answer").write_text(answer)
    return _program(folder, "echo run >> runs; cat answer")


def _runs(folder: Path) -> int:
    return (folder / "runs").read_text().count("run")


def _logins(command: LoginCommand, clock: Clock | None = None) -> Logins:
    return Logins(Access("https://h", command=command), clock or SystemClock())


async def test_a_command_says_who_we_are_once_for_many_requests(tmp_path: Path) -> None:
    logins = _logins(_counting(tmp_path, _credential(token="t0ken")))
    headers = await asyncio.gather(*(logins.headers() for _ in range(20)))
    assert headers == [(("authorization", "Bearer t0ken"),)] * 20
    assert _runs(tmp_path) == 1
    assert "t0ken" not in repr(await logins.current())


async def test_it_is_asked_again_when_its_login_was_refused_or_has_ended(tmp_path: Path) -> None:
    command = _counting(tmp_path, _credential(token="a", expirationTimestamp="2020-01-01T00:00:00Z"))
    logins = _logins(command)
    await logins.headers()
    await logins.headers()
    assert _runs(tmp_path) == 2
    (tmp_path / "answer").write_text(_credential(token="b", expirationTimestamp="2999-01-01T00:00:00Z"))
    assert dict(await logins.headers())["authorization"] == "Bearer b"
    await logins.headers()
    assert _runs(tmp_path) == 3
    logins.refused()
    await logins.headers()
    assert _runs(tmp_path) == 4


async def test_the_command_is_told_what_it_wants_to_know(tmp_path: Path) -> None:
    command = _program(tmp_path, f"""printf %s "$KUBERNETES_EXEC_INFO" > told; echo '{_credential(token="x")}'""")
    await _logins(command).headers()
    assert json.loads((tmp_path / "told").read_text()) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": "https://h"}},
    }


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo noise; echo 'log in first' >&2; exit 3", "exited with code 3: log in first"),
        ("exit 1", "it says nothing why"),
        ("echo hunter2", "it is no JSON"),
        ("echo '[]'", "it is no ExecCredential"),
        (f"echo '{_credential()}'", "neither a token nor a certificate"),
        (f"echo '{_credential(clientCertificateData='x')}'", "but not both"),
        (f"echo '{_credential(token='x').replace('io/v1', 'io/v1beta1')}'", "its apiVersion is"),
        (f"echo '{_credential(token='x', expirationTimestamp='soon')}'", "cannot be used"),
    ],
)
async def test_a_command_that_gives_no_login_is_told_with_its_reason(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(NotSent, match=message) as caught:
        await _logins(_program(tmp_path, script)).headers()
    assert "hunter2" not in str(caught.value)


async def test_a_command_that_is_missing_says_what_to_install(tmp_path: Path) -> None:
    missing = LoginCommand(("no-such-login",), "v1", tmp_path, {"PATH": "/usr/bin"}, hint="get it from us")
    with pytest.raises(NotSent, match="no-such-login of the kubeconfig is not there; get it from us"):
        await _logins(missing).headers()


def test_the_older_version_is_read_where_it_was_asked_for() -> None:
    login = read_credential(_credential(token="x").replace("io/v1", "io/v1beta1"), "v1beta1")
    assert login.token == Secret("x")


def test_files_are_read_again_after_a_minute(tmp_path: Path) -> None:
    token, certificate, key = (tmp_path / name for name in ("token", "crt", "key"))
    for path in (token, certificate, key):
        path.write_text("old")
    logins = Logins(Access("https://h", token_file=token, key_files=(certificate, key)), LoopClock())

    async def scenario() -> None:
        await logins.current()
        for path in (token, certificate, key):
            path.write_text("new")
        assert dict(await logins.headers())["authorization"] == "Bearer old"
        await LoopClock().sleep(61)
        login = await logins.current()
        assert login.token == Secret("new")
        assert login.pair is not None
        assert (login.pair.certificate, login.pair.private_key) == ("new", Secret("new"))

    run_virtually(scenario())


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def _serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    runner = web.ServerRunner(web.Server(answer), access_log=None, shutdown_timeout=0.1)  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _echo(request: web.Request) -> web.StreamResponse:
    seen = [request.headers.get(name, "-") for name in ("authorization", "impersonate-user")]
    return web.Response(text=" ".join([str(request.url), *seen]))


@pytest.mark.parametrize("kind", [HttpTransport, LightTransport])
async def test_passwords_and_whom_we_speak_for_go_with_each_request(kind: Any) -> None:
    async with _serving(_echo) as port:
        access = Access(
            f"http://127.0.0.1:{port}", username="a", password=Secret("b"), headers=(("impersonate-user", "bob"),)
        )
        transport = kind(access, SystemClock())
        body = (await transport.request(Request("GET", "/x"))).body.decode()
        await transport.close()
        assert body.split(" ", 1)[1] == "Basic YTpi bob"


async def test_requests_go_through_the_proxy() -> None:
    async with _serving(_echo) as port:
        access = Access("http://api.example.com", proxy=f"http://127.0.0.1:{port}")
        transport = HttpTransport(access, SystemClock())
        body = (await transport.request(Request("GET", "/x"))).body.decode()
        await transport.close()
        assert body.startswith("http://api.example.com/x ")


def _kubeconfig_with(state: Path, folder: Path, user: dict[str, Any]) -> Path:
    """The administrator's, with another login."""
    body = yaml.safe_load((state / "kubeconfig").read_text())
    body["users"][0]["user"] = user
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(body))
    return path


async def _who_am_i(access: Access, kind: Any = HttpTransport) -> str:
    transport = kind(access, SystemClock())
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    request = Request(
        "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        headers={"content-type": "application/json"}, body=json.dumps(review).encode(),
    )  # fmt: skip
    try:
        answer = await transport.request(request)
    finally:
        await transport.close()
    assert answer.status == 201, answer.body
    return str(json.loads(answer.body)["status"]["userInfo"]["username"])


@pytest.mark.kube_apiserver
@pytest.mark.parametrize("kind", [HttpTransport, LightTransport])
async def test_a_real_server_takes_the_certificate_of_a_command(kind: Any, kube_state: Path, tmp_path: Path) -> None:
    pki = kube_state / "pki"
    credential = _credential(
        clientCertificateData=(pki / "admin.crt").read_text(), clientKeyData=(pki / "admin.key").read_text()
    )
    command = _counting(tmp_path, credential)
    user = {"exec": {"apiVersion": V1, "command": command.argv[0], "interactiveMode": "Never"}}
    access = load_kubeconfig([_kubeconfig_with(kube_state, tmp_path, user)]).access(environment=command.env)
    assert await _who_am_i(access, kind) == "admin"


@pytest.mark.kube_apiserver
async def test_a_real_server_takes_key_files_and_speaks_with_whom_we_speak_for(
    kube_state: Path, tmp_path: Path
) -> None:
    pki = kube_state / "pki"
    files = {"client-certificate": str(pki / "admin.crt"), "client-key": str(pki / "admin.key")}
    path = _kubeconfig_with(kube_state, tmp_path, files | {"as": "bob"})
    assert await _who_am_i(load_kubeconfig([path]).access()) == "bob"


@pytest.mark.kube_apiserver
async def test_another_certificate_counts_from_the_next_request_on(kube_state: Path, tmp_path: Path) -> None:
    pki = kube_state / "pki"
    files = tmp_path / "crt", tmp_path / "key"
    _copy_pair(pki, "admin", files)
    named = {"client-certificate": str(files[0]), "client-key": str(files[1])}
    access = load_kubeconfig([_kubeconfig_with(kube_state, tmp_path, named)]).access()
    clock = _Advanced()
    transport = HttpTransport(access, clock)
    try:
        assert (await transport.request(Request("GET", "/api/v1/secrets"))).status == 200
        _copy_pair(pki, "scheduler", files)
        assert (await transport.request(Request("GET", "/api/v1/secrets"))).status == 200
        clock.by = 61.0
        assert (await transport.request(Request("GET", "/api/v1/secrets"))).status == 403
    finally:
        await transport.close()


def _copy_pair(pki: Path, name: str, files: tuple[Path, Path]) -> None:
    for suffix, file in zip(("crt", "key"), files, strict=True):
        file.write_text((pki / f"{name}.{suffix}").read_text())


class _Advanced(SystemClock):
    by = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.by
