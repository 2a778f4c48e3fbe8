"""What may be sent to a patient: reminder opt-outs, and addresses that were suppressed."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from notifications import suppressions
from organisations import patient_profiles
from organisations.patient_profiles import OptOuts
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import go_to
from portals.toasts import Undo, toast

from .forms import OptOutForm
from .views import find_patient


@clinic_page(Right.ACT)
@require_POST
def opt_outs(request: ClinicRequest, uid: str) -> HttpResponse:
    """Write down what the patient said about reminders; offers to undo it."""
    patient = find_patient(request, uid)
    form = OptOutForm(request.POST)
    form.is_valid()  # two ticks: anything is
    before = {
        "email": patient.has_opted_out_of_email_reminders,
        "sms": patient.has_opted_out_of_sms_reminders,
    }
    wanted = OptOuts(**form.cleaned_data)
    if patient_profiles.set_opt_outs(patient, wanted, actor=request.actor, now=request.now):
        url = reverse("clinic:patient-opt-outs", args=[patient.uid])
        earlier = {name: "on" for name, is_ticked in before.items() if is_ticked}
        toast(request, "Saved what the patient wants.", undo=Undo(url, earlier))
    return go_to(request, reverse("clinic:patient", args=[patient.uid]))


@clinic_page(Right.ACT)
@require_POST
def lift_suppression(request: ClinicRequest, uid: str) -> HttpResponse:
    """Send to the patient's address over that channel again."""
    patient = find_patient(request, uid)
    channel = request.POST.get("channel", "")
    for row in suppressions.of_addresses(request.organisation, [patient.email, patient.phone]):
        if row.channel == channel:
            suppressions.lift(row, about_uid=patient.uid, actor=request.actor, now=request.now)
            toast(request, "Messages are sent there again.")
    return go_to(request, reverse("clinic:patient", args=[patient.uid]))
