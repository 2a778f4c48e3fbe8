"""Acts that are asked about first: one template, a dialog with JavaScript and a page of its own without."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from notifications.models import NotificationSubscription
from portals.clinic.access import ClinicRequest
from portals.forms import PortalForm
from portals.rendering import page


@dataclass(frozen=True, slots=True)
class Question:
    """`opens_a_page`: the answer is a page, so the dialog posts as a plain form."""

    route: str
    title: str
    text: str
    submit: str
    tone: str = ""
    cancel: str = "Back"
    opens_a_page: bool = False


def ask(
    request: ClinicRequest,
    subscription: NotificationSubscription,
    question: Question,
    form: PortalForm,
) -> HttpResponse:
    context = {
        "subscription": subscription,
        "question": question,
        "form": form,
        "action": reverse(question.route, args=[subscription.uid]),
        "back": reverse("clinic:subscription", args=[subscription.uid]),
    }
    status = 422 if form.is_bound else 200
    template = "portals/clinic/subscriptions/ask.html"
    return page(request, template, context, part="dialog", status=status)
