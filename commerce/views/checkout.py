"""The checkout in three screens: address, delivery, review. What was answered is kept on the basket."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.addresses import FIELDS
from accounts.models import PostalAddress
from commerce import basket_cookie, pricing
from commerce.exceptions import CommerceError, IncompleteCheckout, OrderChanged, OutOfStock
from commerce.forms import AddressForm, DeliveryForm, InvoiceAddressForm, ReviewForm
from commerce.models import Basket
from commerce.priced import PricedBasket
from commerce.services import baskets, checkout, holds
from commerce.tax_territories import territory
from commerce.vat_ids import VatIdForm
from commerce.views.basket import owner_of
from commerce.views.payments import lead_to_payment
from commerce.views.ways_to_pay import ways
from core.throttle import is_too_often, sender_of

SHOWN_SALT = "commerce.review"

ONLY_SHOWN = {"other_country", "show_invoice", "invoice_here"}
"""Buttons of the first screen that show it in another way."""

MOST_COPIES_HELD = 60
"""Copies that one household may have newly held within the time of a hold: nobody empties the shop by holding."""


@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    """First screen: who gets the order and where it goes."""
    basket = baskets.find(owner_of(request))
    priced = pricing.price_basket(basket)
    if basket is None or priced.is_empty or priced.problems:
        return _back_to_basket(request, priced)
    pickups = checkout.pickup_choices(priced)
    collecting = next((method for method in pickups if str(method.pk) == request.POST.get("collect")), None)
    # Asked to show the forms in another way only, nothing is checked.
    is_sent_off = request.method == "POST" and not request.POST.keys() & ONLY_SHOWN
    initial = _known_address(request) if priced.draft is None else {}
    own = list(request.user.addresses.all()) if request.user.is_authenticated else []
    initial |= next((_fields(one) for one in own if str(one.pk) == request.GET.get("to")), {})
    form = AddressForm(
        request.POST if is_sent_off else None,
        instance=priced.draft,
        initial=initial | (request.POST.dict() if not is_sent_off else {}),
        needs_delivery=priced.needs_delivery and collecting is None,
        currency=priced.currency,
    )
    vat_form = _vat_form(request, priced)
    invoice_form = _invoice_form(request, priced, is_sent_off=is_sent_off)
    parts = [part for part in (form, vat_form, invoice_form) if part is not None]
    # Each part is asked, so that all that is wrong is said at once.
    if is_sent_off and False not in [part.is_valid() for part in parts]:
        try:
            checkout.save_address(
                basket.pk, form.cleaned_data["email"], form.address, invoice_form.address if invoice_form else None
            )
        except IncompleteCheckout as refusal:
            return _back(request, refusal)
        checkout.save_vat_id(basket.pk, vat_form.cleaned_data["vat_id"] if vat_form else "")
        if collecting:
            checkout.choose_delivery(basket.pk, collecting)
        _hold(request, basket)
        is_sent = priced.needs_delivery and not collecting
        return redirect("commerce:checkout_delivery" if is_sent else "commerce:checkout_review")
    context = {
        "form": form,
        "vat_form": vat_form,
        "invoice_form": invoice_form,
        "pickups": pickups,
        "own_addresses": own,
        "basket": priced,
        "steps": _steps("address", priced),
    }
    return render(request, "commerce/checkout_address.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def delivery(request: HttpRequest) -> HttpResponse:
    """Second screen: how it travels. Downloads skip it."""
    basket = baskets.find(owner_of(request))
    priced = pricing.price_basket(basket)
    if basket is None or priced.is_empty or priced.problems:
        return _back_to_basket(request, priced)
    if not priced.needs_delivery:
        return redirect("commerce:checkout_review")
    if priced.draft is None or (priced.needs_address and not priced.draft.line_1):
        messages.info(request, _("Please tell us where the books go first."))
        return redirect("commerce:checkout")
    methods = checkout.delivery_choices(priced)
    form = DeliveryForm(request.POST or None, methods=methods)
    if request.method == "POST" and form.is_valid():
        checkout.choose_delivery(basket.pk, form.cleaned_data["method"])
        _hold(request, basket)
        return redirect("commerce:checkout_review")
    chosen = priced.method or (methods[0] if methods else None)
    context = {
        "form": form,
        "basket": priced,
        "choices": [
            {"method": method, "price": priced.price_of(method), "checked": method == chosen} for method in methods
        ],
        "steps": _steps("delivery", priced),
    }
    return render(request, "commerce/checkout_delivery.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest) -> HttpResponse:
    """Third screen: the whole order, how it is paid, and the button that places it."""
    if request.method == "POST":
        return _place(request)
    basket = baskets.find(owner_of(request))
    priced = pricing.price_basket(basket)
    if basket is None:
        return _back_to_basket(request, priced)
    try:
        checkout.check_complete(priced)
    except CommerceError as refusal:
        return _back(request, refusal)
    return _review_page(request, basket, priced)


def _place(request: HttpRequest) -> HttpResponse:
    """Place the order that the form shows. The same form sent again leads to the same order."""
    form = ReviewForm(request.POST)
    basket_id, seen = _read_shown(request.POST.get("shown", ""))
    basket = _own_basket(request, basket_id)
    if basket is None:
        messages.error(request, _("This page was out of date. Please look at your order again."))
        return redirect("commerce:checkout_review")
    try:
        if not form.is_valid():
            raise OrderChanged(_("Please choose how you pay."))
        user = request.user if request.user.is_authenticated else None
        order = checkout.place_order(
            basket.pk,
            seen=seen,
            method=form.cleaned_data["payment"],
            user=user,
            waives_withdrawal=form.cleaned_data["waives_withdrawal"],
        )
    except OrderChanged as refusal:
        messages.warning(request, refusal.public)
        return _review_page(request, basket, pricing.price_basket(basket), status=409)
    except CommerceError as refusal:
        return _back(request, refusal)
    return lead_to_payment(request, order, order.payment_method)


def _hold(request: HttpRequest, basket: Basket) -> None:
    """Keep the copies for the shopper. Who has had many kept goes on without: the order itself asks for no hold."""
    seconds = int(settings.CHECKOUT_HOLD.total_seconds())
    more, sender = holds.missing(basket), sender_of(request)
    if more and is_too_often("holds", sender, limit=MOST_COPIES_HELD, seconds=seconds, times=more):
        return
    holds.hold(basket.pk)


def _review_page(request: HttpRequest, basket: Basket, priced: PricedBasket, status: int = 200) -> HttpResponse:
    shown = signing.dumps({"basket": basket.pk, "seen": priced.fingerprint}, salt=SHOWN_SALT)
    context = {
        "basket": priced,
        "shown": shown,
        "ways": ways(
            checkout.ways_to_pay(priced), is_collected=priced.is_collected, chosen=request.POST.get("payment", "")
        ),
        "steps": _steps("review", priced),
    }
    return render(request, "commerce/checkout_review.html", context, status=status)


def _read_shown(text: str) -> tuple[int, str]:
    """Which basket a review form shows, and the fingerprint of what it shows; basket 0 where the form is not ours."""
    try:
        shown = signing.loads(text, salt=SHOWN_SALT)
    except signing.BadSignature:
        return 0, ""
    return shown["basket"], shown["seen"]


def _own_basket(request: HttpRequest, basket_id: int) -> Basket | None:
    """The basket of a review form, open or ordered already, if it is this shopper's."""
    ours = Basket.objects.of_browser(basket_cookie.read(request))
    if request.user.is_authenticated:
        ours |= Basket.objects.of_user(request.user.pk)
    return ours.filter(pk=basket_id).first()


