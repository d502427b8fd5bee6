"""Discovery of what the conformance suite does not look at."""

from __future__ import annotations

from dbaas.apiserver.discovery import aggregated_document, find_document, root_document
from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.resources import VERBS, Catalogue


def catalogue() -> Catalogue:
    made = Catalogue()
    for resource in builtin_resources():
        made.add(resource)
    return made


def test_groups_that_are_not_there_have_no_document() -> None:
    for path in ("/api/v2", "/apis/nowhere", "/apis/batch/v2", "/nowhere"):
        assert find_document(path, catalogue()) is None


def test_both_halves_of_the_aggregated_document_together_are_all_groups() -> None:
    made = catalogue()
    names = [
        item["metadata"].get("name", "")
        for path in ("/api", "/apis")
        for item in aggregated_document(path, "v2", made)["items"]
    ]
    assert sorted(names) == sorted(made.groups())


def test_what_is_stored_has_every_verb_and_a_question_can_only_be_put() -> None:
    for resource in catalogue():
        expected = set(VERBS) - ({"deletecollection"} if resource.plural == "namespaces" else set())
        assert set(resource.verbs) == (expected if resource.review is None else {"create"})


def test_the_root_lists_every_group_and_version() -> None:
    paths = root_document(catalogue())["paths"]
    assert {"/api/v1", "/apis/batch", "/apis/batch/v1", "/openapi/v3", "/version"} <= set(paths)
    assert paths == sorted(paths)
