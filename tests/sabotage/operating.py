"""Guards of running it: who reads the metrics, what a request id may be, what is forgotten and what is kept."""

from .guards import Guard, InSource

_RETENTION = "tests/rxscale/test_retention.py"
_METRICS = "tests/rxscale/test_metrics.py"

OPERATING: tuple[Guard, ...] = (
    InSource(
        name="metrics: only for who has the token",
        path="rxscale/metrics.py",
        old='constant_time_compare(authorization, f"Bearer {token}")',
        new="True",
        tests=(f"{_METRICS}::TestAccess::test_with_a_token_nobody_else_reads_it",),
    ),
    InSource(
        name="metrics: in production none without a token",
        path="rxscale/metrics.py",
        old="if not settings.METRICS_TOKEN and settings.IS_PRODUCTION:",
        new="if False:",
        tests=(f"{_METRICS}::TestAccess::test_without_one_production_has_no_such_page",),
    ),
    InSource(
        name="metrics: a route is its pattern",
        path="rxscale/metrics.py",
        old='f"/{match.route}" if match else "none"',
        new="request.path",
        tests=(
            f"{_METRICS}::TestCounters::test_requests_are_counted_by_the_pattern_of_their_route",
        ),
    ),
    InSource(
        name="request id: only what looks like one is taken over",
        path="rxscale/request_ids.py",
        old='given if _LOOKS_LIKE_AN_ID.fullmatch(given) else ""',
        new="given",
        tests=("tests/rxscale/test_request_ids.py::test_what_is_no_id_is_replaced_by_one",),
    ),
    InSource(
        name="request id: a thread forgets the request before",
        path="rxscale/request_ids.py",
        old="        clear_contextvars()  # a thread serves many requests\n",
        new="",
        tests=(
            "tests/rxscale/test_request_ids.py::test_it_is_in_every_log_line_below_and_in_none_after",
        ),
    ),
    InSource(
        name="retention: what waits to be sent keeps its body",
        path="notifications/forgetting.py",
        old="Delivery.objects.exclude(state=DeliveryState.PENDING)",
        new="Delivery.objects.all()",
        tests=(f"{_RETENTION}::test_what_still_waits_to_be_sent_keeps_its_body",),
    ),
    InSource(
        name="retention: an emptied message is not sent again",
        path="notifications/resending.py",
        old="    if delivery.emptied_at:\n",
        new="    if False:\n",
        tests=(f"{_RETENTION}::test_an_emptied_message_is_not_sent_again",),
    ),
    InSource(
        name="retention: a visit that was booked stays",
        path="appointments/models/appointment.py",
        old="filter(status__in=(Status.EXPIRED, Status.CANCELLED), confirmed_at=None)",
        new="filter(status__in=(Status.EXPIRED, Status.CANCELLED))",
        tests=(
            f"{_RETENTION}::test_a_hold_that_was_never_confirmed_goes_after_30_days_and_a_visit_stays",
        ),
    ),
)
