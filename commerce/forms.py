"""The shape of what shoppers send."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.addresses import FIELDS, PostalAddressForm, every_country
from commerce.models import CheckoutDraft, DeliveryMethod, InvoiceAddress, OrderLine
from commerce.models.basket import MAX_QUANTITY
from commerce.models.order import PaymentMethod

BIGGEST_ID = 2**63 - 1


class AddForm(forms.Form):
    """An edition to put into the basket."""

    edition = forms.IntegerField(min_value=1, max_value=BIGGEST_ID)
    quantity = forms.IntegerField(
        min_value=1,
        max_value=MAX_QUANTITY,
        error_messages={
            "required": _("Please say how many copies."),
            "invalid": _("Please give the number of copies in figures."),
            "min_value": _("Please order at least one copy."),
            "max_value": _(
                "%(limit_value)d copies of a title are the most we sell this way; please write to us for more."
            ),
        },
    )


class QuantityField(forms.IntegerField):
    """How many copies a basket line holds; 0 removes it."""

    def __init__(self) -> None:
        super().__init__(min_value=0, max_value=MAX_QUANTITY, required=True)
        self.error_messages |= {
            "required": _("Please say how many copies."),
            "invalid": _("Please give the number of copies in figures."),
        }


class WaitForm(forms.Form):
    """Who wants to be told when which edition is back."""

    edition = forms.IntegerField(min_value=1, max_value=BIGGEST_ID, widget=forms.HiddenInput)
    email = forms.EmailField(label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class LineForm(forms.Form):
    """A line of the basket to take out."""

    line = forms.IntegerField(min_value=1, max_value=BIGGEST_ID)


class CardForm(forms.Form):
    """A gift card of the basket to take out."""

    card = forms.IntegerField(min_value=1, max_value=BIGGEST_ID)


class CodeForm(forms.Form):
    """The code of a voucher or a gift card, as it was typed."""

    code = forms.CharField(
        label=_("Voucher code"),
        help_text=_("Or the code of a gift card."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Please type a code.")},
    )


class AddressForm(PostalAddressForm):
    """Who gets the order and where it goes. Downloads go by e-mail: they need a name and a country only."""

    class Meta(PostalAddressForm.Meta):
        model = CheckoutDraft
        fields = ("email", *FIELDS)
        labels = {**PostalAddressForm.Meta.labels, "email": _("Email")}
        help_texts = {"email": _("For the confirmation of your order.")}
        widgets: ClassVar[dict[str, forms.Widget]] = {
            **PostalAddressForm.Meta.widgets,
            "email": forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        }

    def __init__(self, *args: Any, needs_delivery: bool, currency: str, **kwargs: Any) -> None:
        choices = country_choices(needs_delivery, currency)
        super().__init__(*args, country_choices=choices, needs_street=needs_delivery, **kwargs)

    @property
    def address(self) -> dict[str, str]:
        """The cleaned address, without the e-mail."""
        return {name: value for name, value in self.cleaned_data.items() if name in FIELDS}


class InvoiceAddressForm(PostalAddressForm):
    """Whom and where the invoice is made out to: asked for only where that is elsewhere."""

    class Meta(PostalAddressForm.Meta):
        model = InvoiceAddress

    prefix = "invoice"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, country_choices=every_country(), **kwargs)
        self.fields["full_name"].label = _("Name or company")
        for field in self.fields.values():
            if asked := field.widget.attrs.get("autocomplete"):
                field.widget.attrs["autocomplete"] = f"section-invoice billing {asked}"

    @property
    def address(self) -> dict[str, str]:
        """The cleaned address."""
        return {name: self.cleaned_data[name] for name in FIELDS}


class FindOrderForm(forms.Form):
    """Which order, said by somebody who has no link to it."""

    number = forms.CharField(label=_("Order number"), max_length=20, help_text=_("BT-7K3M-9QXZ: it is in every mail."))
    email = forms.EmailField(label=_("Email"), help_text=_("The address that the order was placed with."))


class GiveBackForm(forms.Form):
    """Which copies of an order, and who says so. More the law does not let a shop ask for a withdrawal."""

    lines = forms.MultipleChoiceField(
        label=_("Books"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Please choose at least one book.")},
    )
    name = forms.CharField(label=_("Full name"), max_length=120)
    email = forms.EmailField(label=_("Email"), help_text=_("The receipt goes there."))

    def __init__(self, *args: Any, lines: list[OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lines"].choices = [(str(line.pk), f"{line.title} ({line.format_label})") for line in lines]

    @property
    def line_ids(self) -> set[int]:
        """The chosen copies."""
        return {int(pk) for pk in self.cleaned_data["lines"]}


class AskReturnForm(GiveBackForm):
    """A wish to give books back, with its reason."""

    reason = forms.CharField(label=_("Why"), max_length=500, widget=forms.Textarea(attrs={"rows": 4, "maxlength": 500}))


class DeliveryForm(forms.Form):
    """One of the delivery methods that reach the address."""

    method = forms.ModelChoiceField(
        DeliveryMethod.objects.none(), label=_("Delivery"), empty_label=None,
        error_messages={"required": _("Please choose how the books travel.")},
    )  # fmt: skip

    def __init__(self, *args: Any, methods: list[DeliveryMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].queryset = DeliveryMethod.objects.filter(pk__in=[method.pk for method in methods])


class ReviewForm(forms.Form):
    """The order, confirmed: what was shown (signed by us) and how it is paid. What is offered, the order decides."""

    shown = forms.CharField(max_length=500)
    payment = forms.ChoiceField(choices=PaymentMethod.choices)
    waives_withdrawal = forms.BooleanField(required=False)


class PayForm(forms.Form):
    """How an order that was placed is to be paid."""

    payment = forms.ChoiceField(choices=())

    def __init__(self, *args: Any, methods: list[PaymentMethod], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payment"].choices = [(method.value, method.label) for method in methods]


def country_choices(needs_delivery: bool, currency: str) -> list[tuple[str, str]]:
    """The countries that parcels reach; for downloads, every country."""
    everywhere = every_country()
    if not needs_delivery:
        return everywhere
    reached = DeliveryMethod.objects.active(currency).countries_of(code for code, _name in everywhere)
    return [(code, name) for code, name in everywhere if code in reached]
