"""The basket: shown, filled, changed. Every form works without a script."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from commerce import basket_cookie, pricing
from commerce.exceptions import CommerceError, UnknownCode
from commerce.forms import AddForm, CodeForm, LineForm, QuantityField
from commerce.models import Basket
from commerce.models.basket import MAX_QUANTITY
from commerce.services import baskets, vouchers
from commerce.services.baskets import Owner
from core.throttle import is_too_often, sender_of

MOST_CODES_TRIED = 20
TRYING_SECONDS = 600


def owner_of(request: HttpRequest) -> Owner:
    """Whose basket a request is about.

    What another tab of the browser put into its basket while the shopper signed in joins theirs here.
    """
    if request.user.is_authenticated:
        if token := basket_cookie.read(request):
            baskets.merge(token, request.user)
        return Owner(user_id=request.user.pk)
    return Owner(token=basket_cookie.read(request))


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The basket at today's prices."""
    return _page(request, baskets.find(owner_of(request)))


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put copies of an edition into the basket."""
    form = AddForm(request.POST)
    owner = owner_of(request)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
        return _page(request, baskets.find(owner), status=400)
    try:
        basket, notices = baskets.add(owner, form.cleaned_data["edition"], form.cleaned_data["quantity"])
    except CommerceError as refusal:
        messages.error(request, refusal.public)
        return _page(request, baskets.find(owner), status=409)
    _tell(request, notices, otherwise=_("Added to your basket."))
    response = redirect("commerce:basket")
    if not owner.user_id:
        basket_cookie.write(response, basket.token)
    return response


@require_POST
def update(request: HttpRequest) -> HttpResponse:
    """Set the quantities of every line; the button Checkout does so too, and goes on."""
    basket = baskets.find(owner_of(request))
    if basket is None:
        return redirect("commerce:basket")
    quantities, is_clean = _quantities(request, basket)
    notices = baskets.set_quantities(basket.pk, quantities)
    _tell(request, notices)
    is_going_on = "checkout" in request.POST and is_clean and not notices
    response = redirect("commerce:checkout" if is_going_on else "commerce:basket")
    if not basket.user_id:
        basket_cookie.write(response, basket.token)
    return response


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take a line out of the basket."""
    basket = baskets.find(owner_of(request))
    form = LineForm(request.POST)
    if basket and form.is_valid():
        title = baskets.remove(basket.pk, form.cleaned_data["line"])
        if title:
            messages.success(request, _("%(title)s was removed from your basket.") % {"title": title})
    return redirect("commerce:basket")


@require_POST
def enter_code(request: HttpRequest) -> HttpResponse:
    """Put a voucher's code into the basket. Who tries many codes must wait, right or wrong: nobody guesses one."""
    basket = baskets.find(owner_of(request))
    form = CodeForm(request.POST)
    if basket is None or not form.is_valid():
        return _page(request, basket, status=422, code_form=form)
    if is_too_often("codes", sender_of(request), limit=MOST_CODES_TRIED, seconds=TRYING_SECONDS):
        form.add_error("code", _("Too many codes were tried. Please wait ten minutes."))
        return _page(request, basket, status=429, code_form=form)
    try:
        vouchers.enter(basket.pk, form.cleaned_data["code"])
    except UnknownCode as refusal:
        form.add_error("code", refusal.public)
        return _page(request, basket, status=422, code_form=form)
    return redirect("commerce:basket")


@require_POST
def remove_code(request: HttpRequest) -> HttpResponse:
    """Take a voucher's code out of the basket."""
    basket = baskets.find(owner_of(request))
    if basket:
        vouchers.remove(basket.pk, request.POST.get("code", ""))
    return redirect("commerce:basket")


@require_GET
def summary(request: HttpRequest) -> JsonResponse:
    """How many copies are in the basket, and who is signed in: filled into pages that are the same for everybody.

    With ?total also what the books cost, for who asks by the amount.
    """
    basket = baskets.find(owner_of(request))
    count = sum(basket.lines.values_list("quantity", flat=True)) if basket else 0
    user = request.user
    name = (user.get_short_name() or user.email.partition("@")[0]) if user.is_authenticated else ""
    told: dict[str, object] = {"count": count, "name": name}
    if "total" in request.GET:
        goods = pricing.price_basket(basket).goods
        told["total"] = {"amount": str(goods.amount), "currency": goods.currency}
    return JsonResponse(told)


def _page(
    request: HttpRequest, basket: Basket | None, status: int = 200, code_form: CodeForm | None = None
) -> HttpResponse:
    priced = pricing.price_basket(basket)
    context = {"basket": priced, "max_quantity": MAX_QUANTITY, "code_form": code_form or CodeForm()}
    response = render(request, "commerce/basket.html", context, status=status)
    if basket and not basket.user_id:
        basket_cookie.write(response, basket.token)
    return response


def _quantities(request: HttpRequest, basket: Basket) -> tuple[dict[int, int], bool]:
    """The quantities that were sent for the lines of this basket; what is not understood is told and left as it was."""
    field, quantities, is_clean = QuantityField(), {}, True
    for line in basket.lines.all():
        sent = request.POST.get(f"quantity-{line.pk}")
        if sent is None:
            continue
        try:
            quantities[line.pk] = field.clean(sent)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            is_clean = False
    return quantities, is_clean


def _tell(request: HttpRequest, notices: list[str], otherwise: str = "") -> None:
    for notice in notices:
        messages.warning(request, notice)
    if otherwise and not notices:
        messages.success(request, otherwise)
