"""`manage.py rotate_encryption_keys`: after a new key was put first into ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rxscale import key_rotation


class Command(BaseCommand):
    help = (
        "Re-encrypt every encrypted column with the first key of ENCRYPTION_KEYS. May be interrupted"
        " and run again. Keep the old key in the ring until join and manage links made with it may"
        " stop working."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch-size", type=int, default=200, help="Rows per transaction.")

    def handle(self, *args: Any, batch_size: int, **options: Any) -> None:
        if batch_size < 1:
            raise CommandError("--batch-size must be at least 1.")
        unreadable = 0
        for outcome in key_rotation.rotate_everything(batch_size=batch_size):
            self.stdout.write(
                f"{outcome.table}.{outcome.column}: {outcome.re_encrypted} re-encrypted,"
                f" {outcome.already_current} already current, {len(outcome.unreadable)} unreadable"
            )
            for row_uid in outcome.unreadable:
                self.stderr.write(f"{outcome.table}.{outcome.column} of {row_uid} is unreadable")
            unreadable += len(outcome.unreadable)
        if unreadable:
            raise CommandError(
                f"{unreadable} values could not be decrypted with any key of ENCRYPTION_KEYS:"
                " put the missing key back at the end of the ring and run this again."
            )
