"""Guards of booking: constraints, locks, the compare-and-swap, the rules of time."""

from .guards import Constraint, Guard, InSource

_CONSTRAINTS = "tests/appointments/test_constraints.py"
_REFUSED = f"{_CONSTRAINTS}::test_a_row_that_makes_no_sense_is_refused_by_name"
_HOLD = "tests/appointments/test_hold.py"
_REBOOK = "tests/appointments/test_rebook.py"
_BORDERS = "tests/appointments/test_state_table.py::TestBorders"
_LOCKS = "tests/concurrency/test_locks.py"
_ONE_SLOT = "tests/concurrency/test_one_slot.py"
_ONE_VISIT = "tests/concurrency/test_one_visit.py"
_RING = "tests/concurrency/test_rebook_ring.py"

_EXCLUSIONS = (
    Constraint(
        name="exclusion: one visit of a doctor at a time",
        table="appointments_appointment",
        constraint="appointment_no_doctor_twice_at_once",
        tests=(
            f"{_ONE_SLOT}::test_the_constraint_alone_lets_one_through",
            f"{_ONE_SLOT}::test_with_the_constraint_the_same_meeting_has_one_winner",
            f"{_HOLD}::TestTheTime::test_the_database_refuses_even_when_the_predicate_saw_the_time_free",
        ),
    ),
    Constraint(
        name="exclusion: one visit of a patient at a time",
        table="appointments_appointment",
        constraint="appointment_no_patient_twice_at_once",
        tests=(
            "tests/appointments/test_confirm.py::test_a_patients_second_visit_at_the_time_is_refused_by_the_constraints_name",
            f"{_ONE_VISIT}::test_one_patients_two_confirms_have_one_winner_and_no_deadlock",
        ),
    ),
    Constraint(
        name="exclusion: windows of a doctor do not overlap",
        table="availability_availabilitywindow",
        constraint="window_overlaps_no_other_of_its_doctor",
        tests=(
            "tests/availability/test_editing_week.py::test_the_constraints_refusal_is_the_same_error",
        ),
    ),
)

# Every CHECK of the appointment, one by one.
_CHECKS = tuple(
    Constraint(
        name=f"check: {constraint.removeprefix('appointment_').replace('_', ' ')}",
        table="appointments_appointment",
        constraint=constraint,
        tests=(test,),
    )
    for constraint, test in {
        **{
            name: f"{_REFUSED}[{name}"
            for name in (
                "appointment_blocks_itself_and_its_buffers",
                "appointment_buffers_are_in_bounds",
                "appointment_lasts_5_to_480_minutes",
                "appointment_status_is_known",
                "appointment_hold_has_an_expiry",
                "appointment_hold_ends_by_the_start",
                "appointment_confirmed_knows_when",
                "appointment_cancelled_knows_when_and_by_whom",
                "appointment_cancelled_by_staff_has_a_reason",
            )
        },
        "appointment_time_is_finite": (
            f"{_CONSTRAINTS}::test_a_visit_without_end_or_beginning_is_refused"
        ),
    }.items()
)

_LOCK_GUARDS = (
    InSource(
        name="lock: the patient's row",
        path="appointments/verbs.py",
        old="Patient.objects.select_for_update(no_key=True)",
        new="Patient.objects.all()",
        tests=(
            f"{_LOCKS}::test_a_verb_waits_for_exactly_its_rows[hold]",
            f"{_LOCKS}::test_a_verb_waits_for_exactly_its_rows[confirm]",
            f"{_ONE_SLOT}::test_a_patients_parallel_holds_keep_to_the_limit",
        ),
    ),
    InSource(
        name="lock: the appointment's row",
        path="appointments/verbs.py",
        old='Appointment.objects.select_for_update(no_key=True, of=("self",))\n        .for_display',
        new="Appointment.objects.for_display",
        tests=(f"{_ONE_VISIT}::test_a_move_that_waited_gets_the_answer_of_a_call_that_came_later",),
    ),
    InSource(
        name="lock: rebooks of an organisation take turns",
        path="appointments/rebooking.py",
        old="    lock_organisation(appointment.organisation_id)\n",
        new="",
        tests=(
            f"{_LOCKS}::test_a_verb_waits_for_exactly_its_rows[rebook]",
            f"{_RING}::test_a_ring_that_goes_on_to_the_insert_does_not_deadlock",
        ),
    ),
    InSource(
        name="lock order: a rebook takes the visit last",
        path="appointments/rebooking.py",
        old="    lock_patient(appointment.patient_id)\n",
        new="    lock_appointment(appointment)\n    lock_patient(appointment.patient_id)\n",
        tests=(f"{_LOCKS}::test_a_verb_takes_its_locks_in_the_one_order[rebook]",),
    ),
    InSource(
        name="lock order: a confirm takes the visit last",
        path="appointments/holds.py",
        old="    lock_patient(appointment.patient_id)\n    held = lock_appointment(appointment)\n",
        new="    held = lock_appointment(appointment)\n    lock_patient(appointment.patient_id)\n",
        tests=(f"{_LOCKS}::test_a_verb_takes_its_locks_in_the_one_order[confirm]",),
    ),
    InSource(
        name="lock strength: FOR NO KEY UPDATE",
        path="appointments/verbs.py",
        old="Patient.objects.select_for_update(no_key=True)",
        new="Patient.objects.select_for_update()",
        tests=(f"{_LOCKS}::test_inserts_that_refer_to_its_rows_are_not_in_its_way",),
    ),
)

