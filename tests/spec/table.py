"""The specification, sentence by sentence in words of our own, with the tests that show each.

A sentence that was meant otherwise here than it stands there has a note. `claims` are what its examples show: a word of a
line of code, of a log line, of a row of a table. `test_table.py` holds that every such line is claimed, and that no claim
is idle.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """What a section asks for, and the tests (node ids below tests/) that show it."""

    section: str
    sentence: str
    tests: tuple[str, ...]
    claims: tuple[str, ...] = ()
    note: str = ""


_RETRY = "spec/test_spec_retries.py::"
_LOCK = "spec/test_spec_locks.py::"
_START = "spec/test_spec_starting.py::"
_ERRORS = "spec/test_spec_errors.py::"
_RUN = "spec/test_spec_operation.py::"
_STATUS = "unit/test_service_status.py::"
_HEALTH = "unit/test_service_health.py::test_health"
_ALERTS = f"{_RUN}test_the_four_alerts_have_the_thresholds"

TABLE: tuple[Entry, ...] = (
    Entry(
        "Overview",
        "What fails for a moment is tried again by itself",
        (f"{_RETRY}test_a_passing_failure_is_never_seen_by_the_caller",),
        ("Exponential Backoff Retries",),
    ),
    Entry(
        "Overview",
        "Work that goes on side by side does no harm",
        (
            "unit/test_sync_keeper.py::test_never_two_looks_at_one_zone_at_once_and_one_more_for_all_that_came_meanwhile",
        ),
        ("Thread-Safe Operations",),
    ),
    Entry(
        "Overview",
        "It starts at once; the first sync runs behind",
        (f"{_START}test_it_is_at_work_while_no_server_answers",),
        ("Non-Blocking Startup",),
    ),
    Entry(
        "Overview",
        "Each failure is handled by what should be done about it",
        (f"{_ERRORS}test_each_class_has_its_handling",),
        ("Graceful Error Handling",),
    ),
    Entry(
        "Automatic Retry Logic",
        "Three attempts, delays from 1 s to 60 s that double, with jitter, without being set",
        (
            f"{_RETRY}test_the_numbers_are_built_in",
            "unit/test_powerdns_client.py::test_what_can_safely_be_repeated_is_tried_three_times",
        ),
        ("max_attempts", "base_delay", "max_delay", "backoff_factor", "jitter"),
    ),
    Entry(
        "Retry Strategy",
        "At once, after about 1 s, after about 2 s; then it is logged and the error goes on to the caller",
        (f"{_RETRY}test_at_once_then_about_one_and_about_two_seconds_then_the_error",),
        ("First attempt", "Second attempt", "Third attempt", "Failure"),
    ),
    Entry(
        "Jitter Implementation",
        "The delay is multiplied by a random factor from 0.5 to 1, so that many do not come back at once",
        (f"{_RETRY}test_the_delay_is_the_formula", f"{_RETRY}test_many_that_failed_together_do_not_come_back_together"),
        ("base_delay * (backoff_factor ** attempt)",),
    ),
    Entry(
        "Operations with Retry Logic",
        "Reading, updating and deleting a zone are tried again",
        ("unit/test_powerdns_client.py::test_what_can_safely_be_repeated_is_tried_three_times",),
        ("list_zone", "patch_zone", "delete_zone"),
    ),
    Entry(
        "Operations with Retry Logic",
        "Creating a zone is tried again",
        (
            "real/test_powerdns_creating.py::test_a_new_zone_whose_answers_get_lost_is_made_all_the_same",
            "unit/test_sync_reconcile.py::test_a_conflict_is_looked_at_once_more",
        ),
        ("create_zone",),
        note="not repeated blindly: an answer that got lost may have made the zone, and a second request would be answered "
        "409 as if it were others'. It is looked whether the zone is there, and gone on from that",
    ),
    Entry(
        "Operations with Retry Logic",
        "Time-outs, an API that is away, and rate limits are what is tried again",
        (
            "unit/test_resilience_calls.py::test_every_way_of_breaking_off_has_a_class",
            "unit/test_powerdns_client.py::test_every_status_has_a_meaning",
            "unit/test_netbox_client.py::test_a_server_that_asks_for_patience_says_how_much",
            "real/test_faults_powerdns.py::test_a_fault_that_passes_is_made_good_by_the_retry",
        ),
    ),
    Entry(
        "Retry Logging",
        "A warning with attempt, reason and wait for each attempt in vain, an error after the last",
        (
            f"{_RETRY}test_the_log_shows_each_attempt",
            "unit/test_cli_logs.py::test_retries_are_told_in_the_form_of_the_specification",
        ),
        ("(attempt 1/3)", "(attempt 2/3)", "after 3 attempts"),
        note="functions are called after the operation (`patch_zone`); the line that a sync begins is of level DEBUG, and "
        "each zone that changed has one of level INFO with its numbers",
    ),
    Entry(
        "Retry Logging",
        "What is begun is in the log, too",
        ("unit/test_cli_logs.py::test_what_happens_has_its_level",),
        ("Attempting zone sync",),
    ),
    Entry(
        "Operation Locking",
        "Scheduled and hinted work, and people, never write one zone at the same time",
        (
            f"{_LOCK}test_one_zone_is_written_by_one_operation_at_a_time",
            "unit/test_sync_passes.py::test_a_pass_never_puts_back_what_a_hint_brought_meanwhile",
            "unit/test_store_run_lock.py::test_a_second_run_gives_up_with_the_first_ones_process",
        ),
        ("Race conditions", "Concurrent modifications", "Resource conflicts"),
        note="one lock for each zone of each target, in place of one for everything: a large zone holds up no other",
    ),
    Entry(
        "Lock Implementation",
        "An operation holds its lock around the whole of it, by name, and gives it back however it ends",
        (
            f"{_LOCK}test_the_log_of_an_operation",
            "unit/test_resilience_locks.py::test_however_an_operation_ends_its_lock_is_given_back",
        ),
        ("_operation_lock_with_logging", "sync_zone("),
        note="asyncio's locks: the service is one thread, whose tasks take turns",
    ),
    Entry(
        "Lock Monitoring",
        "Asking, having (with the wait) and giving back (with the time in all) are lines of level DEBUG",
        (
            f"{_LOCK}test_the_log_of_an_operation",
            "unit/test_cli_logs.py::test_locks_are_told_in_the_form_of_the_specification",
        ),
        ("Attempting to acquire lock", "(waited 0.001s)", "total operation time"),
    ),
    Entry(
        "Lock Monitoring",
        "A pass over everything is told at its end, of level INFO",
        ("unit/test_sync_passes.py::test_a_first_pass_brings_everything_and_says_so",),
        ("Synchronizing all zones",),
    ),
    Entry(
        "Lock Contention Detection",
        "A wait of more than a second is a warning with its length",
        (
            f"{_LOCK}test_a_long_wait_is_a_warning",
            "unit/test_resilience_locks.py::test_a_wait_of_more_than_a_second_is_contention",
        ),
        ("after 2.34s wait", "**Warnings**"),
    ),
    Entry(
        "Lock Contention Detection",
        "After 30 s in vain the operation fails with an error in the log",
        (
            f"{_LOCK}test_a_wait_in_vain_is_an_error",
            f"{_LOCK}test_half_a_minute_is_the_limit",
            "unit/test_resilience_locks.py::test_a_lock_that_is_not_had_in_time_fails_the_operation",
        ),
        ("within 30 seconds", "**Errors**"),
    ),
    Entry(
        "Lock Contention Detection",
        "How long locks are held is a metric",
        (f"{_LOCK}test_holding_and_waiting_are_metrics",),
        ("**Metrics**",),
    ),
    Entry(
        "Background Initial Sync",
        "The application answers at once; the first pass runs in the background and ends with the process",
        (
            f"{_START}test_it_is_at_work_while_no_server_answers",
            "processes/test_service_serve.py::test_it_serves_with_all_servers_down",
            "unit/test_sync_passes.py::test_a_first_pass_brings_everything_and_says_so",
        ),
        ("FastAPI()", "full_sync", "return app"),
        note="a task of the service's loop, in place of a thread of its own",
    ),
    Entry(
        "Startup Status Tracking",
        "Whether the first pass began, is complete, or failed and why, and since when the service is up",
        (
            f"{_START}test_how_the_first_pass_goes_is_kept",
            "unit/test_sync_passes.py::test_netbox_that_cannot_be_read_fails_the_pass_and_is_told",
        ),
        ("app_state", "initial_sync_complete", "initial_sync_started", "initial_sync_error", "startup_time"),
        note="`Board.initial_sync` and `Board.started`, a value that is handed down, in place of a module's dictionary",
    ),
    Entry(
        "Status Visibility",
        "`/status` begins with status, uptime and the three words of the first pass",
        (f"{_STATUS}test_startup_progress", f"{_START}test_how_the_first_pass_goes_is_kept"),
        ('"status"', '"uptime_seconds"', '"initial_sync"', '"started"', '"completed"', '"error"'),
    ),
    Entry(
        "Health Status Logic",
        "Healthy is normal operation, Warning a first pass not complete after five minutes, Degraded one that failed",
        (_HEALTH, "unit/test_service_health.py::test_the_worst_goes_first"),
        ("**Healthy**", "**Warning**", "**Degraded**"),
        note="what else an operator must know (a server that is away, a zone that fails) makes it Warning or Degraded, too",
    ),
    Entry(
        "Conflict Resolution",
        "A zone that is there already (409) is a warning and another look, no error",
        (
            f"{_ERRORS}test_a_zone_that_exists_already_is_a_conflict_and_not_tried_again",
            "unit/test_sync_reconcile.py::test_a_conflict_is_looked_at_once_more",
            "real/test_faults_powerdns.py::test_a_409_without_a_zone_is_looked_at_once",
            "real/test_powerdns_creating.py::test_a_zone_that_others_made_meanwhile_stays_theirs",
        ),
        ("409", "Zone already exists", "return  #"),
        note="by the status, not by words in a text; and it is looked again: the zone that is there may be ours (then it is "
        "brought up to date) or others' (then it is shown and left alone)",
    ),
    Entry(
        "Error Classification",
        "Transient errors are tried again with back-off",
        (
            f"{_ERRORS}test_each_class_has_its_handling",
            "unit/test_resilience_retry.py::test_transient_errors_are_tried_again",
        ),
        ("**Transient**",),
    ),
    Entry(
        "Error Classification",
        "Conflicts are skipped with a warning",
        (
            f"{_ERRORS}test_each_class_has_its_handling",
            "unit/test_sync_reconcile.py::test_a_conflict_is_looked_at_once_more",
        ),
        ("**Conflict**",),
    ),
    Entry(
        "Error Classification",
        "Wrong or missing settings fail fast and are named",
        (
            f"{_ERRORS}test_each_class_has_its_handling",
            "unit/test_settings_loading.py::test_a_wrong_value_is_named",
            "unit/test_settings_loading.py::test_a_misspelt_setting_is_named_with_the_nearest",
        ),
        ("**Configuration**",),
    ),
    Entry(
        "Error Classification",
        "What is expected to happen now and then is logged, and the rest goes on",
        (
            f"{_ERRORS}test_each_class_has_its_handling",
            "unit/test_powerdns_client.py::test_a_zone_that_is_gone_counts_as_deleted",
            "unit/test_sync_keeper.py::test_a_hint_for_a_zone_that_neither_side_has_comes_to_nothing",
            "unit/test_sync_reconcile.py::test_refused_records_are_left_out_alone",
        ),
        ("**Logic**",),
        note="the class is called `data` here",
    ),
    Entry(
        "Exception Chaining",
        "A bad webhook is a 400 with `Invalid data: ` and the reason in clean words; the log has the chain of causes",
        ("unit/test_service_routes.py::test_a_bad_body", "unit/test_service_routes.py::test_errors_of_ours"),
        ("try:", "process_webhook", "except ValidationError", "status_code=400"),
    ),
    Entry(
        "Exception Chaining",
        "Whatever is raised because of another error names that as its cause",
        (f"{_ERRORS}test_every_error_that_comes_of_another_names_its_cause",),
    ),
    Entry(
        "Circuit Breaker Pattern (Future)",
        "Closed: calls are made. Open: none is. Half-open: one tries",
        (
            f"{_ERRORS}test_a_breaker_goes_round_its_three_states",
            "unit/test_resilience_breaker.py::test_what_opens_it",
            "unit/test_resilience_breaker.py::test_while_the_trial_is_under_way_no_other_call_is_made",
            "unit/test_resilience_clients.py::test_one_call_finds_out_that_the_server_is_back",
            "unit/test_sync_breakers.py::test_an_open_breaker_keeps_hints_waiting_and_half_open_lets_one_zone_try",
        ),
        ("**Closed**", "**Open**", "**Half-Open**"),
        note="there already, for NetBox and each PowerDNS",
    ),
    Entry(
        "Key Metrics",
        "Retries of more than 10 % are an alert",
        (_ALERTS, f"{_RUN}test_the_rates_of_the_status_are_those_of_the_metrics"),
        ("**Retry Rate**",),
        note="the share of calls that were tried again, by server",
    ),
    Entry(
        "Key Metrics",
        "An average wait for locks of more than a second is an alert",
        (_ALERTS,),
        ("**Lock Wait Time**",),
    ),
    Entry("Key Metrics", "Fewer than 95 % of syncs that end well are an alert", (_ALERTS,), ("**Sync Success Rate**",)),
    Entry(
        "Key Metrics",
        "More than 1 % of errors that no retry mends are an alert",
        (_ALERTS,),
        ("**Error Rate**",),
        note="errors of other classes than transient, as a share of the looks at zones",
    ),
    Entry(
        "Health Check Integration",
        "`/health` says the status alone, and needs no key",
        (_HEALTH, f"{_STATUS}test_a_key_where_it_is_asked_for"),
        ("/health", '{"status": "Healthy"}'),
        note="Degraded is answered with 503; orchestrators ask `/livez`, for a restart mends no outage",
    ),
    Entry(
        "Health Check Integration",
        "`/status` has the last sync, the two rates and the contention under `reliability`",
        (f"{_STATUS}test_reliability", f"{_STATUS}test_before_the_first_sync"),
        (
            "/status",
            "last_sync",
            "sync_success_rate",
            "average_retry_rate",
            "lock_contention_events",
        ),
    ),
    Entry(
        "Sync Scheduling",
        "When everything is synchronised is a cron expression; every six hours where it is not set",
        (
            f"{_RUN}test_when_everything_is_synchronised",
            f"{_RUN}test_every_six_hours_is_the_default",
            "unit/test_crontab.py::test_the_next_times",
            "unit/test_schedule.py::test_both_schedules_make_hints_of_their_depth",
        ),
        ("*/15 * * * *", "0 */6 * * *", "0 2 * * *"),
    ),
    Entry(
        "Logging Configuration",
        "The level of the log is a setting",
        (
            f"{_RUN}test_the_log_level_is_set_by_its_variable",
            "unit/test_cli_logs.py::test_the_log_level_is_the_least_that_is_written",
        ),
        ("LOG_LEVEL=DEBUG", "LOG_LEVEL=INFO"),
    ),
    Entry(
        "Resource Limits",
        "The compose file limits it to one core and 512 MiB and reserves half of each",
        (f"{_RUN}test_the_containers_resources",),
        (
            "deploy:",
            "resources:",
            "limits:",
            "cpus: '1.0'",
            "memory: 512M",
            "reservations:",
            "cpus: '0.5'",
            "memory: 256M",
        ),
    ),
    Entry(
        "High Retry Rates",
        "They show in the log, as a metric, and as an alert whose page says what to do",
        (
            f"{_RETRY}test_the_log_shows_each_attempt",
            _ALERTS,
            f"{_RUN}test_every_alert_has_its_line_in_the_operators_page",
        ),
    ),
    Entry(
        "High Retry Rates",
        "A server that asks for time gets it",
        (
            "unit/test_resilience_retry.py::test_transient_errors_are_tried_again",
            "unit/test_resilience_calls.py::test_how_long_a_server_asks_to_wait",
        ),
    ),
    Entry(
        "Lock Contention",
        "A flood of webhooks is few looks: those for one zone go together",
        (
            "unit/test_sync_queue.py::test_hints_for_one_zone_are_one_look_for_all_of_them",
            "unit/test_sync_queue.py::test_hints_for_a_zone_under_way_are_one_more_look_afterwards",
            "real/test_service_system.py::test_many_edits_by_a_script",
        ),
        note="nothing needs to be slowed down where they come from",
    ),
    Entry(
        "Lock Contention",
        "A pass over everything holds up no zone that it is not at",
        ("unit/test_resilience_locks.py::test_other_keys_are_not_waited_for",),
    ),
    Entry(
        "Sync Failures",
        "Each is named with what to do, and is in the status",
        (
            "unit/test_service_status.py::test_every_part",
            "unit/test_cli_check.py::test_a_mistake_is_named_with_its_mend",
            "unit/test_sync_keeper.py::test_what_fails_comes_back_until_it_is_done",
        ),
    ),
    Entry(
        "Memory Leaks",
        "What is kept is bounded: locks, hints, receipts, readers, guesses",
        (
            "unit/test_resilience_locks.py::test_one_at_a_time_and_none_is_left",
            "unit/test_store_journal.py::test_what_waits_is_bounded_by_the_zones",
            "unit/test_store_receipts.py::test_past_the_bound_receipts_of_a_zone_become_one",
            "unit/test_service_events.py::test_nothing_is_kept_of_readers_that_left",
            "unit/test_service_auth.py::test_the_table_of_guesses_is_bounded",
            f"{_RUN}test_memory_is_watched_and_limited",
        ),
    ),
    Entry(
        "Deployment Practices",
        "The container has a health check, limits, and is started anew",
        (
            f"{_RUN}test_the_container_says_how_it_is",
            f"{_RUN}test_the_containers_resources",
            f"{_RUN}test_it_is_started_anew",
        ),
        ("Health Checks", "Resource Limits", "Restart Policies"),
    ),
    Entry(
        "Deployment Practices",
        "An update has no down time: DNS is PowerDNS's, and what was edited meanwhile is found",
        (
            "processes/test_service_serve.py::test_it_is_told_to_read_again_and_to_stop",
            "unit/test_sync_passes.py::test_what_is_under_way_is_finished_when_it_stops",
            "unit/test_service_status.py::test_not_ready_while_it_stops",
        ),
        ("Rolling Updates",),
    ),
    Entry(
        "Monitoring Practices",
        "Metrics, alerts, a log for machines and a dashboard are there",
        (
            "unit/test_service_metrics.py::test_the_page_lists_every_metric",
            f"{_RUN}test_every_alert_has_its_line_in_the_operators_page",
            "unit/test_cli_logs.py::test_a_zone_changed_is_one_line_with_counts_and_duration",
            f"{_RUN}test_the_dashboard_shows_the_four_indicators",
        ),
        ("Metrics Collection", "Alerting", "Log Aggregation", "Dashboard"),
    ),
    Entry(
        "Operational Practices",
        "Failures are tested: killed processes, servers that go away, databases that are restored, disks that are full",
        (
            "real/test_faults_killed.py::test_killed_at_any_point_the_next_sync_makes_all_whole",
            "real/test_faults_powerdns.py::test_a_server_that_is_killed_and_started_in_mid_sync",
            "real/test_sync_stories.py::test_netbox_is_restored_from_an_older_dump",
            "unit/test_store_opening.py::test_a_full_disk_leaves_what_was_remembered",
        ),
        ("Regular Testing", "Incident Response"),
    ),
    Entry(
        "Operational Practices",
        "What went can be put back, and how is written",
        (
            "real/test_sync_stories.py::test_what_went_is_put_back_from_its_file",
            f"{_RUN}test_the_pages_that_the_specification_asks_for_are_there",
        ),
        ("Backup Procedures", "Capacity Planning"),
    ),
    Entry(
        "Next Steps",
        "Monitoring, MQTT, production and recovery have their pages",
        (
            f"{_RUN}test_the_pages_that_the_specification_asks_for_are_there",
            "unit/test_mqtt_messages.py::test_a_message_is_hints",
        ),
        ("Monitoring", "MQTT", "Deployment", "Disaster Recovery"),
    ),
)