def _known_address(request: HttpRequest) -> dict[str, str]:
    """What a signed-in shopper need not type again."""
    if not request.user.is_authenticated:
        return {"country": settings.SHOP_COUNTRY}
    known = {
        "email": request.user.email,
        "full_name": request.user.get_full_name(),
        "country": settings.SHOP_COUNTRY,
    }
    if last := request.user.addresses.first():
        known |= _fields(last)
    return known


def _vat_form(request: HttpRequest, priced: PricedBasket) -> VatIdForm | None:
    """Asked for where it counts: by a shop in the European Union."""
    if not territory(settings.SHOP_COUNTRY).in_union:
        return None
    return VatIdForm(request.POST or None, initial={"vat_id": priced.draft.vat_id if priced.draft else ""})


def _invoice_form(request: HttpRequest, priced: PricedBasket, *, is_sent_off: bool) -> InvoiceAddressForm | None:
    """The address of the invoice, where it is another one: as it was told, or as the customer wants it always."""
    if request.method != "POST":
        known = getattr(priced.draft, "invoice_address", None)
        if priced.draft is None and request.user.is_authenticated:
            known = request.user.addresses.filter(is_for_invoices=True).first()
        return InvoiceAddressForm(initial=_fields(known)) if known else None
    if "invoice_here" in request.POST or not request.POST.keys() & {"invoice_elsewhere", "show_invoice"}:
        return None
    if is_sent_off:
        return InvoiceAddressForm(request.POST)
    typed = {name: request.POST[field] for name in FIELDS if (field := f"invoice-{name}") in request.POST}
    return InvoiceAddressForm(initial={"country": settings.SHOP_COUNTRY} | typed)


def _fields(address: PostalAddress) -> dict[str, str]:
    return {name: getattr(address, name) for name in FIELDS} | {"country": address.country.code}


def _back(request: HttpRequest, refusal: CommerceError) -> HttpResponse:
    messages.warning(request, refusal.public)
    step = refusal.step if isinstance(refusal, IncompleteCheckout) else "basket"
    return redirect(f"commerce:{step}")


def _back_to_basket(request: HttpRequest, priced: PricedBasket) -> HttpResponse:
    if priced.problems:
        return _back(request, OutOfStock(" ".join(priced.problems)))
    return redirect("commerce:basket")


def _steps(current: str, priced: PricedBasket) -> list[dict[str, object]]:
    """The steps as `components/steps.html` shows them: one may go back, not ahead."""
    names = [("address", _("Address"), "commerce:checkout")]
    if priced.needs_delivery:
        names.append(("delivery", _("Delivery"), "commerce:checkout_delivery"))
    names.append(("review", _("Review and pay"), "commerce:checkout_review"))
    place = [name for name, _label, _view in names].index(current)
    return [
        {"label": label, "url": reverse(view) if number < place else "", "current": number == place}
        for number, (_name, label, view) in enumerate(names)
    ]
