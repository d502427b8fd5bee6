"""What is covered, and by which tests: a subject whose test is gone fails here.

All run against both servers. What only ours can show (durability, our own limits) is in `tests/apiserver`.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent

# fmt: off
SUBJECTS: dict[str, tuple[str, ...]] = {
    "discovery": ("discovery.groups_are_listed_with_their_preferred_version", "discovery.all_is_told_in_one_document"),
    "OpenAPI v3": ("discovery.openapi_documents_are_indexed_by_group_and_version",
                   "discovery.a_custom_kind_is_described_as_its_schema_says"),
    "paging": ("read.pages_show_the_list_as_it_was_at_the_first", "read.a_selected_page_does_not_say_how_many_remain"),
    "expiry of continue": ("expiry.an_expired_list_may_go_on_with_a_new_token",),
    "resourceVersion and its match": ("list_options.a_list_is_the_newest_or_the_past_and_in_pages_as_asked",
                                      "list_options.all_that_does_not_go_together_is_named"),
    "label selectors": ("read.labels_select", "read.a_bad_label_selector_is_refused"),
    "field selectors": ("list_options.fields_select_what_they_say", "list_options.other_fields_do_not_select"),
    "watch from a version": ("watch.a_watch_from_a_past_version_misses_nothing",
                             "list_options.a_watch_begins_where_it_should"),
    "bookmarks": ("watch.a_streamed_list_ends_with_a_bookmark",),
    "410 as event": ("expiry.a_watch_from_before_all_that_is_known_is_told_so_and_ends",),
    "410 as status": ("expiry.a_past_that_is_forgotten_cannot_be_listed",),
    "replace": ("change.a_replace_needs_the_version", "change.a_stale_version_conflicts"),
    "JSON merge patch": ("patches.a_merge_patch_replaces_lists_and_merges_maps",
                         "change.a_merge_patch_removes_with_null"),
    "JSON patch": ("patches.a_json_patch_carries_out_its_operations",
                   "patches.a_json_patch_that_does_not_fit_is_unprocessable"),
    "strategic-merge patch": ("patches.a_strategic_patch_merges_lists_by_their_key",
                              "patches.a_strategic_patch_unites_lists_of_scalars"),
    "managed fields": ("apply.who_applies_owns_exactly_what_it_said", "create.the_writer_comes_to_own_what_it_wrote"),
    "ownership by several": ("apply.a_second_manager_shares_what_is_the_same_and_has_no_time",),
    "conflicts": ("apply.one_conflict_is_told_in_one_line", "apply.several_conflicts_are_listed_by_manager"),
    "force": ("apply.force_takes_fields_over",),
    "removal": ("apply.what_is_no_longer_applied_goes", "apply.what_another_owns_too_stays"),
    "list-map keys": ("apply.elements_of_one_list_belong_to_several",
                      "apply.services_merge_their_ports_by_number_and_protocol"),
    "sets and atoms": ("apply.atomic_values_have_one_owner", "histories.a_random_history_ends_the_same"),
    "status manager": ("apply.the_status_has_its_own_managers",),
    "dry run of apply": ("change.a_dry_apply_stores_nothing",),
    "deletion": ("delete.a_deletion_answers_with_what_it_deleted",),
    "preconditions": ("delete.preconditions_protect_another_object_of_the_name",),
    "Background": ("garbage.dependents_go_with_their_owner_and_theirs_with_them",),
    "Foreground": ("garbage.in_the_foreground_an_owner_waits_for_the_dependents_that_block_it",),
    "Orphan": ("garbage.orphans_stay_without_their_owner",),
    "finalizers": ("delete.a_finalizer_holds_an_object_until_it_is_removed",
                   "delete.the_last_of_several_finalizers_counts"),
    "deletionTimestamp": ("delete.while_it_is_deleted_an_object_can_change_but_not_gain_finalizers",
                          "change.identity_cannot_be_changed"),
    "deletecollection": ("delete.a_collection_is_deleted_as_selected",
                         "delete.a_collection_goes_in_the_way_that_is_asked_for"),
    "status subresource": ("change.the_main_endpoint_leaves_the_status_alone",
                           "change.the_status_endpoint_leaves_the_rest_alone",
                           "built_in_rules.the_status_of_a_job_is_written_apart"),
    "generation": ("change.each_change_of_the_spec_counts_a_generation_and_a_version",
                   "built_in_rules.the_rest_may_change_and_some_kinds_count_it"),
    "generateName": ("create.a_generated_name_has_five_characters_more",
                     "built_in_rules.built_in_kinds_make_names_too"),
    "immutable metadata": ("change.identity_cannot_be_changed", "change.a_patch_cannot_rename",
                           "change.a_deletion_cannot_be_written"),
    "schema validation": ("schemas.a_bad_value_has_these_causes", "schemas.all_that_is_wrong_is_told_at_once"),
    "defaulting": ("schemas.defaults_fill_what_is_absent_or_null",),
    "pruning and what is kept": ("schemas.unknown_fields_go_except_where_they_are_kept",),
    "int-or-string": ("schemas.a_bad_value_has_these_causes",),
    "CEL": ("rules.every_proven_function_says_the_same", "rules.errors_of_an_evaluation_are_causes"),
    "types of CEL": ("rule_types.rules_of_fitting_types_are_taken",
                     "rule_types.rules_of_other_types_are_refused_with_all_their_mistakes"),
    "oldSelf and transitions": ("rules.transition_rules_compare_with_what_is_stored",
                                "rule_types.an_optional_old_self_has_to_be_unwrapped"),
    "field validation": ("create.unknown_and_duplicate_fields_are_refused_if_strict",
                         "create.unknown_fields_are_dropped_silently_if_ignored",
                         "create.unknown_fields_are_dropped_with_a_warning", "http.warnings_come_in_a_header"),
    "dry run": ("create.a_dry_run_validates_and_stores_nothing", "delete.a_dry_run_deletes_nothing",
                "change.a_dry_run_shows_the_change_and_stores_nothing",
                "delete.a_dry_run_deletes_nothing_of_a_collection"),
    "namespaces": ("built_in_kinds.a_namespace_has_its_finalizer_label_and_phase",
                   "built_in_rules.a_namespace_goes_only_by_its_deletion"),
    "deletion of namespaces": ("garbage.a_namespace_says_what_holds_it",
                               "built_in_kinds.nothing_new_comes_into_a_namespace_that_goes"),
    "absent owners": ("garbage.an_absent_owner_is_as_a_deleted_one",),
    "owners in other namespaces": ("garbage.an_owner_in_another_namespace_is_absent_and_an_event_says_why",),
    "definitions": ("definitions.its_kind_is_served_and_its_conditions_say_so",
                    "definitions.it_gets_its_names_once_they_are_free", "definitions.its_objects_go_before_it_does"),
    "Table": ("tables.the_columns_are_those_of_the_definition", "tables.built_in_kinds_have_the_columns_of_kubernetes"),
    "events": ("built_in_kinds.events_are_found_by_what_they_are_about",
               "built_in_kinds.the_same_events_are_served_by_both_groups"),
    "Lease": ("built_in_kinds.a_lease_is_held_by_whoever_has_its_version",
              "built_in_rules.what_makes_no_sense_is_refused"),
    "ConfigMap": ("built_in_kinds.immutable_data_stays", "built_in_kinds.keys_of_data_are_checked"),
    "Secret": ("built_in_kinds.the_text_of_a_secret_is_stored_encoded", "built_in_kinds.immutable_data_stays"),
    "Pod": ("built_in_kinds.a_pod_is_pending_and_found_by_its_phase", "built_in_rules.some_fields_stay"),
    "Service": ("built_in_kinds.a_headless_service_is_stored", "built_in_rules.what_makes_no_sense_is_refused"),
    "Endpoints and EndpointSlice": ("built_in_kinds.endpoints_are_stored_with_a_word_of_warning",
                                    "built_in_rules.no_more_is_refused_than_has_to_be"),
    "ServiceAccount": ("built_in_rules.no_more_is_refused_than_has_to_be",),
    "Job": ("built_in_kinds.a_job_orphans_its_pods_unless_told_otherwise", "built_in_rules.some_fields_stay"),
    "400": ("create.a_body_that_is_no_object_is_a_bad_request", "change.a_broken_patch_is_a_bad_request"),
    "401": ("http.a_wrong_token_is_nobody",),
    "403": ("built_in_kinds.the_default_namespace_cannot_be_deleted",),
    "404": ("read.what_is_not_there_is_not_found", "discovery.paths_that_are_not_there_are_not_found"),
    "405": ("http.other_methods_are_not_allowed",),
    "406": ("http.only_what_is_known_can_be_had",),
    "409": ("create.a_name_can_be_taken_only_once", "change.a_stale_version_conflicts"),
    "413": ("http.a_body_has_a_limit",),
    "415": ("http.a_body_must_be_of_a_type_that_is_understood",),
    "422": ("create.a_bad_name_is_refused_with_its_cause", "change.the_result_of_a_patch_is_validated"),
    "gzip": ("http.large_answers_are_compressed_for_those_who_can_read_it",),
    "keep-alive": ("http.a_connection_serves_many_requests_also_after_refusals",),
    "limits on objects": ("http.an_object_has_a_limit_however_it_grows",
                          "built_in_rules.what_makes_no_sense_is_refused"),
    "request timeouts": ("http.a_timeout_must_be_a_duration", "watch.a_watch_ends_at_its_timeout"),
}
# fmt: on


@cache
def names_in(module: str) -> frozenset[str]:
    tree = ast.parse((HERE / f"test_{module}.py").read_text())
    return frozenset(each.name for each in tree.body if isinstance(each, ast.AsyncFunctionDef))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_tests_of_a_subject_are_there(subject: str) -> None:
    for name in SUBJECTS[subject]:
        module, _, test = name.partition(".")
        assert f"test_{test}" in names_in(module), f"no {name}"
