"""`manage.py document_settings`: write the settings section of docs/operating.md anew."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from rxscale import knobs

BEGIN = "<!-- Made by manage.py document_settings. -->\n\n"
END = "\n\n<!-- End. -->\n"


class Command(BaseCommand):
    help = "Write the settings section of docs/operating.md from the settings themselves."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "operating.md"
        before, _, rest = path.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        path.write_text(before + BEGIN + knobs.tables() + END + after)
