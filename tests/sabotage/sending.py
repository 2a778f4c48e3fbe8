"""Guards of what leaves (reminders once, leases, the check before the send, the one HTTP client) and of outages."""

from .guards import Constraint, Guard, InSource

_MANAGERS = "tests/concurrency/test_reminders.py"
_DUE = "tests/reminders/test_due.py"
_FIRING = "tests/reminders/test_firing.py"
_ENGINE = "tests/notifications/test_engine.py"
_OUTBOUND = "tests/common/test_outbound.py"
_WEBHOOKS = "tests/notifications/test_webhooks.py"
_POSTGRESQL = "tests/common/test_postgresql.py"
_AWAY = "tests/rxscale/test_database_away.py"

_REMINDERS = (
    Constraint(
        name="reminder: the unique row",
        table="appointment_reminders_sent",
        constraint="reminder_is_dealt_with_once_per_recipient",
        tests=(f"{_MANAGERS}::test_six_managers_fire_each_reminder_once",),
    ),
    InSource(
        name="reminder: what fired stays",
        path="reminders/sent_rows.py",
        old="WHERE appointment_reminders_sent.outcome <> 'fired'\n",
        new="",
        tests=(f"{_MANAGERS}::test_six_managers_fire_each_reminder_once",),
    ),
    InSource(
        name="reminder: rows are inserted in key order",
        path="reminders/sent_rows.py",
        old="ORDER BY given.appointment_id, given.rule_id, given.recipient_uid\n",
        new="",
        tests=(f"{_MANAGERS}::test_six_managers_over_8000_reminders_write_exactly_8000",),
    ),
    InSource(
        name="reminder: only of what is still confirmed",
        path="reminders/visits.py",
        old="pk__any=list(appointment_ids), status=Status.CONFIRMED)",
        new="pk__any=list(appointment_ids))",
        tests=(f"{_FIRING}::test_a_visit_called_off_between_finding_and_firing_is_left_alone",),
    ),
    InSource(
        name="reminder: nobody calls the visit off meanwhile",
        path="reminders/visits.py",
        old="        .select_for_update(no_key=True)\n",
        new="",
        tests=(f"{_MANAGERS}::test_a_visit_being_cancelled_meanwhile_is_not_reminded_of",),
    ),
    InSource(
        name="reminder: ten minutes of looking back",
        path="reminders/due.py",
        old="LOOK_BACK = timedelta(minutes=10)",
        new="LOOK_BACK = timedelta(0)",
        tests=(
            f"{_DUE}::test_a_confirm_that_commits_after_the_tick_that_should_have_seen_it_is_reminded_of",
        ),
    ),
    InSource(
        name="reminder: the mark never moves back",
        path="reminders/due.py",
        old="GREATEST(reminders_duemark.looked_until, EXCLUDED.looked_until)",
        new="EXCLUDED.looked_until",
        tests=(f"{_DUE}::test_a_clock_set_back_neither_fires_twice_nor_moves_the_mark",),
    ),
    InSource(
        name="reminder: booked too late is not fired",
        path="reminders/verdict.py",
        old="        if due < confirmed_at:\n",
        new="        if False:\n",
        tests=(f"{_DUE}::test_a_day_before_a_visit_booked_20_hours_ahead_is_skipped_and_logged",),
    ),
    InSource(
        name="reminder: never after the start",
        path="reminders/verdict.py",
        old="    if now >= starts_at:\n",
        new="    if False:\n",
        tests=(f"{_DUE}::test_at_the_start_it_is_too_late",),
    ),
    InSource(
        name="maintenance: one run at a time",
        path="rxscale/maintenance.py",
        old="        if not is_ours:\n",
        new="        if False:\n",
        tests=("tests/rxscale/test_maintenance.py::test_a_run_while_another_runs_does_nothing",),
    ),
    InSource(
        name="broker: a worker asks again when it was not heard",
        path="rxscale/celery.py",
        old='    TRANSPORT_ALIASES[scheme] = "rxscale.broker:Transport"\n',
        new="    pass\n",
        tests=(
            "tests/rxscale/test_broker.py::test_a_task_that_redis_was_not_told_of_does_not_stay_in_hand",
        ),
    ),
)

