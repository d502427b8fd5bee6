"""The whole story on this machine: `make demo`. All of it happens in a folder that is removed at the end."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "samples" / "01-quickstart"
DBAAS = (sys.executable, "-c", "from dbaas.cli.main import run; run()")
PATIENCE_SECONDS = 90.0


class Demo:
    """`dbaas` as a person would type it, on a home of its own."""

    def __init__(self, home: Path) -> None:
        self._environment = {**os.environ, "DBAAS_HOME": str(home), "NO_COLOR": "1"}

    def dbaas(self, *arguments: str) -> str:
        """Its standard output. Ends the demo where it fails."""
        done = subprocess.run(
            [*DBAAS, *arguments], env=self._environment, capture_output=True, text=True, check=False, cwd=ROOT
        )
        if done.returncode:
            sys.exit(f"dbaas {' '.join(arguments)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
        return done.stdout

    def run(self) -> None:
        began = time.monotonic()
        say("$ dbaas up -d", indent(self.dbaas("up", "-d"), 3))
        say("$ dbaas apply -f samples/01-quickstart --wait")
        say(
            indent(
                self.dbaas("apply", "-f", str(SAMPLE), "--wait", "--timeout", "60s").partition("OBJECT")[2], 5, skip=1
            )
        )
        say(f"From an empty folder to a database that is ready: {time.monotonic() - began:.1f} s", "")
        owner, application = self.login("shop-owner"), self.login("shop-app")
        say("The logins are those that the Secrets publish:")
        say(ask(owner, "CREATE TABLE sales.orders (id int, what text)"))
        say(ask(application, "INSERT INTO sales.orders VALUES (1, 'tea') RETURNING what"))
        say(ask(application, "SELECT what FROM sales.orders"))
        say(ask(application, "DELETE FROM sales.orders"), "")
        say("Somebody takes a privilege away behind our back:")
        say(ask(self.administrator(), 'REVOKE SELECT ON sales.orders FROM "shop-app"'))
        say(ask(application, "SELECT what FROM sales.orders"))
        say(self.wait_for_correction(), ask(application, "SELECT what FROM sales.orders"), "")
        say("$ dbaas status", self.count_ready())
        say("$ dbaas down", indent(self.dbaas("down"), 1))

    def count_ready(self) -> str:
        objects = json.loads(self.dbaas("status", "-o", "json"))["objects"]
        ready = [o for o in objects if o["ready"]]
        kinds = ", ".join(dict.fromkeys(o["kind"] for o in objects))
        return f"  {len(ready)} of {len(objects)} objects are ready: {kinds}"

    def login(self, user: str) -> Mapping[str, str]:
        found: Mapping[str, str] = json.loads(self.dbaas("credentials", user, "-o", "json", "--show"))
        return found

    def administrator(self) -> Mapping[str, str]:
        owner = self.login("shop-owner")
        secret = json.loads(self.dbaas("get", "secret", "main-credentials", "-o", "json"))
        return {**owner, **{key: decode(secret["data"][key]) for key in ("username", "password")}}

    def wait_for_correction(self) -> str:
        began = time.monotonic()
        while "DriftCorrected" not in (events := self.dbaas("events", "grant", "shop-app")):
            if time.monotonic() - began > PATIENCE_SECONDS:
                sys.exit(f"nobody noticed for {PATIENCE_SECONDS:.0f} s:\n{events}")
            time.sleep(0.5)
        line = next(line for line in events.splitlines() if "DriftCorrected" in line)
        return f"  noticed and put right after {time.monotonic() - began:.0f} s: {line[line.index('grant ') :]}"


def ask(login: Mapping[str, str], statement: str) -> str:
    """One statement and its answer in a line."""
    try:
        with psycopg.connect(
            host=login["host"], port=int(login["port"]), dbname=login["database"], user=login["username"],
            password=login["password"], autocommit=True,
        ) as connection:  # fmt: skip
            cursor = connection.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
            answer = ", ".join(str(value) for row in rows for value in row) or "done"
    except psycopg.Error as error:
        answer = f"refused: {str(error).splitlines()[0]}"
    return f"  {login['username']}: {statement}: {answer}"


def decode(value: str) -> str:
    return base64.b64decode(value).decode()


def indent(text: str, lines: int, skip: int = 0) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines()[skip : skip + lines])


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="dbaas-demo-"))
    demo = Demo(home)
    try:
        demo.run()
    except KeyboardInterrupt:
        say("", "interrupted")
    finally:
        subprocess.run([*DBAAS, "down", "--home", str(home)], capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
