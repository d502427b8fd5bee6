"""Tests of what only that Kubernetes says whose answers the embedded server gives, by module: others say it otherwise.

With KUBE_VERSION the suite runs against another one (`tools/control_plane`). What our client, the runtime and the
operator count on is the same everywhere and is not listed here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

USUAL = Path(__file__).resolve().parents[3] / "tools" / "control_plane" / "go" / "go.mod"
ALL = frozenset({"*"})
VALUES = "values in refusals are written otherwise"
OPTIONS = "options that make no sense are refused otherwise"
RULES = "the language of rules has grown, and what a rule costs is counted otherwise"
OWN: Mapping[str, tuple[str, frozenset[str]]] = {
    "test_random_requests": (VALUES, ALL),
    "test_rule_libraries": (RULES, ALL),
    "test_rule_costs": (RULES, ALL),
    "test_rule_budgets": (RULES, ALL),
    "test_rule_types": (VALUES, frozenset({"test_a_mistake_is_shown_in_its_line"})),
    "test_rules": (
        VALUES,
        frozenset({
            "test_a_cause_may_point_below_and_leaves_objects_out",
            "test_transition_rules_compare_with_what_is_stored",
            "test_every_proven_function_says_the_same",
            "test_a_cause_reads_as_the_rule_wants",
            "test_rules_of_the_root_see_the_name_and_the_status",
            "test_rules_wait_until_the_basics_are_right",
        }),
    ),
    "test_schemas": (
        VALUES,
        frozenset({
            "test_a_bad_value_has_these_causes",
            "test_the_status_endpoint_checks_the_status",
            "test_a_schema_that_is_not_structural_is_refused",
        }),
    ),
    "test_built_in_rules": (VALUES, frozenset({"test_what_makes_no_sense_is_refused"})),
    "test_reviews": (VALUES, frozenset({"test_a_question_asks_for_one_thing"})),
    "test_change": (VALUES, frozenset({"test_a_replace_needs_the_version"})),
    "test_delete": (
        OPTIONS,
        frozenset({
            "test_options_that_do_not_exist_are_refused",
            "test_a_collection_is_not_deleted_by_options_that_make_no_sense",
        }),
    ),
    "test_definitions": ("what is written while a kind goes is refused otherwise", frozenset({
        "test_its_objects_go_before_it_does",
    })),
    "test_watch": ("lists are not streamed", frozenset({"test_a_streamed_list_ends_with_a_bookmark"})),
    "test_list_options": ("lists are not streamed", frozenset({
        "test_a_streamed_list_of_the_future_fails_as_an_event",
        "test_all_that_does_not_go_together_is_named",
        "test_a_watch_begins_where_it_should",
    })),
    "test_discovery": ("it is another version", frozenset({"test_the_version_is_one_that_clients_can_compare"})),
}  # fmt: skip


def why_only_usual(module: str, test: str) -> str:
    """Why this test is left out now; empty where it is not."""
    asked = os.environ.get("KUBE_VERSION", "")
    usual = re.search(r"k8s\.io/kubernetes (v\d+\.\d+)\.", USUAL.read_text())
    assert usual is not None, f"{USUAL} names no version"
    if not asked or asked.startswith(f"{usual[1]}."):
        return ""
    reason, tests = OWN.get(module, ("", frozenset()))
    return f"Kubernetes {asked}: {reason}" if tests == ALL or test in tests else ""
