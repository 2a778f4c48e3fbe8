"""The verbs that edit when a doctor works: the only door to these rows for every surface.

Each locks the doctor's row, so that edits of one doctor take turns; is one transaction with its audit
entry; and takes `expected`, the `updated_at` the editor saw: another value, or a row that is gone, raises
Stale. What a `remove_` verb returns is what adding it again takes (Undo). Appointments are never touched.
"""

from .dates import (
    add_override,
    add_time_off,
    change_override,
    change_time_off,
    remove_override,
    remove_time_off,
    set_override,
)
from .stops import lift_stop, stop_bookings
from .week import (
    CopiedDay,
    add_window,
    change_window,
    copy_day,
    remove_window,
    states_of_days,
    undo_copy,
)

__all__ = [
    "CopiedDay",
    "add_override",
    "add_time_off",
    "add_window",
    "change_override",
    "change_time_off",
    "change_window",
    "copy_day",
    "lift_stop",
    "remove_override",
    "remove_time_off",
    "remove_window",
    "set_override",
    "states_of_days",
    "stop_bookings",
    "undo_copy",
]
