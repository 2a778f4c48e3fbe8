"""The OpenAPI documents held against the program by schemathesis: what they allow and forbid is asked, over WSGI.

Every operation gets the borders of its schema and made-up requests, valid and invalid, about what is there
and what is not, as somebody who may, somebody of another organisation, and nobody. The requests are the same
in every run, and each is taken back before the next.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema

from organisations.models import Permission
from tests.api.everything import (
    MANAGEMENT,
    SCHEDULING,
    Everything,
    make_everything,
    undone,
)
from tests.api.world import KEY_HEADER, TOKEN_HEADER, Clinic, make_clinic

Case = schemathesis.Case[Any]
ApiOperation = APIOperation[Any, Any, Any, Any]

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(600)]

# What a request may break although its schema has nothing against it.
RULES_OF_MORE_THAN_A_SCHEMA = {
    "Input should be a valid integer",  # JSON Schema's integers include 1.0, the contract's do not
    "Say why the appointment is cancelled.",  # blanks are none
    "The query and the body name different subscriptions.",
    "This contains characters that cannot be stored.",
    "This field is required with an API key.",
    "This must be after from.",
    "This must be an integer.",  # 1.0 again, in a query
    "This must be at most 31 days and 2 hours after from.",
    "This must not be blank.",
    "This parameter is required.",  # of two ways to name something, or with a key only
}
READ_FOR_THEIR_MEANING = {
    *("date", "start_date", "end_date", "valid_from", "valid_until", "end_time", "timezone"),
    *("email", "hours", "mobile_phone", "target", "headers"),
}
SAME_EVERY_TIME = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# With a booking token these do not count, whatever they are.
FOR_KEYS_ONLY = ("patient_profile_uid", "shop_uid")


@pytest.fixture(autouse=True)
def _connection_that_stays() -> Iterator[None]:
    """WSGI closes old connections between requests; the test's transaction lives in this one."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def ours(clinic: Clinic) -> Everything:
    return make_everything(clinic)


def schema_of(base: str) -> OpenApiSchema:
    # A request the schema allows may still break a rule: `judge_acceptance` looks closer.
    checks = {"positive_data_acceptance": {"enabled": False}}
    generation = {"with-security-parameters": False}  # each test sends its own credential
    config = SchemathesisConfig.from_dict({"checks": checks, "generation": generation, "seed": 1})
    # Not rxscale.wsgi: that sets for the whole process how long PostgreSQL may take to answer.
    application = get_wsgi_application()
    return schemathesis.openapi.from_wsgi(f"{base}/openapi.json", application, config=config)


def documented(base: str) -> list[ApiOperation]:
    schema = schema_of(base)
    results = list(schema.get_all_operations())
    assert all(isinstance(result, Ok) for result in results), "the document cannot be read"
    return [result.ok() for result in results if isinstance(result, Ok)]


@dataclass(frozen=True)
class Asked:
    """How much is asked of each operation, and who judges the answer beside schemathesis' own checks."""

    headers: Mapping[str, str]
    judge: Callable[[Case, Response], None]
    modes: Sequence[GenerationMode] = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    examples: int = 6


def cases_at_borders(
    operation: ApiOperation, named: dict[str, str], modes: Sequence[GenerationMode]
) -> Iterator[Case]:
    generation = operation.schema.config.generation
    found = operation.schema.iter_coverage_cases(
        operation, generation_modes=list(modes), generation_config=generation
    )
    for case in found:
        if named and case.meta and not case.meta.is_negative_at(ParameterLocation.PATH):
            case.path_parameters = dict(named)
        yield case


def made_up_cases(
    operation: ApiOperation, named: dict[str, str], modes: Sequence[GenerationMode]
) -> st.SearchStrategy[Case]:
    """Valid and invalid ones, about what is there and about what is not."""
    return st.one_of(
        [
            operation.as_strategy(mode, path_parameters=place)
            for mode in modes
            for place in ([named, {}] if named else [{}])
        ]
    )