_MOVES = (
    InSource(
        name="status: compare-and-swap on the old one",
        path="appointments/transitions.py",
        old="pk__in=[a.pk for a in appointments], status=old).update(",
        new="pk__in=[a.pk for a in appointments]).update(",
        tests=(
            "tests/appointments/test_transitions.py::test_a_row_that_changed_since_it_was_read_is_not_overwritten",
            f"{_ONE_VISIT}::test_control_without_the_rows_lock_the_swap_still_refuses_to_overwrite",
        ),
    ),
    InSource(
        name="status: only the table's moves",
        path="appointments/transitions.py",
        old="    if to not in MOVES[old]:\n",
        new="    if False:\n",
        tests=(
            "tests/appointments/test_transitions.py::test_the_door_has_exactly_the_moves_of_the_table",
        ),
    ),
    InSource(
        name="insert: ON CONFLICT DO NOTHING",
        path="common/sql.py",
        old="VALUES {places} ON CONFLICT DO NOTHING RETURNING",
        new="VALUES {places} RETURNING",
        tests=(
            "tests/common/test_sql.py::test_a_conflict_inserts_nothing_raises_nothing_and_leaves_it_unsaved",
        ),
    ),
    InSource(
        name="insert: stale holds in the way give way",
        path="appointments/placing.py",
        old=" or _insert_over_stale_holds(appointment, now=now)",
        new="",
        tests=(f"{_HOLD}::TestTheTime::test_a_hold_that_ran_out_is_free_at_that_moment",),
    ),
    InSource(
        name="rebook: the old visit is cancelled before the insert",
        path="appointments/rebooking.py",
        old="    changes = _cancel_as_rebooked(old, actor=actor, now=now, note=note)\n"
        "    place(new, doctors, now=now)\n",
        new="    place(new, doctors, now=now)\n"
        "    changes = _cancel_as_rebooked(old, actor=actor, now=now, note=note)\n",
        tests=(f"{_REBOOK}::TestTheMove::test_its_own_time_does_not_block_the_move",),
    ),
    InSource(
        name="rebook: only a confirmed visit",
        path="appointments/rebooking.py",
        old="    if old.status != Status.CONFIRMED:\n",
        new="    if False:\n",
        tests=(f"{_REBOOK}::TestTheRefusals::test_it_works_once_and_then_points_to_the_successor",),
    ),
)

_TIME = (
    InSource(
        name="time: a hold that ran out is not confirmed",
        path="appointments/holds.py",
        old="    status = held.status_at(now)\n",
        new="    status = Status(held.status)\n",
        tests=(f"{_BORDERS}::test_a_hold_is_over_at_the_instant_it_expires",),
    ),
    InSource(
        name="time: a hold never outlives its start",
        path="appointments/holds.py",
        old="min(now + timedelta(seconds=kind.hold_ttl_seconds), starts_at)",
        new="now + timedelta(seconds=kind.hold_ttl_seconds)",
        tests=(f"{_HOLD}::TestTheHold::test_it_never_outlives_its_start",),
    ),
    InSource(
        name="time: cancellation notice",
        path="appointments/cancelling.py",
        old="    is_late = now > appointment.cancellable_until\n",
        new="    is_late = False\n",
        tests=(f"{_BORDERS}::test_a_patient_or_partner_cancels_up_to_the_notice_and_not_after",),
    ),
    InSource(
        name="time: rebooking notice",
        path="appointments/rebooking.py",
        old="    if now > old.rebookable_until:\n",
        new="    if False:\n",
        tests=(f"{_BORDERS}::test_everybody_rebooks_up_to_the_notice_and_not_after",),
    ),
    InSource(
        name="time: booking notice and horizon",
        path="appointments/offers.py",
        old="        return max(start, self.earliest), min(end, self.latest + 1)\n",
        new="        return start, end\n",
        tests=(
            f"{_HOLD}::TestTheRefusals::test_notice_and_horizon_are_checked_and_their_border_is_allowed",
            "tests/appointments/test_slots.py::test_the_notice_allows_a_start_exactly_then",
            "tests/appointments/test_slots.py::test_the_horizon_allows_a_start_exactly_then",
        ),
    ),
    InSource(
        name="time: staff say what became of it from the start on",
        path="appointments/completion.py",
        old="    if now < visit.starts_at:\n",
        new="    if False:\n",
        tests=(f"{_BORDERS}::test_a_visit_has_started_at_its_start",),
    ),
    InSource(
        name="hold: three at a time",
        path="appointments/holds.py",
        old="    if len(holds) >= settings.MAX_ACTIVE_HOLDS_PER_PATIENT:\n",
        new="    if False:\n",
        tests=(
            f"{_HOLD}::TestTheRefusals::test_a_patient_holds_three_times_and_no_more_and_learns_which",
        ),
    ),
)

_IDEMPOTENCY = "tests/api/test_idempotency.py"
_REPEATS = (
    InSource(
        name="idempotency: the row",
        path="api/idempotency.py",
        old="    if not insert_or_nothing(row):\n",
        new="    if False:\n",
        tests=(f"{_IDEMPOTENCY}::test_a_repeated_hold_is_the_same_appointment",),
    ),
    InSource(
        name="idempotency: the first call still runs",
        path="api/idempotency.py",
        old="    if not _lock(row):\n",
        new="    if False:\n",
        tests=(f"{_IDEMPOTENCY}::test_while_the_first_call_runs_the_second_is_answered_at_once",),
    ),
    InSource(
        name="idempotency: a key belongs to one request",
        path="api/idempotency.py",
        old="    if any(getattr(earlier, name) != getattr(row, name) for name in same):\n",
        new="    if False:\n",
        tests=(f"{_IDEMPOTENCY}::test_the_key_of_another_request_is_422",),
    ),
)

BOOKING: tuple[Guard, ...] = (
    *_EXCLUSIONS,
    *_CHECKS,
    *_LOCK_GUARDS,
    *_MOVES,
    *_TIME,
    *_REPEATS,
)
