"""Sign-up and sign-in with an e-mail address."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from shop.accounts.services import sign_up


class SignUpForm(forms.Form):
    """One password, typed once: the page offers to show it."""

    name = forms.CharField(
        label=_("Name"), max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label=_("E-mail"), max_length=150, widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if User.objects.filter(username=email).exists():
            raise forms.ValidationError(_("This e-mail address has an account. Sign in instead."), code="taken")
        return email

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, User(username=str(self.data.get("email", "")), first_name=str(self.data.get("name", ""))))
        return password

    def save(self) -> User:
        return sign_up(email=self.cleaned_data["email"], password=self.cleaned_data["password"], name=self.cleaned_data["name"])


class SignInForm(AuthenticationForm):
    """The address in any case; staff may type a plain user name."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["username"].label = _("E-mail")

    def clean_username(self) -> str:
        given = str(self.cleaned_data["username"]).strip()
        return given.lower() if "@" in given else given


class EraseForm(forms.Form):
    """Whoever has an account types the password once more: a phone left on a table must not be enough."""

    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, user: User | None, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.user = user
        if user is None:
            del self.fields["password"]

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if self.user is not None and not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your password."), code="wrong_password")
        return password