_EVENTS = (
    Constraint(
        name="event: its triple is unique",
        table="notifications_event",
        constraint="event_triple_is_unique",
        tests=("tests/notifications/test_outbox.py::test_the_same_triple_is_refused",),
    ),
    InSource(
        name="event: those of one visit rise",
        path="appointments/transitions.py",
        old='Greatest(Value(epoch), F("last_event_timestamp") + 1), **columns',
        new="Value(epoch), **columns",
        tests=(
            "tests/appointments/test_completion.py::test_events_of_one_visit_rise_even_within_one_second",
        ),
    ),
)

_LEASES = (
    InSource(
        name="delivery: asked again just before it leaves",
        path="notifications/delivery.py",
        old="        return kinds.find(delivery.kind).still_wanted(delivery, now)\n",
        new='        return ""\n',
        tests=(f"{_ENGINE}::test_what_is_no_longer_wanted_is_skipped_with_the_reason",),
    ),
    InSource(
        name="delivery: a reminder of a moved or cancelled visit",
        path="reminders/messages.py",
        old="    reason = why_not_ahead(sent.appointment, now)\n",
        new='    reason = ""\n',
        tests=(
            "tests/reminders/test_messages.py::test_it_is_not_wanted_for_a_moved_or_cancelled_visit",
            "tests/reminders/test_messages.py::test_it_is_wanted_until_the_visit_begins",
        ),
    ),
    InSource(
        name="delivery: nobody who opted out or bounced",
        path="notifications/delivery.py",
        old="        if reason := self._suppressed.get(key):\n",
        new='        if reason := "":\n',
        tests=(f"{_ENGINE}::test_nobody_is_written_to_without_or_at_a_suppressed_address",),
    ),
    InSource(
        name="lease: what is claimed is nobody else's",
        path="notifications/models.py",
        old="            Q(leased_until=None) | Q(leased_until__lte=now)\n",
        new="\n",
        tests=(
            f"{_ENGINE}::test_a_leased_delivery_is_nobody_elses_until_the_lease_runs_out",
            f"{_ENGINE}::test_parallel_workers_send_each_delivery_once",
        ),
    ),
    InSource(
        name="lease: claims pass each other over",
        path="notifications/leases.py",
        old='        locked = due.order_by("next_attempt_at", "pk").select_for_update(\n'
        "            skip_locked=True, no_key=True\n",
        new='        locked = due.order_by("next_attempt_at", "pk").select_for_update(\n'
        "            no_key=True\n",
        tests=(f"{_ENGINE}::test_what_another_worker_is_just_claiming_is_passed_over",),
    ),
    InSource(
        name="lease: one that ran out does not begin",
        path="notifications/leases.py",
        old="_held(delivery).filter(leased_until__gt=now).update",
        new="_held(delivery).update",
        tests=(f"{_ENGINE}::test_who_comes_when_the_claim_has_run_out_does_not_begin",),
    ),
    InSource(
        name="lease: one that was lost does not record",
        path="notifications/leases.py",
        old="pk=delivery.pk, state=DeliveryState.PENDING, lease_token=delivery.lease_token\n    )\n",
        new="pk=delivery.pk, state=DeliveryState.PENDING\n    )\n",
        tests=(f"{_ENGINE}::test_a_worker_that_was_given_up_cannot_record_over_its_successor",),
    ),
    InSource(
        name="SMS: never sent twice after a call that began",
        path="notifications/delivery.py",
        old="            if delivery.call_began_at and delivery.channel == Channel.SMS:\n",
        new="            if False:\n",
        tests=(
            "tests/notifications/test_sms.py::test_a_worker_that_died_after_the_call_began_leaves_it_unknown",
        ),
    ),
)

