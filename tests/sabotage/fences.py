"""Guards between tenants and around secrets, and of what leaves as a file."""

from .guards import Constraint, Guard, InSource, Trigger

_TOKENS = "tests/booking_secrets/test_tokens_refused.py"
_ACCESS = "tests/portals/test_access_table.py"
_API_TENANCY = "tests/api/test_tenancy.py"
_CRYPTO = "tests/common/test_crypto.py"

_TENANCY = (
    InSource(
        name="scope: every query starts from the organisation",
        path="organisations/models/tenancy.py",
        old="        return self.filter(organisation=organisation)\n",
        new="        return self.all()\n",
        tests=(
            f"{_ACCESS}::test_a_foreign_uid_and_an_absent_one_are_the_same_404",
            f"{_ACCESS}::test_a_foreign_uid_in_a_query_finds_as_little_as_an_absent_one",
            f"{_API_TENANCY}::test_foreign_and_absent_things_of_a_hold_are_the_same",
        ),
    ),
    InSource(
        name="scope: portal, the page of a visit",
        path="portals/clinic/appointments/detail.py",
        old="    return find_among(Appointment.objects.of(request.organisation), request, uid)\n",
        new="    return find_among(Appointment.objects.all(), request, uid)\n",
        tests=(
            "tests/portals/clinic/test_appointment_page.py::test_another_organisations_visit_reads_like_none",
        ),
    ),
    InSource(
        name="scope: doctor portal, nobody else's visits",
        path="portals/doctor/visits.py",
        old=".filter(doctor=request.doctor)",
        new="",
        tests=(
            "tests/portals/doctor/test_appointments.py::test_a_colleagues_visit_reads_like_none_at_all",
            "tests/portals/doctor/test_today.py::test_nobody_elses_visits_are_shown",
        ),
    ),
    InSource(
        name="scope: API, a key's organisation",
        path="api/reach.py",
        old="    rows = Appointment.objects.of(caller.organisation).for_display()\n",
        new="    rows = Appointment.objects.for_display()\n",
        tests=(f"{_API_TENANCY}::test_foreign_and_absent_appointments_are_the_same",),
    ),
    InSource(
        name="scope: API, a token is its patient",
        path="api/scheduling/acting.py",
        old=".filter(patient__shop=token.shop, patient__shop_customer_id=token.shop_customer_id)",
        new=".filter(patient__shop=token.shop)",
        tests=(
            f"{_API_TENANCY}::test_foreign_and_absent_appointments_are_the_same",
            f"{_API_TENANCY}::test_lists_show_nobody_elses_appointments",
        ),
    ),
    InSource(
        name="scope: API, a key bound to a shop",
        path="api/reach.py",
        old="for_display()\n    return rows if caller.shop is None else rows.filter(shop=caller.shop)\n",
        new="for_display()\n    return rows\n",
        tests=("tests/api/test_keys.py::test_a_key_bound_to_a_shop_sees_that_shop_only",),
    ),
    InSource(
        name="scope: a shop inside the secret's organisation",
        path="booking_secrets/tokens.py",
        old="        shop = Shop.objects.of(organisation).filter(identifier=identifier).one_or_none()\n",
        new="        shop = Shop.objects.filter(identifier=identifier).one_or_none()\n",
        tests=(
            "tests/booking_secrets/test_tokens.py::test_a_shop_is_looked_for_inside_the_secrets_organisation_only",
        ),
    ),
    Constraint(
        name="tenancy: a visit's doctor is of its organisation",
        table="appointments_appointment",
        constraint="appointments_appointment_doctor_id_same_org",
        tests=(
            "tests/test_tenancy.py::test_an_appointment_cannot_name_a_doctor_of_another_organisation",
            "tests/test_database_refuses.py::test_every_reference_between_owned_rows_has_its_twin",
        ),
    ),
    InSource(
        name="access: the right a page asks for",
        path="portals/clinic/access.py",
        old="    if right not in RIGHTS[membership.role]:\n",
        new="    if False:\n",
        tests=(f"{_ACCESS}::test_operations_are_refused_settings_and_exports",),
    ),
    InSource(
        name="access: the password again for sensitive acts",
        path="portals/accounts/freshness.py",
        old="    return age < timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)\n",
        new="    return age is not None\n",
        tests=(
            f"{_ACCESS}::test_sensitive_acts_ask_for_the_password_again",
            "tests/portals/accounts/test_freshness.py::test_five_minutes_later_it_is",
        ),
    ),
    Trigger(
        name="audit: the log is append-only",
        table="organisations_auditentry",
        trigger="audit_is_append_only",
        tests=("tests/test_tenancy.py::test_the_audit_log_refuses_update_and_delete",),
    ),
)

