"""Patients as the shops name them: found, created, and kept up to date by token, key or the patient.

What a patient typed holds until the shop's own value for that field changes: `shop_fields` remembers
the last value the shop sent, and only a different one is written over the patient's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from django.db import transaction

from common.sql import insert_or_nothing
from common.texts import is_storable

from . import profile_fields
from .errors import Invalid
from .models import Patient, Shop
from .profile_fields import Unusable

_LONGEST_CUSTOMER_ID = 255
Value = str | int | float | bool


Source = Literal["shop", "patient", ""]


class UnusableFields(Exception):
    """What a patient typed into these `fields` cannot be used."""

    def __init__(self, fields: Sequence[str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = tuple(fields)


@dataclass(frozen=True, slots=True)
class FieldWarning:
    """A value that was not used; told to the partner beside the answer."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class UpsertedPatient:
    patient: Patient
    is_new: bool
    warnings: list[FieldWarning]


@dataclass(slots=True)
class _Readable:
    """What a list of profile fields comes to: values in their stored form, and what was left out."""

    values: dict[str, Value] = field(default_factory=dict)
    warnings: list[FieldWarning] = field(default_factory=list)


def find(shop: Shop, shop_customer_id: str) -> Patient | None:
    """One query. A text that cannot be stored names nobody."""
    if not is_storable(shop_customer_id):
        return None
    return Patient.objects.filter(shop=shop, shop_customer_id=shop_customer_id).one_or_none()


def upsert(
    shop: Shop, shop_customer_id: str, fields: Sequence[tuple[str, object]], *, now: datetime
) -> UpsertedPatient:
    """Create the patient or bring the profile up to date; safe to call in parallel and to repeat.

    With the organisation loaded on the shop: one query when nothing changed, two for a new patient,
    and a locked update otherwise. A value that cannot be used changes
    nothing and comes back as a warning. Raises Invalid for an unusable `shop_customer_id` only.
    """
    if not shop_customer_id.strip() or len(shop_customer_id) > _LONGEST_CUSTOMER_ID:
        raise Invalid("shop_customer_id", "Expected 1 to 255 characters.")
    if not is_storable(shop_customer_id):
        raise Invalid("shop_customer_id", "This contains characters that cannot be stored.")
    readable = _read(shop, fields, now)
    patient = find(shop, shop_customer_id)
    is_new = patient is None
    if patient is None:
        patient, is_new = _create(shop, shop_customer_id, readable.values)
    if not is_new and _changed(patient, readable.values):
        updated = _update(patient, readable.values)
        if updated is None:
            return upsert(shop, shop_customer_id, fields, now=now)
        patient = updated
    # Callers read organisation and shop off the patient: they are at hand, so no query for them.
    patient.shop, patient.organisation = shop, shop.organisation
    return UpsertedPatient(patient, is_new, readable.warnings)


def type_in(patient: Patient, values: Mapping[str, str], *, now: datetime) -> Patient:
    """Write what the patient typed about themselves; it holds until the shop's own value changes.

    `values` are known fields as they were typed; a blank one empties the field. All or nothing: raises
    UnusableFields naming those that cannot be used. A value typed as it stands already writes nothing.
    """
    typed, unusable = _read_typed(patient.shop, values, now)
    if unusable:
        raise UnusableFields(unusable)
    with transaction.atomic():
        locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
        changed = {name for name, value in typed.items() if getattr(locked, name) != value}
        if locked.erased_at is None and changed:
            for name in changed:
                setattr(locked, name, typed[name])
            locked.save(update_fields=changed)
    locked.shop, locked.organisation = patient.shop, patient.shop.organisation
    return locked


def unusable_fields(shop: Shop, values: Mapping[str, str], *, now: datetime) -> Sequence[str]:
    """Those of the typed `values` that `type_in` would refuse. Writes nothing."""
    return _read_typed(shop, values, now)[1]


def source_of(patient: Patient, field: str) -> Source:
    """Whose word the field's value is: the shop's own, what the patient typed instead, or nobody's."""
    value = getattr(patient, field)
    stored = value.isoformat() if isinstance(value, date) else value
    if not stored:
        return ""
    return "shop" if patient.shop_fields.get(field) == stored else "patient"


def _read_typed(
    shop: Shop, values: Mapping[str, str], now: datetime
) -> tuple[dict[str, str | date | None], list[str]]:
    typed: dict[str, str | date | None] = {}
    unusable: list[str] = []
    for name, value in values.items():
        is_date = name == "date_of_birth"
        if not profile_fields.is_given(value):
            typed[name] = None if is_date else ""
            continue
        try:
            stored = profile_fields.normalise(name, value, country=shop.country, now=now)
        except Unusable:
            unusable.append(name)
            continue
        typed[name] = date.fromisoformat(stored) if is_date else stored
    return typed, unusable


def _create(shop: Shop, shop_customer_id: str, values: Mapping[str, Value]) -> tuple[Patient, bool]:
    """Insert; when another call was faster, its row."""
    patient = Patient(
        organisation_id=shop.organisation_id, shop=shop, shop_customer_id=shop_customer_id
    )
    _apply(patient, values)
    if insert_or_nothing(patient):
        return patient, True
    return Patient.objects.get(shop=shop, shop_customer_id=shop_customer_id), False


def _update(patient: Patient, values: Mapping[str, Value]) -> Patient | None:
    """Decide again on the locked row, so that a parallel call's or the patient's own edit is not lost.

    None when the patient was erased meanwhile: what is forgotten does not come back.
    """
    with transaction.atomic():
        locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
        if locked.erased_at is not None:
            return None
        if written := _apply(locked, values):
            locked.save(update_fields=written)
    return locked


def _changed(patient: Patient, values: Mapping[str, Value]) -> dict[str, Value]:
    """Values the shop has not sent before. `True` and `1` are different values."""
    known = patient.shop_fields
    return {
        name: value
        for name, value in values.items()
        if name not in known or (type(known[name]), known[name]) != (type(value), value)
    }


def _apply(patient: Patient, values: Mapping[str, Value]) -> list[str]:
    """Write the changed values into the instance; the names of the columns touched."""
    changed = _changed(patient, values)
    if not changed:
        return []
    known = {name: value for name, value in changed.items() if name in profile_fields.NORMALISERS}
    extra = {name: value for name, value in changed.items() if name not in known}
    for name, value in known.items():
        is_date = name == "date_of_birth"
        setattr(patient, name, date.fromisoformat(str(value)) if is_date else value)
    patient.extra_fields = {**patient.extra_fields, **extra}
    patient.shop_fields = {**patient.shop_fields, **changed}
    return [*known, "extra_fields", "shop_fields"]


def _read(shop: Shop, fields: Sequence[tuple[str, object]], now: datetime) -> _Readable:
    readable = _Readable()
    for name, value in fields:
        if not profile_fields.is_given(value):
            continue
        try:
            stored = _stored_form(shop, name, value, now)
        except Unusable as problem:
            readable.warnings.append(FieldWarning(name, str(problem)))
            continue
        if name in readable.values:
            message = "Given more than once; the last value counts."
            readable.warnings.append(FieldWarning(name, message))
        readable.values[name] = stored
    return readable


def _stored_form(shop: Shop, name: str, value: object, now: datetime) -> Value:
    if name in profile_fields.NORMALISERS:
        return profile_fields.normalise(name, value, country=shop.country, now=now)
    if name in shop.organisation.extra_patient_fields:
        return profile_fields.normalise_extra(value)
    raise Unusable("This field is not kept.")
