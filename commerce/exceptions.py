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


class WishListFull(CommerceError):
    """A customer has as many lists, or a list as many books, as we keep."""

    public = _("There is no room for more.")


class UnknownCode(CommerceError):
    """A code that is no voucher's, or that the basket cannot take."""

    public = _("We do not know this code.")


class CardRefused(CommerceError):
    """A gift card that holds less, or is not in a state to do what was asked."""

    public = _("This gift card cannot be used that way.")


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


class NotInvoiced(CommerceError):
    """A credit note where there is no invoice."""

    public = _("The order has no invoice yet.")


class NothingToCredit(CommerceError):
    """Everything that was asked for was credited before."""

    public = _("That was credited already.")


class TooMuchCredited(CommerceError):
    """More than is left of the invoice."""

    public = _("That is more than is left of the invoice.")


class PDFUnavailable(CommerceError):
    """No PDF: the system libraries are missing, or it took too long or too much memory."""

    public = _("The PDF cannot be made at the moment. The document can be viewed and printed here.")