_SECRETS = (
    InSource(
        name="encryption: the associated data",
        path="common/crypto.py",
        old="    return header + _framed((place.table, place.column, place.organisation_uid, place.row_uid))\n",
        new="    return header\n",
        tests=(
            f"{_CRYPTO}::test_a_ciphertext_moved_elsewhere_does_not_decrypt",
            "tests/booking_secrets/test_secrets.py::test_a_ciphertext_copied_into_another_row_reveals_nothing",
            "tests/booking_secrets/test_secrets.py::test_a_row_moved_to_another_organisation_reveals_nothing",
        ),
    ),
    InSource(
        name="token: the signature",
        path="booking_secrets/token_form.py",
        old='        payload = _hs256.decode(token, secret_text, algorithms=["HS256"])\n',
        new='        payload = _hs256.decode(token, options={"verify_signature": False})\n',
        tests=(
            f"{_TOKENS}::test_a_changed_payload_is_refused",
            "tests/booking_secrets/test_tokens.py::test_a_token_signed_with_another_secret_of_the_organisation_is_refused",
        ),
    ),
    InSource(
        name="token: the signature is checked before the claims",
        path="booking_secrets/tokens.py",
        old="    claims = read_claims(signed_payload(token, text_of(secret)), now=now)\n",
        new="    import base64\n\n"
        '    claims = read_claims(base64.urlsafe_b64decode(token.split(".")[1] + "=="), now=now)\n'
        "    signed_payload(token, text_of(secret))\n",
        tests=(f"{_TOKENS}::test_nothing_of_the_payload_is_read_before_the_signature_holds",),
    ),
    InSource(
        name="token: HS256 to the letter",
        path="booking_secrets/token_form.py",
        old='    if header.get("alg") != "HS256":\n',
        new="    if False:\n",
        tests=(f"{_TOKENS}::test_only_hs256_to_the_letter_is_an_algorithm",),
    ),
    InSource(
        name="token: no other header parameter",
        path="booking_secrets/token_form.py",
        old="    if not set(header) <= _HEADER_PARAMETERS:\n",
        new="    if False:\n",
        tests=(f"{_TOKENS}::test_any_other_header_parameter_is_refused",),
    ),
    InSource(
        name="token: a revoked secret",
        path="booking_secrets/tokens.py",
        old="    if secret.revoked_at is not None:\n",
        new="    if False:\n",
        tests=(
            "tests/booking_secrets/test_tokens.py::test_a_revoked_secret_is_refused_with_the_next_call",
        ),
    ),
    InSource(
        name="launch code: used up by one of parallel calls",
        path="booking_secrets/launch_codes.py",
        old="filter(pk=row.pk, used_at=None).update(used_at=now)",
        new="filter(pk=row.pk).update(used_at=now)",
        tests=(
            "tests/booking_secrets/test_launch_codes.py::test_of_parallel_exchanges_exactly_one_succeeds",
        ),
    ),
    InSource(
        name="visit's page: a form of another site",
        path="portals/booking/by_link.py",
        old='if request.method == "POST" and _is_sent_from_elsewhere(request):',
        new="if False:",
        tests=("tests/portals/booking/test_cancelling.py::test_a_form_of_another_site_is_refused",),
    ),
    InSource(
        name="visit's page: an old link leads on and does nothing",
        path="portals/booking/by_link.py",
        old="            if url_of and current != linked:\n",
        new="            if False:\n",
        tests=(
            "tests/portals/booking/test_cancelling.py::test_an_old_link_does_nothing_to_the_moved_visit_but_lead_there",
        ),
    ),
    InSource(
        name="visit's page: a doctor of another clinic",
        path="portals/booking/moving.py",
        old="Doctor.objects.of(request.visit.organisation)",
        new="Doctor.objects.all()",
        tests=("tests/portals/booking/test_moving.py::test_another_clinics_doctor_is_nobody",),
    ),
    InSource(
        name="callback: Twilio's signature",
        path="api/hooks/twilio.py",
        old="    if not _is_signed(request, delivery_uid):\n",
        new="    if False:\n",
        tests=("tests/notifications/test_callbacks.py::test_an_unsigned_status_is_refused",),
    ),
    InSource(
        name="API key: a revoked one",
        path="organisations/api_keys.py",
        old="ApiKey.objects.filter(revoked_at=None, organisation__is_active=True)",
        new="ApiKey.objects.filter(organisation__is_active=True)",
        tests=(
            "tests/organisations/test_api_keys.py::test_a_revoked_key_is_refused_and_revoking_again_changes_nothing",
        ),
    ),
    InSource(
        name="API: a credential that fails never falls back",
        path="api/auth.py",
        old="        return None if key is None else _counted(request, lambda: _token_caller(key))\n",
        new="        try:\n"
        "            return None if key is None else _counted(request, lambda: _token_caller(key))\n"
        "        except TokenRefused:\n"
        "            return None\n",
        tests=(
            "tests/api/test_keys.py::test_the_token_counts_when_both_are_sent_and_a_failing_one_never_falls_back",
        ),
    ),
    InSource(
        name="link: joining does not yield managing",
        path="appointments/links.py",
        old="    return _find(token, _MANAGE)\n",
        new="    return _find(token, _MANAGE) or _find(token, _JOIN)\n",
        tests=(
            "tests/appointments/test_links.py::TestPatientLinks::test_neither_yields_the_other",
        ),
    ),
    InSource(
        name="CSV: a cell that a spreadsheet would run",
        path="portals/csv_export.py",
        old='    return f"\'{value}" if value.startswith(_FORMULA) else value\n',
        new="    return value\n",
        tests=(
            "tests/portals/clinic/test_appointment_list_export.py::test_a_cell_that_a_spreadsheet_would_run_is_inert",
        ),
    ),
    InSource(
        name="staff's reason is not for patient or partner",
        path="appointments/events.py",
        old="    if is_by_staff and reason != REBOOKED and not shows_staff_reason:\n",
        new="    if False:\n",
        tests=("tests/api/test_states.py::test_the_staffs_reason_stays_with_the_staff",),
    ),
)

_HOURS: tuple[Guard, ...] = (
    InSource(
        name="hours: not over what another tab has saved",
        path="availability/editing/rows.py",
        old="(expected is not None and stored.updated_at != expected)",
        new="False",
        tests=(
            "tests/portals/doctor/test_availability_hours.py::TestTwoTabs::test_the_second_is_told_and_keeps_what_it_typed",
        ),
    ),
    InSource(
        name="hours: a day is not copied over hours the form did not show",
        path="availability/editing/week.py",
        old="    if expected is not None:\n        states",
        new="    if False:\n        states",
        tests=(
            "tests/portals/doctor/test_availability_hours.py::TestTwoTabs::test_a_copy_onto_hours_it_did_not_show_is_told_and_means_it_the_second_time",
        ),
    ),
)

FENCES: tuple[Guard, ...] = (*_TENANCY, *_SECRETS, *_HOURS)
