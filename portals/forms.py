"""The base of every form of the portals, so that all of them look and speak alike.

`{{ form }}` draws the summary of errors and every field; `{{ form.reason.as_field_group }}` draws one field:
label, help, error, tied together by aria-describedby and aria-invalid.
"""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.forms.utils import ErrorList
from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """What binds a form: the POST, also an empty one, which has errors to show; None on a GET."""
    return request.POST if request.method == "POST" else None


class PortalRenderer(TemplatesSetting):
    """Our templates around Django's widgets."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class FieldErrors(ErrorList):
    template_name = "components/errors.html"


class PortalForm(forms.Form):
    """A plain form: it parses, a verb of the domain judges and writes; so there are no model forms."""

    default_renderer = PortalRenderer
    required_css_class = "is-required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"error_class": FieldErrors, "label_suffix": "", **kwargs})
