"""Imports every module of staff pages, each of which registers its models with Django's admin."""

from typing import Any

from allauth.account import views as account
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from . import availability, people, records, tenants, visits

__all__ = ["availability", "people", "records", "tenants", "visits"]


def _to_the_one_page(_request: HttpRequest, **_: Any) -> HttpResponse:
    return redirect("account_change_password")


admin.site.site_header = "RxScale team · all times in UTC"
admin.site.site_title = "RxScale team"
admin.site.index_title = "Set up clinics"

# One sign-in page for everybody, with its second factor, its limits and its entries in the audit log.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents
admin.site.logout = account.logout  # type: ignore[method-assign]  # audited, as from everywhere else
admin.site.password_change = _to_the_one_page  # type: ignore[method-assign, assignment]  # mails and audits, too
admin.site.unregister(EmailAddress)  # stays empty: a user's address is in the user's row
admin.site.unregister(Authenticator)
