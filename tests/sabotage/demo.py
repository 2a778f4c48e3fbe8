"""Guards of the demo's doors: who stands behind them, and where they exist at all."""

from .guards import Guard, InSource

_DOORS = "tests/demo/test_doors.py"
_SHOP = "tests/demo/test_shop.py"

DEMO: tuple[Guard, ...] = (
    InSource(
        name="demo: its routes exist with DEMO_DOORS only",
        path="rxscale/urls.py",
        old=" if has_doors else house\n",
        new="\n",
        tests=(f"{_DOORS}::test_without_the_setting_there_is_no_door",),
    ),
    InSource(
        name="demo: production refuses its doors",
        path="rxscale/checks.py",
        old="    if settings.DEMO_DOORS:\n",
        new="    if False:\n",
        tests=(
            "tests/rxscale/test_checks.py::test_one_setting_that_is_wrong_is_the_one_that_is_named",
        ),
    ),
    InSource(
        name="demo: no door to an account of the RxScale team",
        path="rxscale/demo/doors.py",
        old="filter(email=chosen.email, is_staff=False)",
        new="filter(email=chosen.email)",
        tests=(
            f"{_DOORS}::test_a_door_opens_to_no_account_of_the_rxscale_team_and_to_none_that_is_closed",
        ),
    ),
    InSource(
        name="demo: the shop takes what both signatures vouch for",
        path="rxscale/demo/receiver.py",
        old="204 if is_documented and is_standard else 401",
        new="204 if is_documented or is_standard else 401",
        tests=(f"{_SHOP}::test_another_secrets_signature_is_refused_and_shown_as_such",),
    ),
)
