#!/usr/bin/env python
"""Django's door."""

import os
import sys

from django.core.management import execute_from_command_line

from rxscale.command_line import servers_for

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
    with servers_for(sys.argv):
        execute_from_command_line(sys.argv)