_CLIENT = (
    InSource(
        name="client: addresses are checked when dialling",
        path="common/outbound.py",
        old="        for address in addresses:\n            self._check(address)\n",
        new="",
        tests=(
            f"{_OUTBOUND}::test_a_name_that_was_public_when_saved_is_refused_when_dialled",
            f"{_OUTBOUND}::test_one_closed_address_refuses_the_name_before_dialling",
            f"{_OUTBOUND}::test_plain_http_goes_to_loopback_only",
        ),
    ),
    InSource(
        name="client: the checked address is the one that is dialled",
        path="common/outbound.py",
        old="        stream = self._dial(addresses, port)\n",
        new="        stream = self._network.connect_tcp(host, port, timeout=self.remaining())\n",
        tests=(f"{_OUTBOUND}::test_the_checked_address_is_dialled_and_the_name_not_asked_again",),
    ),
    InSource(
        name="client: targets are checked when saved",
        path="common/targets.py",
        old="    if not all(is_within(address, reach) for address in addresses):\n",
        new="    if False:\n",
        tests=(f"{_OUTBOUND}::test_what_must_not_be_a_target_is_refused_when_saved",),
    ),
    InSource(
        name="client: special addresses beyond is_global",
        path="common/addresses.py",
        old="        return not any(address in network for network in _CLOSED_V4)\n",
        new="        return True\n",
        tests=(f"{_OUTBOUND}::test_every_special_address_is_not",),
    ),
    InSource(
        name="client: no redirect is followed",
        path="common/outbound.py",
        old="httpx.Client(transport=_Transport(backend), trust_env=False) as client",
        new="httpx.Client(\n"
        "                transport=_Transport(backend), trust_env=False, follow_redirects=True\n"
        "            ) as client",
        tests=(
            f"{_OUTBOUND}::test_a_redirect_is_an_answer_like_any_other",
            f"{_WEBHOOKS}::test_anything_but_2xx_is_tried_again_and_no_redirect_is_followed",
        ),
    ),
    InSource(
        name="client: the deadline is a total",
        path="common/outbound.py",
        old="        seconds = self._deadline - time.monotonic()\n",
        new="        seconds = 1.0\n",
        tests=(f"{_WEBHOOKS}::test_the_deadline_is_a_total",),
    ),
    InSource(
        name="client: so much of an answer and no more",
        path="common/outbound.py",
        old="        if not self._allowance:\n",
        new="        self._allowance = MAX_ANSWER_BYTES\n        if False:\n",
        tests=(f"{_WEBHOOKS}::test_an_endless_answer_is_read_to_20_kilobytes_and_acknowledges",),
    ),
)

_OUTAGES = (
    InSource(
        name="outage: no statement is waited for without end",
        path="common/postgresql/base.py",
        old="self.answer_seconds if timeout is None else timeout)",
        new="timeout)",
        tests=(f"{_POSTGRESQL}::test_an_answer_that_does_not_come_ends_the_connection",),
    ),
    InSource(
        name="outage: the server, too, has a limit for a statement",
        path="common/postgresql/base.py",
        old="        if _answer_seconds:\n            limit",
        new="        if False:\n            limit",
        tests=(f"{_POSTGRESQL}::test_the_server_is_told_the_limit",),
    ),
    InSource(
        name="outage: one thread tries to connect for all",
        path="common/postgresql/base.py",
        old="        if self._pause.is_open() or not self._turn.acquire(blocking=False):\n",
        new="        if not self._turn.acquire():\n",
        tests=(
            f"{_POSTGRESQL}::TestTheDoor::test_a_silent_server_costs_one_wait_and_the_next_are_told_at_once",
            f"{_POSTGRESQL}::TestTheDoor::test_after_the_pause_one_thread_tries_for_all",
        ),
    ),
    InSource(
        name="outage: who was not answered does not wait again",
        path="common/postgresql/base.py",
        old="                self.door.shut()\n",
        new="                pass\n",
        tests=(
            f"{_POSTGRESQL}::TestTheDoor::test_a_request_whose_statement_was_not_answered_does_not_wait_again_to_connect",
        ),
    ),
    InSource(
        name="outage: a page answers 503",
        path="rxscale/failures.py",
        old="    if is_outage(sys.exc_info()[1]):\n",
        new="    if False:\n",
        tests=(f"{_AWAY}::test_every_page_says_so",),
    ),
    InSource(
        name="outage: the APIs answer 503",
        path="api/errors.py",
        old="    if is_outage(error):\n",
        new="    if False:\n",
        tests=(f"{_AWAY}::test_every_operation_says_so_in_json",),
    ),
)

SENDING: tuple[Guard, ...] = (*_REMINDERS, *_EVENTS, *_LEASES, *_CLIENT, *_OUTAGES)
