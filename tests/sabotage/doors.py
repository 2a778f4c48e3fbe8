"""Guards at the door of the Management API: who may, what is taken, whose rows."""

from .guards import Guard, InSource

_MANAGEMENT = "tests/api/management"

DOORS: tuple[Guard, ...] = (
    InSource(
        name="API: a key has the permission",
        path="api/auth.py",
        old="        if self.permission not in caller.key.permissions:\n",
        new="        if False:\n",
        tests=(
            "tests/api/test_access_table.py::test_each_permission_alone_opens_its_own_operations",
        ),
    ),
    InSource(
        name="API: an unknown key of a Management body is an error",
        path="api/strict.py",
        old='ConfigDict(extra="forbid")',
        new='ConfigDict(extra="ignore")',
        tests=(f"{_MANAGEMENT}/test_types.py::test_a_bad_value_is_400_on_its_json_path",),
    ),
    InSource(
        name="API: a repeated query parameter is an error",
        path="api/strict.py",
        old="        if repeated:\n",
        new="        if False:\n",
        tests=("tests/api/test_bad_input.py::test_a_repeated_parameter_is_refused",),
    ),
    InSource(
        name="scope: API, a doctor's hours are their organisation's",
        path="api/management/local_times.py",
        old="filter(organisation=caller.organisation, doctor__uid=doctor_uid)",
        new="filter(doctor__uid=doctor_uid)",
        tests=(f"{_MANAGEMENT}/test_availability.py::test_foreign_and_absent_are_the_same_bytes",),
    ),
    InSource(
        name="scope: API, a doctor's hours are that doctor's",
        path="api/management/local_times.py",
        old="filter(organisation=caller.organisation, doctor__uid=doctor_uid)",
        new="filter(organisation=caller.organisation)",
        tests=(f"{_MANAGEMENT}/test_availability.py::test_foreign_and_absent_are_the_same_bytes",),
    ),
    InSource(
        name="scope: API, secrets of a key bound to a shop",
        path="api/management/secrets.py",
        old="    return rows if caller.shop is None else rows.filter(shop=caller.shop)\n",
        new="    return rows\n",
        tests=(
            f"{_MANAGEMENT}/test_secrets.py::test_a_key_bound_to_a_shop_sees_and_makes_that_shops_alone",
        ),
    ),
    InSource(
        name="scope: API, subscriptions of a key bound to a shop",
        path="api/management/subscriptions.py",
        old="    return rows if caller.shop is None else rows.filter(shop=caller.shop)\n",
        new="    return rows\n",
        tests=(f"{_MANAGEMENT}/test_subscriptions.py::test_foreign_and_absent_are_the_same",),
    ),
    InSource(
        name="override: moved onto no date that has hours of its own",
        path="availability/editing/dates.py",
        old="    if others.exclude(pk=override.pk).exists():\n",
        new="    if False:\n",
        tests=(
            "tests/availability/test_editing_dates.py::test_an_override_moves_to_another_date_that_is_free",
        ),
    ),
)
