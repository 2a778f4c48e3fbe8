"""The routes of signing in: those of django-allauth that we use, under its names, and our own two.

No sign-up, no management of addresses, nothing social: what is not here does not exist.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path

from . import views
from .access import entrance, signed_in_page
from .freshness import fresh_login

urlpatterns = [
    path("login/", entrance("signs people in")(account.login), name="account_login"),
    path("logout/", entrance("signs people out")(account.logout), name="account_logout"),
    path(
        "inactive/",
        entrance("says that an account was deactivated")(account.account_inactive),
        name="account_inactive",
    ),
    path(
        "password/reset/",
        entrance("mails a link to the address that was typed")(account.password_reset),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        entrance("says to look into the mail")(account.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[-\w]{1,100})/$",
        entrance("the link from the mail is the key")(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        entrance("says that the password was set")(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path(
        "code/",
        entrance("the second step of signing in, after the password")(mfa.authenticate),
        name="mfa_authenticate",
    ),
    path("invitation/<str:token>/", views.invitation, name="account_invitation"),
    path("no-portal/", views.no_portal, name="account_no_portal"),
    path("confirm/", signed_in_page(account.reauthenticate), name="account_reauthenticate"),
    path("confirm/code/", signed_in_page(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("password/", signed_in_page(account.password_change), name="account_change_password"),
    path("second-factor/", signed_in_page(mfa.index), name="mfa_index"),
    path(
        "second-factor/on/",
        signed_in_page(fresh_login(totp.activate_totp)),
        name="mfa_activate_totp",
    ),
    path(
        "second-factor/off/",
        signed_in_page(fresh_login(totp.deactivate_totp)),
        name="mfa_deactivate_totp",
    ),
    path(
        "recovery-codes/",
        signed_in_page(fresh_login(codes.view_recovery_codes)),
        name="mfa_view_recovery_codes",
    ),
    path(
        "recovery-codes/new/",
        signed_in_page(fresh_login(codes.generate_recovery_codes)),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "recovery-codes/file/",
        signed_in_page(fresh_login(codes.download_recovery_codes)),
        name="mfa_download_recovery_codes",
    ),
]
