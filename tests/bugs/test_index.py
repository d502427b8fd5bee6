"""What operators of this field have been seen to do wrong, and which tests show that we do not.

The left side says what they do; a group's name says whose operators do it. A test that is gone fails here.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
REAL = "bugs/test_real_servers.py"
PG = "engines/postgres/"
MANAGED = "controllers/managed/"
Proof = dict[str, tuple[str, ...]]

# dbops.dbprovision.io: fields that are accepted, and then nothing happens.
IGNORED_FIELDS: dict[str, Proof] = {
    "existingPasswordSecret is ignored": {
        MANAGED + "test_credentials.py": ("a_given_password_is_used_and_published",),
        "e2e/test_passwords.py": ("a_chosen_password_is_followed_and_stands_nowhere_else",),
    },
    "connection.existingSecret is ignored": {
        "controllers/test_logins.py": ("both_names_of_the_secret_mean_the_same",),
    },
    "passwordSecret.secretNamespace, format and passwordRotation are ignored: refused here until they work": {
        "admission/test_users.py": ("what_is_not_built_yet_is_refused_with_what_to_do",),
    },
    "passwordSecret.generate: false makes a password all the same": {
        MANAGED + "test_credentials.py": ("a_password_that_is_not_ours_is_left_alone",),
    },
    "resourceTracking and its commentFormat are ignored": {
        MANAGED + "test_tags.py": ("tags_come_with_the_switch_and_go_with_it",),
        PG + "test_reconciled_tags.py": ("new_things_are_tagged_and_the_second_time_nothing_is_sent",),
    },
    "discovery and adoption are ignored": {
        "controllers/test_discovery.py": ("what_was_found_once_and_is_managed_since_is_adopted",),
        "controllers/test_adoption.py": (
            "nothing_is_stated_but_the_name_and_the_real_thing_stays", "a_user_keeps_its_password",
        ),
    },
    "deletionPolicy: Snapshot behaves like Retain: refused here until it works": {
        "controllers/test_managed.py": ("an_object_that_the_rules_refuse_does_nothing",),
        "controllers/test_forced.py": ("what_cannot_be_backed_up_stays_when_it_is_forced",),
    },
    "roles and defaultRole of a user are ignored": {
        PG + "blueprints/test_users.py": (
            "it_is_a_member_of_all_roles_that_are_named_anywhere", "its_sessions_begin_with_parameters_and_a_role",
        ),
        PG + "test_settings.py": ("a_session_begins_with_them",),
    },
    "allowConnections of a database is ignored": {
        PG + "test_databases.py": ("what_is_not_said_any_more_goes_back_to_the_default",),
        PG + "rules/test_databases.py": ("all_faults_of_a_database_are_told_at_once",),
    },
    "the health check's interval and timeout are ignored": {
        "controllers/test_instance.py": ("a_server_is_asked_as_often_as_its_health_check_says",),
        PG + "test_session.py": ("a_silent_server_is_unreachable_after_the_timeout",),
    },
}  # fmt: skip

# dbops.dbprovision.io: what it does wrong.
WRONG_PRIVILEGES: dict[str, Proof] = {
    "a grant for a role, or for a user on a server of the whole cluster, ends in a nil pointer": {
        REAL: ("roles_and_users_on_a_server_for_the_whole_cluster_can_be_granted_to",),
        "controllers/managed/records/test_cluster_grants.py": (
            "it_is_on_the_server_that_it_names_for_whom_it_names",
        ),
    },
    "what leaves a grant is never revoked, default privileges least of all": {
        REAL: ("what_leaves_a_grant_is_revoked_and_what_was_to_come_as_well",),
        "controllers/test_managed.py": ("what_leaves_the_list_is_revoked",),
        PG + "privileges/test_planning.py": ("what_leaves_the_list_is_revoked",),
    },
    "privileges of databases make no SQL, CREATE on a schema is never given, USAGE always": {
        REAL: ("each_level_of_the_block_gives_what_it_says_and_no_more",),
    },
    "with a schema and no list, privileges go to all tables there": {
        PG + "blueprints/test_grants.py": ("the_block_stands_for_what_it_lists_and_nothing_else",),
        PG + "rules/test_grants.py": ("a_block_that_cannot_be_granted_is_refused_where_it_says_so",),
    },
    "USAGE beside SELECT makes invalid SQL": {
        REAL: ("a_mixed_list_and_a_star_are_what_they_mean",),
    },
    '"*" is quoted as the name of one object': {
        REAL: ("a_mixed_list_and_a_star_are_what_they_mean",),
        PG + "privileges/test_catalogue_queries.py": ("all_there_are_of_a_type_are_granted_and_revoked",),
    },
    "default privileges of a database grant a role to itself": {
        PG + "rules/test_databases.py": ("roles_that_come_along_and_what_they_get_must_make_sense",),
        PG + "test_reconciled.py": ("default_privileges_are_those_of_the_owner_and_go_with_the_list",),
    },
    "newer privileges such as MAINTAIN and SET are not known": {
        PG + "privileges/test_catalogue_queries.py": ("every_type_is_granted_and_revoked",),
        PG + "rules/test_versions.py": ("a_privilege_that_a_version_lacks_is_refused_there_and_nowhere_else",),
    },
}  # fmt: skip
WRONG_DATABASES: dict[str, Proof] = {
    "errors of extensions and schemas are swallowed, and Ready is shown": {
        REAL: ("a_failed_extension_is_told_and_never_ready",),
        "controllers/test_managed.py": ("a_refused_statement_is_told_and_tried_again",),
        PG + "test_extensions.py": ("an_extension_that_the_server_does_not_have_is_refused_with_the_reason",),
    },
    "the user of auto-ownership has neither password nor Secret": {
        REAL: ("an_owner_that_is_asked_for_later_comes_later_and_can_log_in",),
        PG + "test_reconciled.py": ("owner_and_user_can_each_use_what_the_other_makes",),
    },
    "auto-ownership works only at creation": {
        REAL: ("an_owner_that_is_asked_for_later_comes_later_and_can_log_in",),
        MANAGED + "test_companions.py": ("one_that_is_deleted_is_made_again",),
    },
    "options of a database are looked at only when it is made, and differences are not told": {
        PG + "test_databases.py": ("what_is_settled_at_creation_is_only_reported",),
        "e2e/test_changes.py": ("a_database_is_changed_in_place",),
    },
    "what depends on an object is looked for in its own namespace only, and an error counts as none": {
        "controllers/test_holding.py": (
            "residents_are_found_by_their_token", "a_dependent_that_cannot_be_looked_for_holds_as_well",
        ),
        "controllers/test_forced.py": ("a_database_goes_with_grants_of_other_namespaces",),
    },
    "a password stands in an annotation": {
        PG + "test_reconciled_users.py": (
            "a_user_is_what_it_is_called_and_its_password_is_nowhere_to_be_read",
        ),
        MANAGED + "test_credentials.py": ("no_password_is_in_status_or_events_or_statements",),
    },
    "pages and definitions say different things": {
        "docs/test_pages.py": ("every_manifest_in_a_page_is_valid", "generated_files_are_what_the_source_says"),
        "samples/test_samples.py": ("every_sample_is_valid",),
    },
}  # fmt: skip

# db-operator.kubemaster.com
WRONG_ELSEWHERE: dict[str, Proof] = {
    "SQL after creation runs in the administrative database, and is never tried again": {
        MANAGED + "test_effects.py": (
            "it_runs_once_and_the_database_is_ready", "a_failure_blocks_and_is_tried_again_where_it_left_nothing",
        ),
        PG + "test_scripts.py": ("it_runs_as_the_owner_and_the_login_is_gone_afterwards",),
    },
    "BYPASSRLS is rejected, and NO-words never take an attribute away": {
        REAL: ("attributes_go_as_they_came",),
        PG + "rules/test_users.py": ("words_for_the_server_are_checked_like_attributes",),
    },
    "schema.table is quoted as one identifier, and crashes what reads privileges": {
        REAL: ("a_dot_in_a_name_is_part_of_the_name",),
        PG + "privileges/test_entries.py": ("different_entries_have_different_keys",),
    },
    "a schema is dropped by its object's name, and a database is looked for by both of its names": {
        REAL: ("a_schema_is_dropped_by_its_own_name_and_not_by_its_objects",),
        "controllers/test_tokens.py": ("a_database_is_found_by_its_server_and_its_real_name",),
    },
    "there is no update: passwords, options and intervals of what exists are never changed": {
        "e2e/test_changes.py": ("a_user_is_changed_in_place", "a_database_is_changed_in_place"),
        MANAGED + "test_credentials.py": ("a_password_that_is_edited_in_the_secret_reaches_the_server",),
        "controllers/test_drift_pass.py": ("a_short_interval_is_kept",),
    },
    "most kinds have no status": {
        "api/test_kinds.py": ("a_status_is_stored_as_it_was_written",),
        "controllers/managed/records/test_grants.py": ("its_status_tells_who_has_how_many_entries",),
    },
    "there is no TLS, and keys stay behind in temporary files": {
        PG + "test_tls.py": (
            "each_mode_gives_what_it_promises", "files_are_private_while_they_are_there_and_gone_afterwards",
        ),
    },
    "drop options are ignored, and errors of REVOKE are swallowed": {
        PG + "test_partings.py": (
            "what_it_owns_is_given_away_in_each_database", "what_it_owns_is_dropped_if_that_is_said",
            "privileges_are_revoked_after_everything_is_given_away",
        ),
        MANAGED + "test_farewell.py": ("an_owner_that_cannot_be_dropped_says_why",),
    },
    "the finalizer comes after the thing": {
        "controllers/test_managed.py": ("the_finalizer_is_there_before_the_first_statement",),
    },
    "a grant as somebody who does not exist yet never happens": {
        PG + "privileges/test_parts.py": (
            "a_named_grantor_is_recorded_also_where_our_login_is_no_superuser",
        ),
        MANAGED + "test_resolution.py": ("a_grant_names_the_user_or_database_it_misses",),
    },
}  # fmt: skip

# By theme, over all groups.
THEMES: dict[str, Proof] = {
    "everything is done again at every look": {
        "controllers/test_managed.py": ("each_statement_is_sent_once", "settled_objects_write_nothing_more"),
        "conformance/engine.py": ("applying_twice_sends_nothing_the_second_time",),
    },
    "a status is replaced as a whole, and a reason that changes alone is not told": {
        "runtime/test_status.py": (
            "a_verdict_without_fields_keeps_them_and_the_other_conditions",
            "the_transition_time_moves_only_with_the_status",
        ),
    },
    "deletion policies are not honoured": {
        MANAGED + "test_farewell.py": (
            "by_default_the_object_goes_and_the_database_stays", "delete_drops_the_database",
        ),
        "e2e/test_deletion.py": ("what_is_protected_stays_and_retain_keeps_the_data",),
    },
    "passwords are fixed, or go into SQL unescaped": {
        REAL: ("a_password_is_quoted_wherever_it_goes",),
        "core/test_secrets.py": ("a_password_has_its_length_and_every_wanted_class",),
        PG + "test_session.py": ("an_error_about_a_password_shows_neither_it_nor_its_verifier",),
    },
    "a parent that is deleted first blocks its children or leaves things behind": {
        REAL: ("a_parent_that_is_gone_leaves_nothing_behind",),
        "e2e/test_deletion.py": ("a_folder_is_deleted_in_any_order",),
        "controllers/test_namespaces.py": ("a_namespace_with_everything_in_it_goes",),
    },
    "an object of the same name that belongs to others is replaced": {
        MANAGED + "test_credentials.py": ("a_secret_of_somebody_else_is_never_overwritten",),
        MANAGED + "test_companions.py": ("an_object_of_that_name_that_is_somebody_elses_is_left_alone",),
        "controllers/test_facade.py": ("an_object_of_the_same_name_is_not_taken_over",),
    },
    "changes of Secrets and ConfigMaps are noticed late or never": {
        "controllers/test_tokens.py": ("a_user_is_woken_by_its_secrets",),
        MANAGED + "test_effects.py": ("a_text_that_is_elsewhere_is_waited_for_and_its_changes_are_seen",),
    },
    "what an engine cannot do fails at run time, without a reason": {
        "admission/test_rules.py": ("what_cannot_be_had_is_refused_at_its_field",),
        PG + "rules/test_versions.py": ("options_of_memberships_are_there_from_version_16_on",),
        MANAGED + "test_drift.py": ("what_has_a_reason_of_its_own_is_told_by_it",),
    },
    "exotic names break statements, and names of the server itself can be dropped": {
        "e2e/test_names.py": ("hostile_names_work_to_the_end", "names_that_the_server_cannot_have_are_refused"),
        "fuzz/test_hostile_values.py": ("nothing_is_executed_but_the_plan_and_no_password_is_told",),
        PG + "test_names.py": ("what_belongs_to_the_server_is_refused", "a_name_is_measured_in_bytes"),
    },
    "durations such as 90d, 7d and 168h are read by several parsers": {
        "core/test_duration.py": ("a_duration_is_the_sum_of_its_parts", "what_is_no_duration_is_refused"),
    },
    "two operators, or a restart in the middle, do things twice": {
        "simulation/test_crashes.py": (
            "a_crash_at_any_write_changes_nothing_in_the_end",
            "a_connection_that_breaks_at_any_statement_changes_nothing_in_the_end",
        ),
        "lanes/test_lane.py": ("who_does_not_lead_any_more_reads_and_sends_no_statement",),
    },
    "objects that need each other wait for ever": {
        PG + "test_reconciled_users.py": (
            "a_user_and_a_database_that_need_each_other_are_both_made",
            "a_user_whose_database_is_missing_says_so_and_can_be_deleted",
        ),
    },
}  # fmt: skip

# What has been given numbers as vulnerabilities in this field.
VULNERABILITIES: dict[str, Proof] = {
    "an administrator's session follows a search_path that others can write to": {
        PG + "test_session.py": ("everything_that_matters_is_pinned",),
        PG + "test_extensions.py": ("an_extension_never_lands_in_the_system_catalogue",),
    },
    "SQL of users runs as administrator, or finds the way back to one": {
        PG + "test_scripts.py": ("no_way_leads_back_to_an_administrator", "what_only_administrators_may_do_fails"),
    },
    "passwords reach the server, its log and its statistics in clear text": {
        PG + "test_session.py": ("a_password_reaches_the_server_only_as_a_verifier",),
        PG + "test_roles.py": ("a_verifier_is_as_strong_as_the_server_wants_them_and_never_md5",),
        PG + "test_scripts.py": ("a_password_in_it_is_nowhere_in_the_servers_log_and_works",),
    },
    "what is written out in SQL is shown to all who may see a plan": {
        "cli/commands/test_plan.py": ("a_password_in_sql_is_neither_shown_nor_kept",),
        "core/test_redaction.py": ("what_may_be_a_password_is_masked_and_the_rest_is_shown",),
        "admission/test_warnings.py": ("a_password_in_a_text_is_warned_of_once_for_each_text_and_never_quoted",),
    },
    "an extension's script runs as administrator for whoever asks for another version": {
        PG + "test_guests.py": ("a_guest_updates_an_extension_only_where_anybody_could",),
    },
    "what only tells metrics logs in as administrator": {
        PG + "test_exporting.py": ("an_exporter_is_no_administrator",),
        "controllers/cluster/test_service_logins.py": (
            "its_user_and_its_secret_are_there_before_what_runs",
            "a_deleted_cluster_lets_it_go_first_and_asks_the_server_nothing",
        ),
    },
    "a verifier is chosen to keep its reader busy": {
        PG + "test_passwords.py": ("a_count_of_iterations_chosen_to_keep_us_busy_is_not_followed",),
    },
    "a reference that changes later leads to things of others": {
        "api/test_kinds.py": ("names_and_servers_cannot_be_changed",),
        MANAGED + "test_resolution.py": (
            "a_server_must_consent_to_other_namespaces", "a_user_must_consent_to_grants_from_other_namespaces",
        ),
    },
    "the loser of a conflict drops what the winner has": {
        MANAGED + "test_claims.py": ("the_newer_object_never_drops_the_thing",),
        MANAGED + "test_ownership.py": (
            "the_older_has_it_and_the_younger_never_drops_it_and_takes_over",
        ),
    },
    "a namespace that may use a server becomes its administrator": {
        MANAGED + "test_tenancy.py": (
            "an_administrator_is_not_taken_over_even_where_all_else_may_be",
            "what_exists_is_neither_taken_over_nor_dropped_by_a_guest",
            "an_owner_that_belongs_to_others_is_refused",
        ),
        PG + "rules/test_users.py": ("a_guest_of_another_namespace_does_not_become_its_administrator",),
    },
    "a server of anybody's choice is sent the Secrets of others": {
        "admission/test_instances.py": ("a_secret_of_another_namespace_is_refused",),
        PG + "rules/test_instances.py": ("parameters_that_lead_elsewhere_are_refused",),
    },
}  # fmt: skip

ALL = {
    **IGNORED_FIELDS, **WRONG_PRIVILEGES, **WRONG_DATABASES, **WRONG_ELSEWHERE, **THEMES, **VULNERABILITIES
}  # fmt: skip


def test_no_entry_hides_another() -> None:
    tables = (IGNORED_FIELDS, WRONG_PRIVILEGES, WRONG_DATABASES, WRONG_ELSEWHERE, THEMES, VULNERABILITIES)
    assert len(ALL) == sum(map(len, tables))


@pytest.mark.parametrize("bug", ALL)
def test_the_tests_that_show_its_absence_exist(bug: str) -> None:
    named = [(file, name) for file, names in ALL[bug].items() for name in names]
    assert named
    missing = [f"{file}::{name}" for file, name in named if f"test_{name}" not in _names_in(TESTS / file)]
    assert missing == []


def test_every_test_on_real_servers_is_listed() -> None:
    listed = {f"test_{name}" for proof in ALL.values() for name in proof.get(REAL, ())}
    assert {name for name in _names_in(TESTS / REAL) if name.startswith("test_")} == listed


@cache
def _names_in(path: Path) -> frozenset[str]:
    """Of test functions, also of those that suites inherit."""
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
