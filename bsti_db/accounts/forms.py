"""What members type: addresses, passwords, codes, roles."""

import re
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from bsti_db.accounts.models import Member, Organisation, fold_address
from bsti_db.accounts.roles import Role

PASSWORD_HINT = (
    "At least 15 characters: for example four or five words that do not belong together. "
    "You may paste it from a password manager."
)
_MOST_CHARACTERS = 512


class SignInForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        error_messages={
            "required": "Enter your e-mail address.",
            "invalid": "Enter an e-mail address, for example name@nhs.net.",
        },
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=_MOST_CHARACTERS,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )

    def clean_email(self) -> str:
        return fold_address(self.cleaned_data["email"])


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=20,
        help_text="The 6 digits your authenticator app shows now, or one of your recovery codes",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "spellcheck": "false", "autofocus": True}
        ),
        error_messages={"required": "Enter the code."},
    )


class NewPasswordForm(forms.Form):
    """A new password, twice, checked by every rule for the member it is for."""

    new_password = forms.CharField(
        label="New password",
        help_text=PASSWORD_HINT,
        strip=False,
        max_length=_MOST_CHARACTERS,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Enter a new password."},
    )
    repeated_password = forms.CharField(
        label="The same password again",
        strip=False,
        max_length=_MOST_CHARACTERS,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Enter the new password again."},
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        self.member = member
        super().__init__(*args, **kwargs)

    def clean_new_password(self) -> str:
        password = self.cleaned_data["new_password"]
        validate_password(password, self.member)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        new, repeated = cleaned.get("new_password"), cleaned.get("repeated_password")
        if new and repeated and new != repeated:
            self.add_error("repeated_password", "The two passwords are not the same.")
        return cleaned


class JoinForm(NewPasswordForm):
    """The code of the invitation's mail, and the first password."""

    invitation_code = forms.CharField(
        label="Code of the invitation",
        max_length=20,
        help_text="8 letters and digits, in the mail that brought you here",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter the code of the invitation."},
    )
    field_order = ("invitation_code", "new_password", "repeated_password")


class ChangePasswordForm(NewPasswordForm):
    """A member's own change: the present password first, so that an open screen is not enough."""

    present_password = forms.CharField(
        label="Present password",
        strip=False,
        max_length=_MOST_CHARACTERS,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your present password."},
    )
    field_order = ("present_password", "new_password", "repeated_password")

    def clean_present_password(self) -> str:
        password = self.cleaned_data["present_password"]
        if not self.member.check_password(password):
            raise forms.ValidationError("This is not your present password.")
        return password


class PasswordForm(forms.Form):
    """The present password, asked again before something that outlasts the session."""

    password = SignInForm.base_fields["password"]

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        self.member = member
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.member.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password


class AddressForm(forms.Form):
    email = SignInForm.base_fields["email"]

    def clean_email(self) -> str:
        return fold_address(self.cleaned_data["email"])


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class GmcNumberField(forms.CharField):
    """Seven digits, with the spaces people type between them; or nothing."""

    def __init__(self) -> None:
        super().__init__(
            label="GMC number (optional)",
            required=False,
            max_length=20,
            help_text="7 digits, as in the medical register",
            widget=forms.TextInput(
                attrs={"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}
            ),
        )

    def clean(self, value: Any) -> str:
        number = "".join(super().clean(value).split())
        if number and not re.fullmatch(r"[0-9]{7}", number):
            raise forms.ValidationError(
                "Enter the 7 digits of the GMC number, for example 1234567."
            )
        return number


class GmcNumberForm(forms.Form):
    gmc_number = GmcNumberField()


class NameField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label="Name",
            max_length=100,
            help_text="As colleagues write it",
            error_messages={"required": "Enter the member's name."},
        )


class OrganisationField(forms.ModelChoiceField):
    def __init__(self) -> None:
        super().__init__(
            Organisation.objects.filter(is_active=True),
            label="Organisation",
            required=False,
            empty_label="None",
            help_text="Nobody reads a case from their own organisation",
        )


class DetailsForm(forms.Form):
    """What an administrator corrects of a member."""

    name = NameField()
    gmc_number = GmcNumberField()
    organisation = OrganisationField()

    def __init__(self, data: Any = None, *, member: Member) -> None:
        initial = {
            "name": member.name,
            "gmc_number": member.gmc_number,
            "organisation": member.organisation_id,
        }
        super().__init__(data, initial=initial)
        # one that was merged into another stays chosen until somebody chooses
        own = Organisation.objects.filter(pk=member.organisation_id)
        self.fields["organisation"].queryset = Organisation.objects.filter(is_active=True) | own


class InviteForm(RolesForm):
    email = forms.EmailField(
        label="E-mail address",
        help_text="Where the invitation goes; later the name to sign in by",
        error_messages={
            "required": "Enter the member's e-mail address.",
            "invalid": "Enter an e-mail address, for example name@nhs.net.",
        },
    )
    name = NameField()
    gmc_number = GmcNumberField()
    organisation = OrganisationField()
    field_order = ("email", "name", "gmc_number", "organisation", "roles")

    def clean_email(self) -> str:
        return fold_address(self.cleaned_data["email"])
