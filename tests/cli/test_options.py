"""A dataclass of options is the whole declaration of a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from dbaas.cli.options import NamespaceOptions, TimeoutOptions, build_command


@dataclass(frozen=True, kw_only=True)
class GreetOptions(NamespaceOptions, TimeoutOptions):
    """Whom to greet."""

    loud: Annotated[bool, typer.Option("--loud", help="Shout.")] = False
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom.")]


def invoke(*arguments: str, **environment: str) -> tuple[list[GreetOptions], str]:
    """The options that the command was given, and what it said."""
    given: list[GreetOptions] = []

    def run(options: GreetOptions) -> None:
        """Greet somebody."""
        given.append(options)

    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command("greet")(build_command(GreetOptions, run))
    clean = {"DBAAS_HOME": None, "COLUMNS": "120"}
    return given, CliRunner().invoke(app, list(arguments), env={**clean, **environment}).output


def test_what_is_given_arrives_in_the_dataclass() -> None:
    ((options,), _) = invoke("bob", "--loud", "-n", "team", "--timeout", "3s")
    assert options == GreetOptions(name="bob", loud=True, namespace="team", timeout="3s")


def test_what_is_not_given_is_as_the_dataclass_says() -> None:
    ((options,), _) = invoke("bob")
    assert options == GreetOptions(name="bob")


def test_what_has_no_default_must_be_given() -> None:
    given, said = invoke()
    assert given == []
    assert "Missing argument 'NAME'" in said


def test_the_home_may_be_in_the_environment_and_an_option_wins() -> None:
    assert invoke("bob", DBAAS_HOME="/there")[0][0].home == "/there"
    assert invoke("bob", "--home", "/here", DBAAS_HOME="/there")[0][0].home == "/here"


def test_the_help_is_what_the_function_says_of_itself() -> None:
    _, said = invoke("--help")
    assert "Greet somebody." in said
    assert "--loud" in said and "Shout." in said
    assert "-n, --namespace" in said
