"""Reminders of an appointment type, edited in place: add, change, remove, undo; and what saving would do."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from appointments.models import AppointmentType
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.lengths import length
from portals.rendering import get_or_404, go_to, is_fragment, page
from portals.toasts import Undo, toast
from reminders import rules
from reminders.errors import AlreadyExists, Invalid
from reminders.models import ReminderRule
from reminders.reach import reach_of

from .forms import RuleForm, initial_for, initial_of, state_of
from .views import DETAIL, context_of, find_type
from .wording import channels, effect, notes

_FORM = "portals/clinic/types/reminder.html"
_FIELDS = {"minutes_before": "amount", "recipient_group": "recipient_group"}
_NEW = "new"


class Stale(Exception):  # an answer, not an error
    """Somebody else has changed the rule since the form was made; `rule` is what it is now."""

    def __init__(self, rule: ReminderRule) -> None:
        self.rule = rule
        now_is = f"{length(rule.minutes_before)} before, {channels(rule)}"
        self.message = f"Somebody else has changed this reminder. It is now: {now_is}. Save again to replace it."
        super().__init__(self.message)


@clinic_page(Right.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ClinicRequest, uid: str) -> HttpResponse:
    """GET `?group=`: the form, begun for that group. POST: the rule, from now on."""
    kind = find_type(request, uid)
    if request.method != "POST":
        form = RuleForm(name=_NEW, initial=initial_for(request.GET.get("group", "")))
        return _form(request, kind, form)
    return _saved(request, kind, RuleForm(request.POST, name=_NEW))


@clinic_page(Right.SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ClinicRequest, uid: str) -> HttpResponse:
    """Change a rule, for all that has not fired. Removed or changed by somebody else meanwhile: says so."""
    rule = _find(request, uid)
    if rule.deleted_at is not None:
        toast(request, "This reminder has been removed meanwhile.", tone="warn")
        return _reminders(request, rule.appointment_type)
    if request.method != "POST":
        form = RuleForm(name=rule.uid, initial=initial_of(rule))
        return _form(request, rule.appointment_type, form, rule)
    return _saved(request, rule.appointment_type, RuleForm(request.POST, name=rule.uid), rule)


@clinic_page(Right.SETTINGS)
@require_POST
def remove(request: ClinicRequest, uid: str) -> HttpResponse:
    """Asks nothing, offers Undo; what it has sent stays in the log."""
    rule = rules.remove_rule(_find(request, uid), actor=request.actor, now=request.now)
    undo = Undo(reverse("clinic:reminder-restore", args=[rule.uid]))
    toast(request, "Reminder removed.", undo=undo)
    return _reminders(request, rule.appointment_type)


@clinic_page(Right.SETTINGS)
@require_POST
def restore(request: ClinicRequest, uid: str) -> HttpResponse:
    rule = _find(request, uid)
    try:
        rules.restore(rule, actor=request.actor, now=request.now)
    except AlreadyExists as error:
        toast(request, error.message, tone="bad")
    else:
        toast(request, "The reminder is back.")
    return _reminders(request, rule.appointment_type)


@clinic_page(Right.SETTINGS)
@require_safe
def show_effect(request: ClinicRequest, uid: str) -> HttpResponse:
    """What saving the form as it is would do; `?rule=` names the one being changed."""
    kind = find_type(request, uid)
    rule_uid = request.GET.get("rule", "")
    rule = _find(request, rule_uid) if rule_uid else None
    form = RuleForm(request.GET, name=rule.uid if rule else _NEW)
    form.is_valid()
    context = _context(request, kind, form, rule)
    return page(request, _FORM, context, part="effect", takes_toasts=False)


def _saved(
    request: ClinicRequest, kind: AppointmentType, form: RuleForm, rule: ReminderRule | None = None
) -> HttpResponse:
    """Save, and back to the list; or the form again with what stands against it."""
    if not form.is_valid():
        return _form(request, kind, form, rule, status=422)
    if _is_surprising(request, kind, form, rule):
        return _form(request, kind, form, rule, is_asking=True)
    try:
        _write(request, kind, form, rule)
    except Stale as error:
        form = RuleForm(request.POST.dict() | {"was": state_of(error.rule)}, name=error.rule.uid)
        form.add_error(None, ValidationError(error.message))
        return _form(request, kind, form, rule, status=422)
    except (Invalid, AlreadyExists) as error:
        field = _FIELDS.get(error.field) if isinstance(error, Invalid) else "amount"
        form.add_error(field, ValidationError(error.message))
        return _form(request, kind, form, rule, status=422)
    toast(request, "Reminder saved." if rule else "Reminder added.")
    return _reminders(request, kind)


def _is_surprising(
    request: ClinicRequest, kind: AppointmentType, form: RuleForm, rule: ReminderRule | None
) -> bool:
    """Somebody would be told at once, or never, and the form has not said so yet."""
    minutes = form.cleaned_data["minutes_before"]
    if form.cleaned_data["shown"] == str(minutes):
        return False
    found = rules.preview(kind, minutes_before=minutes, now=request.now, rule=rule)
    return bool(found.at_once or found.too_close)


@transaction.atomic
def _write(
    request: ClinicRequest, kind: AppointmentType, form: RuleForm, rule: ReminderRule | None
) -> None:
    """Under the row's lock, so that nobody changes it between the comparison and the verb."""
    if rule is None:
        rules.add_rule(kind, **form.values, actor=request.actor, now=request.now)
        return
    locked = ReminderRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    if locked.deleted_at is None and state_of(locked) != form.cleaned_data["was"]:
        raise Stale(locked)
    rules.change_rule(rule, **form.values, actor=request.actor, now=request.now)


def _form(
    request: ClinicRequest,
    kind: AppointmentType,
    form: RuleForm,
    rule: ReminderRule | None = None,
    *,
    is_asking: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = _context(request, kind, form, rule) | {"is_asking": is_asking}
    return page(request, _FORM, context, part="form", status=status)


def _context(
    request: ClinicRequest, kind: AppointmentType, form: RuleForm, rule: ReminderRule | None
) -> dict[str, object]:
    """With whom the rule as it stands in the form reaches, as far as the form can be read."""
    context: dict[str, object] = {"kind": kind, "form": form, "rule": rule}
    values = form.readable
    minutes, group = values.get("minutes_before"), values.get("recipient_group")
    if minutes and group:
        found = rules.preview(kind, minutes_before=minutes, now=request.now, rule=rule)
        switches = {name: bool(values.get(name)) for name in ("send_email", "send_sms")}
        whom = notes(reach_of(kind, now=request.now), group=group, **switches)
        context |= {"notes": [*effect(found), *whom], "shown": minutes}
    return context


def _reminders(request: ClinicRequest, kind: AppointmentType) -> HttpResponse:
    """The list as it is now: to htmx in place of the old one, to a browser as the type's page."""
    if not is_fragment(request):
        return go_to(request, f"{reverse('clinic:type', args=[kind.uid])}#reminders")
    answer = page(request, DETAIL, context_of(request, kind), part="reminders")
    return reswap(retarget(answer, "#reminders"), "innerHTML")


def _find(request: ClinicRequest, uid: str) -> ReminderRule:
    """Removed ones, too: Undo brings them back."""
    rows = ReminderRule.objects.of(request.organisation).select_related("appointment_type")
    rule = get_or_404(rows, uid=uid)
    rule.organisation = rule.appointment_type.organisation = request.organisation
    return rule
