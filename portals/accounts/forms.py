"""django-allauth's forms in our words: labels, hints and no placeholders that repeat the label."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms

from portals.forms import PortalForm

PASSWORD_HINT = "At least 8 characters; a few unrelated words are easiest to keep."  # noqa: S105


def reword(form: forms.Form, **words: tuple[str, str]) -> None:
    """Give fields their label and hint, `name=(label, hint)`; every other attribute stays."""
    for name, (label, hint) in words.items():
        field = form.fields[name]
        field.label, field.help_text = label, hint
        field.widget.attrs.pop("placeholder", None)


class LoginForm(PortalForm, allauth_forms.LoginForm):  # type: ignore[misc]  # allauth is not typed for mypy
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, login=("E-mail address", ""), password=("Password", ""))
        # What password managers look for beside a password.
        self.fields["login"].widget.attrs.update(autocomplete="username", autofocus=True)


class ResetPasswordForm(PortalForm, allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # as above
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, email=("E-mail address", ""))
        self.fields["email"].widget.attrs.update(autocomplete="username", autofocus=True)


class NewPasswordForm(PortalForm, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # as above
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password1=("New password", PASSWORD_HINT), password2=("The same again", ""))


class ChangePasswordForm(PortalForm, allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # as above
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(
            self,
            oldpassword=("Present password", ""),
            password1=("New password", PASSWORD_HINT),
            password2=("The same again", ""),
        )


class ConfirmPasswordForm(PortalForm, allauth_forms.ReauthenticateForm):  # type: ignore[misc]  # as above
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reword(self, password=("Password", ""))
        self.fields["password"].widget.attrs.update(autofocus=True)


class InvitationForm(PortalForm):
    """Asks only what the account lacks: a name for a new one, a password where there is none."""

    name = forms.CharField(max_length=200, label="Your name", help_text="As colleagues know you.")
    password = forms.CharField(
        label="Password",
        help_text=PASSWORD_HINT,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, is_new: bool, needs_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs.update(autocomplete="name")
        if not is_new:
            del self.fields["name"]
        if not needs_password:
            del self.fields["password"]
