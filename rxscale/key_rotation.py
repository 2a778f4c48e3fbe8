"""Re-encrypts every encrypted column under the first key of the ring, or only reads each.

Columns are declared where they live: a model lists them in `ENCRYPTED_COLUMNS`. The secrets of second
factors lie in a library's table, in texts inside JSON, and have a walk of their own. What is under the
first key already is left alone, so a run that was interrupted is simply run again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction

from common import crypto
from common.crypto import DecryptionFailed, EncryptedColumn, Place
from organisations.models import Organisation
from portals.accounts import second_factor


@dataclass(slots=True)
class Outcome:
    """What became of one column. `unreadable` names the rows no key of the ring decrypts."""

    table: str
    column: str
    re_encrypted: int = 0
    already_current: int = 0
    unreadable: list[str] = field(default_factory=list)


def declared_columns() -> Iterator[tuple[type[models.Model], EncryptedColumn]]:
    """Every declared column, in the order of the apps."""
    for model in apps.get_models():
        columns: Sequence[EncryptedColumn] = getattr(model, "ENCRYPTED_COLUMNS", ())
        for column in columns:
            yield model, column


def rotate_everything(*, batch_size: int) -> Iterator[Outcome]:
    """Every declared column, then the second factors; each outcome as it is reached."""
    for model, column in declared_columns():
        yield rotate(model, column, batch_size=batch_size)
    yield rotate_second_factors(batch_size=batch_size)


def read_everything() -> Iterator[Outcome]:
    """Decrypt every value and keep none; each outcome says which rows no key of the ring reads."""
    for model, column in declared_columns():
        filled = model._default_manager.filter(**{f"{column.name}__isnull": False})
        rows = filled.select_related(column.organisation).iterator()
        unreadable = [
            str(getattr(row, column.row_uid))
            for row in rows
            if not _is_readable(getattr(row, column.name), _place_of(row, column))
        ]
        yield Outcome(model._meta.db_table, column.name, unreadable=unreadable)
    factors = Authenticator.objects.select_related("user").iterator()
    unreadable = [factor.user.uid for factor in factors if not _is_readable_factor(factor)]
    yield Outcome(second_factor.TABLE, second_factor.COLUMN, unreadable=unreadable)


def _is_readable(ciphertext: bytes, place: Place) -> bool:
    try:
        crypto.decrypt(ciphertext, place)
    except DecryptionFailed:
        return False
    return True


def _is_readable_factor(row: Authenticator) -> bool:
    user_uid: str = row.user.uid
    try:
        for text in second_factor.texts_of(row.data).values():
            second_factor.decrypt_text(text, user_uid)
    except DecryptionFailed:
        return False
    return True


def _place_of(row: models.Model, column: EncryptedColumn) -> Place:
    organisation: Organisation = getattr(row, column.organisation)
    return Place(row._meta.db_table, column.name, organisation.uid, getattr(row, column.row_uid))


def rotate(model: type[models.Model], column: EncryptedColumn, *, batch_size: int) -> Outcome:
    """Go through the column in batches, each its own transaction, so that nobody waits long for a row."""
    outcome = Outcome(model._meta.db_table, column.name)
    last_pk = 0
    while batch := _rotate_batch(model, column, last_pk, batch_size, outcome):
        last_pk = batch
    return outcome


@transaction.atomic
def _rotate_batch(
    model: type[models.Model],
    column: EncryptedColumn,
    after_pk: int,
    batch_size: int,
    outcome: Outcome,
) -> int:
    """The last primary key seen, 0 when there was nothing left.

    Rows are locked from reading to writing: a secret renewed meanwhile must not be put back.
    """
    filled = model._default_manager.filter(pk__gt=after_pk, **{f"{column.name}__isnull": False})
    with_organisation = filled.select_related(column.organisation).select_for_update(
        no_key=True, of=("self",)
    )
    rows = list(with_organisation.order_by("pk")[:batch_size])
    changed = [row for row in rows if _re_encrypt(row, column, outcome)]
    model._default_manager.bulk_update(changed, [column.name])
    outcome.re_encrypted += len(changed)
    return int(rows[-1].pk) if rows else 0


def _re_encrypt(row: models.Model, column: EncryptedColumn, outcome: Outcome) -> bool:
    """Whether the row's value has to be written."""
    ciphertext = getattr(row, column.name)
    row_uid: str = getattr(row, column.row_uid)
    place = _place_of(row, column)
    try:
        if crypto.is_encrypted_with_first_key(ciphertext):
            outcome.already_current += 1
            return False
        setattr(row, column.name, crypto.encrypt(crypto.decrypt(ciphertext, place), place))
    except DecryptionFailed:
        outcome.unreadable.append(row_uid)
        return False
    return True


def rotate_second_factors(*, batch_size: int) -> Outcome:
    """TOTP secrets and the seeds of recovery codes, bound to their users. In batches, as `rotate`."""
    outcome = Outcome(second_factor.TABLE, second_factor.COLUMN)
    last_pk = 0
    while batch := _rotate_factors(last_pk, batch_size, outcome):
        last_pk = batch
    return outcome


@transaction.atomic
def _rotate_factors(after_pk: int, batch_size: int, outcome: Outcome) -> int:
    """As `_rotate_batch`; the lock also keeps a recovery code from being used in between."""
    rows = Authenticator.objects.filter(pk__gt=after_pk).select_related("user")
    batch = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk")[:batch_size])
    changed = [row for row in batch if _re_encrypt_factor(row, outcome)]
    Authenticator.objects.bulk_update(changed, [second_factor.COLUMN])
    outcome.re_encrypted += len(changed)
    return int(batch[-1].pk) if batch else 0


def _re_encrypt_factor(row: Authenticator, outcome: Outcome) -> bool:
    user_uid: str = row.user.uid
    try:
        texts = second_factor.texts_of(row.data)
        envelopes = [second_factor.envelope_of(text) for text in texts.values()]
        if all(crypto.is_encrypted_with_first_key(envelope) for envelope in envelopes):
            outcome.already_current += 1
            return False
        for name, text in texts.items():
            plain = second_factor.decrypt_text(text, user_uid)
            row.data[name] = second_factor.encrypt_text(plain, user_uid)
    except DecryptionFailed:
        outcome.unreadable.append(user_uid)
        return False
    return True
