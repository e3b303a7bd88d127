"""What the shop refuses to do. Each refusal carries a sentence that may be shown to whoever asked."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


class CommerceError(Exception):
    """A refusal. `public` is what the shopper or the colleague reads."""

    public: Any = _("That is not possible.")

    def __init__(self, public: str = "") -> None:
        self.public = str(public or self.public)
        super().__init__(self.public)


class NotForSale(CommerceError):
    """Somebody asked for an edition that cannot be bought."""

    public = _("This cannot be bought at the moment.")


class BasketFull(CommerceError):
    """The basket holds as many different titles as it can."""

    public = _("Your basket is full. Please order in two parts, or write to us.")


class UnknownCode(CommerceError):
    """A code that is no voucher's, or that the basket cannot take."""

    public = _("We do not know this code.")


class IncompleteCheckout(CommerceError):
    """A step of the checkout is missing; `step` is the name of its address."""

    public = _("Please complete this step first.")

    def __init__(self, step: str, public: str = "") -> None:
        super().__init__(public)
        self.step = step


class OutOfStock(CommerceError):
    """Copies were sold to somebody else meanwhile, or the edition was taken off sale."""

    public = _("A book in your basket has just been sold out.")


class OrderChanged(CommerceError):
    """What would be ordered is not what the shopper saw; they must confirm the new total."""

    public = _("Something has changed since you looked. Please check the order below and confirm it again.")


class IllegalTransition(CommerceError):
    """A move that the tables of `commerce.services.orders` do not have."""

    public = _("The order is past that point.")


class CannotRefund(CommerceError):
    """More was to be given back than came, or nothing."""

    public = _("That much cannot be given back.")


class PaymentUnavailable(CommerceError):
    """The provider does not answer, or does not take the order. The order is kept."""

    public = _(
        "The payment page does not answer at the moment. Your order is kept and you have not been charged. "
        "Please try again in a moment, or choose another way to pay."
    )


class CannotSend(CommerceError):
    """A copy that may not leave the shop: none is on the shelf, or it is under embargo."""

    public = _("This copy cannot be sent yet.")


class PDFUnavailable(CommerceError):
    """The system libraries that make PDF files are not installed."""

    public = _("The PDF cannot be made at the moment. The invoice can be viewed and printed here.")
