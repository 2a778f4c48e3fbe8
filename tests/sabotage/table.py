"""All guards."""

from .booking import BOOKING
from .demo import DEMO
from .doors import DOORS
from .fences import FENCES
from .guards import Guard
from .operating import OPERATING
from .sending import SENDING

GUARDS: tuple[Guard, ...] = (*BOOKING, *SENDING, *FENCES, *DOORS, *DEMO, *OPERATING)
