"""Which reminders a patient wants: chosen on a visit's page, for all their visits with this shop."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from appointments import links
from notifications import suppressions
from notifications.models import SuppressionReason
from organisations import patient_profiles
from organisations.models import Patient
from organisations.patient_profiles import OptOuts

from .by_link import LinkRequest, done_url, visit_link


@dataclass(frozen=True, slots=True)
class ReminderChoice:
    """What is switched on. A number that answered STOP gets none, whatever is chosen here."""

    email: bool
    sms: bool
    is_stopped: bool


def choice_of(patient: Patient) -> ReminderChoice:
    """As it stands. One query where the patient has a number."""
    stopped = suppressions.of_addresses(patient.organisation, [patient.phone])
    return ReminderChoice(
        email=not patient.has_opted_out_of_email_reminders,
        sms=not patient.has_opted_out_of_sms_reminders,
        is_stopped=any(each.reason == SuppressionReason.OPTED_OUT for each in stopped),
    )


@visit_link(links.find_by_manage_token, links.manage_url)
@require_POST
def reminders(request: LinkRequest, token: str) -> HttpResponse:
    """Switch reminders by e-mail and by text message on or off."""
    wanted = OptOuts(email="email" not in request.POST, sms="sms" not in request.POST)
    patient_profiles.set_opt_outs(
        request.visit.patient, wanted, actor=request.actor, now=request.now
    )
    return redirect(done_url(request.visit, "reminders"))
