"""`make messages`: bring the German catalogue up to date with the sources, and compile it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rxscale import catalogue


class Command(BaseCommand):
    help = "Bring locale/ up to date with the texts of code and templates; fails while one is untranslated."

    def handle(self, *args: Any, **options: Any) -> None:
        if left := catalogue.renew():
            raise CommandError("Not translated yet: " + "; ".join(left))
