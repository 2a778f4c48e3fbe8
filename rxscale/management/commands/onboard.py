"""`manage.py onboard`: stands up a new customer; safe to repeat."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import environ
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.clock import utc_now
from rxscale import onboarding
from rxscale.onboarding import Impossible, Made, Plan

_OPTIONS = (
    ("organisation", True, "Name of the clinic."),
    ("timezone", True, "IANA time zone of the clinic, such as Europe/Berlin."),
    ("admin-email", True, "How the first admin signs in."),
    ("admin-name", False, "The first admin's name."),
    ("admin-password", False, "Default: $ONBOARD_ADMIN_PASSWORD (or _FILE), else generated."),
    ("shop-identifier", True, "The shop_identifier of booking tokens, such as my-shop.example."),
    ("shop-name", False, "Default: the identifier."),
    ("country", True, "The shop's country, two letters; phone numbers are read in it."),
    ("doctor", False, "Display name of a first doctor; gets a meeting room."),
    ("doctor-email", False, "How the doctor signs in, after setting a password by e-mail."),
    ("doctor-timezone", False, "Default: the clinic's."),
    ("doctor-mobile-phone", False, "With country code."),
    ("appointment-type", False, "Name of a first appointment type, offered by the doctor."),
)


class Command(BaseCommand):
    help = (
        "Create an organisation with its first admin and shop, optionally a doctor and an"
        " appointment type. What is there already stays as it is. All or nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name, is_required, text in _OPTIONS:
            parser.add_argument(f"--{name}", required=is_required, default="", help=text)
        parser.add_argument(
            "--duration-minutes", type=int, default=30, help="Of the appointment type."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = {field.name: options[field.name] for field in fields(Plan)}
        plan["admin_password"] = plan["admin_password"] or environ.FileAwareEnv().str(
            "ONBOARD_ADMIN_PASSWORD", default=""
        )
        try:
            made = onboarding.carry_out(Plan(**plan), now=utc_now())
        except Impossible as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(_as_json(made) if options["json"] else _as_text(made))


def _as_json(made: Sequence[Made]) -> str:
    result = {
        thing.what.replace(" ", "_"): {
            "uid": thing.uid,
            "name": thing.name,
            "is_new": thing.is_new,
            **({"password": thing.password} if thing.password else {}),
        }
        for thing in made
    }
    return json.dumps(result, indent=2, ensure_ascii=False)


def _as_text(made: Sequence[Made]) -> str:
    lines = []
    for thing in made:
        state = "made" if thing.is_new else "already there"
        lines.append(f"{thing.what}: {thing.name} ({thing.uid}), {state}")
        if thing.password:
            lines.append(f"  password, shown only now: {thing.password}")
    return "\n".join(lines)