def hold_against(operation: ApiOperation, named: dict[str, str], asked: Asked) -> None:
    def ask(case: Case) -> None:
        if TOKEN_HEADER in asked.headers:
            _without(case.query, FOR_KEYS_ONLY)
            _without(case.body, FOR_KEYS_ONLY)
        with undone():
            asked.judge(case, case.call_and_validate(headers=dict(asked.headers)))

    @settings(SAME_EVERY_TIME, max_examples=asked.examples)
    @given(case=made_up_cases(operation, named, asked.modes))
    def ask_what_is_made_up(case: Case) -> None:
        ask(case)

    for case in cases_at_borders(operation, named, asked.modes):
        ask(case)
    ask_what_is_made_up()


def _without(part: object, names: Sequence[str]) -> None:
    if isinstance(part, MutableMapping):
        for name in names:
            part.pop(name, None)


def judge_acceptance(case: Case, response: Response) -> None:
    """What the schema allows is not refused as bad input, unless for a rule it cannot say."""
    if response.status_code != 400 or not (case.meta and case.meta.generation.mode.is_positive):
        return
    errors = response.json()["errors"]
    assert errors, response.text
    for field, messages in errors.items():
        name = field.rpartition(".")[2]
        is_rule = name in READ_FOR_THEIR_MEANING or {*messages} <= RULES_OF_MORE_THAN_A_SCHEMA
        assert is_rule, response.text


def run(base: str, things: Everything, asked: Asked, subtests: pytest.Subtests) -> None:
    for operation in documented(base):
        with subtests.test(operation.label):
            hold_against(operation, things.named_in(operation.path), asked)


@pytest.mark.parametrize("base", [SCHEDULING, MANAGEMENT])
def test_whoever_may_call_gets_what_is_documented(
    ours: Everything, base: str, subtests: pytest.Subtests
) -> None:
    key = {KEY_HEADER: ours.clinic.api_key(*Permission)}

    run(base, ours, Asked(key, judge_acceptance), subtests)


def test_a_patient_gets_what_is_documented(ours: Everything, subtests: pytest.Subtests) -> None:
    token = {TOKEN_HEADER: ours.clinic.token()}

    run(SCHEDULING, ours, Asked(token, judge_acceptance), subtests)


@pytest.mark.parametrize("base", [SCHEDULING, MANAGEMENT])
def test_another_organisation_gets_nothing_of_ours(
    ours: Everything, base: str, subtests: pytest.Subtests
) -> None:
    stranger = {KEY_HEADER: make_clinic(name="Elsewhere").api_key(*Permission)}

    def judge(case: Case, response: Response) -> None:
        if case.path_parameters == ours.named_in(case.operation.path) != {}:
            assert response.status_code in (400, 401, 404, 405), response.text

    run(base, ours, Asked(stranger, judge, [GenerationMode.POSITIVE], examples=2), subtests)


@pytest.mark.parametrize("base", [SCHEDULING, MANAGEMENT])
def test_nobody_gets_in(ours: Everything, base: str, subtests: pytest.Subtests) -> None:
    def judge(case: Case, response: Response) -> None:
        is_open = not case.operation.definition.raw.get("security")
        assert is_open or response.status_code in (401, 404, 405), response.text

    nobody = Asked({KEY_HEADER: "nonsense"}, judge, [GenerationMode.POSITIVE], examples=2)
    run(base, ours, nobody, subtests)


@pytest.mark.parametrize("base", [SCHEDULING, MANAGEMENT])
def test_what_one_call_answers_is_understood_by_the_next(clinic: Clinic, base: str) -> None:
    """Made, read, changed, deleted, in chains: schemathesis finds the links from the names in the document."""
    key = {KEY_HEADER: make_everything(clinic).clinic.api_key(*Permission)}
    schema = schema_of(base)
    assert schema.apply_stateful_inference(None).total > 5

    class Chain(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def setup(self) -> None:
            self.savepoint = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.savepoint)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"headers": key}

        def validate_response(self, response: Response, case: Case, **options: Any) -> None:
            case.validate_response(response, headers=key)

    Chain.run(settings=settings(SAME_EVERY_TIME, max_examples=20, stateful_step_count=8))
