"""What the runtime promises, and which tests prove it: a promise whose test is gone fails here."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

PROPERTIES: dict[int, tuple[str, dict[str, tuple[str, ...]]]] = {
    1: ("one list and watch for each kind, shared by all controllers", {
        "runtime/test_manager.py": ("each_kind_is_listed_and_watched_once_however_many_need_it",),
    }),
    2: ("lists come in pages, and an expired page starts the list again", {
        "runtime/test_reflector.py": (
            "a_long_list_comes_in_pages", "an_expired_page_token_starts_the_list_again",
        ),
    }),
    3: ("watches go on from a version, with bookmarks, an end, and a limit for silence", {
        "runtime/test_reflector.py": (
            "a_watch_asks_for_bookmarks_and_for_an_end_within_minutes", "bookmarks_keep_a_quiet_watch_open",
            "a_closed_stream_goes_on_where_it_was_without_a_list", "a_silent_stream_is_dropped_and_opened_again",
        ),
    }),
    4: ("410 lists again, other errors pause, credentials are read again, nothing ends it", {
        "runtime/test_reflector.py": (
            "a_version_that_is_too_old_lists_again_and_finds_what_was_deleted", "pauses_are_spread_by_chance",
            "no_error_ends_it_whether_of_a_list_or_of_a_watch", "after_three_failures_in_a_row_it_lists_again",
            "an_unreachable_server_is_asked_ever_more_rarely", "an_error_in_the_stream_does_not_end_it",
        ),
        "kube/test_http.py": ("a_token_file_is_read_again_after_it_was_refused",),
        "core/test_supervise.py": ("a_loop_is_not_ended_by_a_cancellation_that_nobody_asked_for",),
    }),
    5: ("a list replaces: changes only, and deletions of what is missing", {
        "runtime/test_cache.py": (
            "a_list_replaces_and_tells_what_was_deleted_meanwhile", "a_list_tells_only_of_versions_that_changed",
        ),
        "runtime/test_cache_model.py": ("TestCacheModel",),
    }),
    6: ("another uid under the same key is a deletion and a creation", {
        "runtime/test_cache.py": ("the_same_name_with_another_uid_is_a_deletion_and_a_creation",),
        "runtime/test_cache_model.py": ("TestCacheModel",),
    }),
    7: ("older never replaces newer, and answers to own writes are taken in", {
        "runtime/test_cache.py": (
            "an_older_object_never_replaces_a_newer_one", "our_own_write_is_there_at_once_and_its_echo_says_nothing",
            "a_server_that_went_back_in_time_is_believed_in_everything_it_lists",
        ),
        "runtime/test_reflector.py": ("a_list_older_than_what_is_known_is_not_used",),
        "runtime/test_versions.py": ("opaque_versions_are_only_equal_or_not",),
    }),
    8: ("what was written can be read at once", {
        "runtime/test_client.py": ("what_was_written_can_be_read_even_while_the_watch_is_dead",),
    }),
    9: ("managedFields are dropped, and Secrets are watched as metadata", {
        "kube/test_decoding.py": ("managed_fields_are_dropped_and_the_rest_is_kept",),
        "runtime/test_reflector.py": ("secrets_come_as_metadata_only",),
        "runtime/test_client.py": ("only_the_metadata_of_secrets_is_kept_and_reads_get_them_whole",),
    }),
    10: ("nothing is reconciled before all sources have synced; late is not ready, not dead", {
        "runtime/test_loop.py": ("nothing_is_reconciled_before_all_sources_have_synced",),
        "runtime/test_manager.py": ("a_stop_before_anything_has_synced_ends_at_once",),
    }),
    11: ("everything is looked at again after hours, and an object when it wishes, with jitter", {
        "runtime/test_manager.py": ("everything_is_looked_at_again_after_some_hours",),
        "runtime/test_loop.py": ("a_wished_return_comes_a_little_late_and_without_writes",),
        "runtime/test_reflector.py": ("what_a_watch_has_lost_is_found_within_half_a_day",),
    }),
    12: ("a key waits once; one that is added while in work runs once more", {
        "runtime/test_queue.py": (
            "a_key_that_waits_is_there_once", "a_key_added_while_in_work_runs_exactly_once_more",
        ),
        "runtime/test_queue_model.py": ("TestQueueModel",),
    }),
    13: ("a key is never in two workers, different ones are in parallel; API calls have a cap", {
        "runtime/test_loop.py": ("the_same_object_is_never_reconciled_twice_at_once_and_others_are",),
        "kube/test_http.py": ("only_so_many_requests_run_at_a_time_and_streams_do_not_count",),
        "runtime/test_queue_model.py": ("TestQueueModel",),
    }),
    14: ("retries back off by chance, share a budget, and begin anew after success; the earliest time counts", {
        "runtime/test_queue.py": (
            "retries_come_ever_later_up_to_a_limit_until_forgotten", "backoff_is_spread_over_its_whole_range",
            "all_queues_share_one_budget_of_retries_and_healthy_keys_do_not_feel_it",
            "a_delayed_key_comes_at_the_earliest_time_wished",
        ),
        "runtime/test_budget.py": ("so_many_come_at_once_and_then_one_after_the_other",),
        "runtime/test_loop.py": ("errors_are_shown_and_retried_ever_later_and_forgotten_after_success",),
    }),
    15: ("what is urgent comes first, and nothing starves", {
        "runtime/test_queue.py": (
            "what_is_urgent_comes_first_and_the_rest_in_order", "a_key_that_has_waited_long_overtakes_urgent_ones",
        ),
        "runtime/test_predicates.py": ("what_the_first_list_brings_is_not_urgent",),
        "runtime/test_queue_model.py": ("TestQueueModel",),
    }),
    16: ("a reconcile has a time limit; a crash is logged and backs off, and costs no other key", {
        "runtime/test_loop.py": (
            "a_reconcile_that_hangs_is_cancelled_and_tried_again", "an_error_of_one_object_does_not_hold_up_others",
            "no_worker_is_lost_to_what_a_reconciler_raises_or_answers",
        ),
    }),
    17: ("owners, labels and references are mapped, before and after a change", {
        "runtime/test_predicates.py": ("the_owner_is_the_controlling_one_of_that_group_and_kind",),
        "runtime/test_waking.py": (
            "a_change_wakes_those_it_named_before_and_those_it_names_now",
            "a_child_of_a_former_owner_of_that_name_wakes_nobody",
        ),
        "runtime/test_tokens.py": ("what_appears_changes_and_goes_wakes_those_that_refer_to_it",),
    }),
    18: ("changes that nobody would act on wake nobody; a deletion always does", {
        "runtime/test_predicates.py": (
            "a_primary_is_woken_by_what_a_reconciler_would_act_on", "creations_and_deletions_always_matter",
            "another_version_alone_does_not_matter_in_a_child",
        ),
        "runtime/test_waking.py": ("a_watch_may_hide_changes_but_never_a_deletion",),
    }),
    19: ("the cache has it before anybody is woken", {
        "runtime/test_cache.py": ("listeners_find_the_cache_updated_already",),
    }),
    20: ("children are applied by the server, and not at all where nothing would change", {
        "runtime/test_client.py": (
            "an_apply_that_changes_nothing_is_not_sent", "an_apply_that_changes_something_is_sent",
            "after_a_restart_an_apply_that_changes_nothing_is_not_sent_either",
        ),
        "runtime/test_ownership.py": (
            "what_the_server_just_applied_needs_no_second_apply", "a_set_without_members_is_owned_by_nobody",
        ),
    }),
    21: ("a status is written once and only if it differs, with the generation; times move with the status", {
        "runtime/test_recording.py": ("it_is_written_once_and_then_never_again",),
        "runtime/test_status.py": (
            "the_generation_that_was_looked_at_is_stated", "the_transition_time_moves_only_with_the_status",
        ),
        "runtime/test_loop.py": ("a_second_start_with_settled_objects_writes_nothing",),
    }),
    22: ("a finalizer comes before the first effect and goes last, with a precondition", {
        "controllers/test_finalizers.py": ("a_write_in_between_is_a_conflict",),
        "controllers/test_managed.py": ("the_finalizer_is_there_before_the_first_statement",),
        "runtime/test_loop.py": ("a_deletion_runs_to_its_end_and_then_nothing_comes_any_more",),
    }),
    23: ("conflicts are quiet and quick, refusals of the API slow and told", {
        "runtime/test_loop.py": ("a_conflict_is_tried_again_soon_and_leaves_no_trace",),
        "runtime/test_judging.py": ("what_the_api_refuses_is_tried_again_slowly",),
        "runtime/test_client.py": ("creating_what_exists_is_its_own_error",),
    }),
    24: ("a deletion is of one uid", {
        "runtime/test_client.py": ("deleting_what_is_gone_or_has_been_made_anew_is_no_error_and_harms_nobody",),
    }),
    25: ("a busy server is given time by everybody; only what can be repeated is", {
        "kube/test_retries.py": (
            "everybody_waits_for_a_busy_server", "what_may_have_happened_is_not_done_twice",
            "who_would_have_to_wait_too_long_is_told_so_and_the_server_is_left_alone",
        ),
        "kube/test_misbehaving.py": (
            "a_server_that_fails_in_any_phase_is_an_error_in_time", "what_may_have_happened_is_not_sent_again",
        ),
    }),
    26: ("there are never two leaders, and one again when the API is back", {
        "runtime/test_election.py": (
            "a_leader_that_cannot_renew_ends_itself_before_another_may_lead", "wall_clocks_may_say_what_they_like",
            "no_request_of_an_elector_lasts_longer_than_a_quarter_of_the_deadline",
        ),
        "runtime/test_election_processes.py": (
            "a_leader_that_was_stopped_ends_when_it_goes_on_and_does_not_act",
            "a_leader_that_is_cut_off_ends_before_another_leads",
        ),
    }),
    27: ("a lease is no fence: its number of turns goes with what can compare it", {
        "runtime/test_fencing.py": ("who_does_not_lead_reads_and_does_not_write",),
        "runtime/test_health.py": ("everybody_tells_who_leads_and_in_which_turn",),
    }),
    28: ("who stands by keeps its caches warm and answers", {
        "runtime/test_operator.py": ("who_stands_by_keeps_its_cache_warm_and_takes_over_without_a_list",),
    }),
    29: ("a stop drains, flushes, releases; a second signal is now", {
        "runtime/test_manager.py": (
            "a_stop_lets_what_runs_finish_and_starts_nothing_new", "a_stop_does_not_wait_for_ever",
        ),
        "runtime/test_operator.py": ("a_leader_that_leaves_keeps_the_lease_until_its_work_has_ended",),
        "runtime/test_election_processes.py": ("a_second_signal_ends_a_process_now",),
        "runtime/test_queue.py": ("takers_that_are_cancelled_while_keys_come_end_and_lose_none",),
    }),
    30: ("health tells of loops, watches and workers that are stuck, readiness of caches", {
        "runtime/test_manager.py": ("readiness_and_health_tell_what_is_wrong",),
        "runtime/test_health.py": ("a_watch_that_no_longer_turns_is_a_reason_to_restart",),
        "runtime/test_watchdog.py": ("a_loop_that_is_blocked_is_logged_with_its_stack_and_counted",),
    }),
    31: ("events are series with a count, limited for each object, and disturb nobody", {
        "runtime/test_events.py": (
            "the_same_note_again_becomes_a_count", "one_object_cannot_flood_and_others_are_heard",
            "too_many_at_once_are_dropped_and_counted", "a_server_that_refuses_events_disturbs_nobody",
        ),
    }),
    32: ("metrics have controller-runtime's names and no series of an object; the fleet is counted at scrape", {
        "runtime/test_metrics.py": (
            "what_happens_is_counted_under_the_usual_names", "no_series_names_an_object",
            "every_series_of_a_controller_is_there_with_zero_before_anything_happened",
        ),
        "runtime/test_fleet.py": ("objects_are_counted_by_readiness_and_reason_whenever_somebody_asks",),
    }),
    33: ("namespaces can be listed, objects paused, controllers switched off", {
        "runtime/test_joined.py": ("only_its_namespaces_are_listed_watched_and_reconciled",),
        "runtime/test_loop.py": ("a_paused_object_is_left_alone_until_it_is_not",),
        "runtime/test_switches.py": ("a_flag_says_which_controllers_run",),
    }),
}  # fmt: skip
"""Numbers are those of the list that the runtime was built from; the order is that of a request through it."""


def test_every_number_is_there_in_order() -> None:
    assert list(PROPERTIES) == list(range(1, 34))


@pytest.mark.parametrize("number", PROPERTIES)
def test_the_tests_that_prove_a_property_exist(number: int) -> None:
    named = [(file, name) for file, names in PROPERTIES[number][1].items() for name in names]
    assert named
    missing = [f"{file}::{name}" for file, name in named if not {name, f"test_{name}"} & _names_in(TESTS / file)]
    assert missing == []


@cache
def _names_in(path: Path) -> frozenset[str]:
    """Of test functions, and of the test cases that state machines make."""
    tree = ast.parse(path.read_text())
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    targets = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
    return frozenset(functions) | {target.id for target in targets if isinstance(target, ast.Name)}
