"""The basket: shown, filled, changed. Every form works without a script."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from commerce import basket_cookie, pricing
from commerce.exceptions import CommerceError, UnknownCode
from commerce.forms import AddForm, CardForm, CodeForm, LineForm, QuantityField
from commerce.kept import kept_now
from commerce.models import Basket, Order
from commerce.models.basket import MAX_QUANTITY
from commerce.services import baskets, gift_cards, vouchers
from commerce.services import saved as saved_lines
from commerce.services.baskets import Owner
from core.throttle import is_too_often, sender_of

MOST_CODES_TRIED = 20
TRYING_SECONDS = 600


def only_sent(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """For what a form is sent to: whoever comes otherwise (by a reload, by going back) is shown the basket."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        return view(request) if request.method == "POST" else redirect("commerce:basket")

    return answer


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
    """The basket at today's prices. What another tab put into the browser's basket during sign-in joins it here."""
    token = basket_cookie.read(request)
    if not request.user.is_authenticated or not token:
        return _page(request, baskets.find(owner_of(request)))
    if baskets.find(Owner(token=token)):
        baskets.merge(token, request.user)
    response = _page(request, baskets.find(owner_of(request)))
    basket_cookie.forget(response)
    return response


@only_sent
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


@only_sent
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


@only_sent
def pay_in(request: HttpRequest) -> HttpResponse:
    """Reckon the basket in another currency."""
    basket = baskets.find(owner_of(request))
    if basket:
        try:
            baskets.pay_in(basket.pk, request.POST.get("currency", ""))
        except CommerceError as refusal:
            messages.error(request, refusal.public)
    return redirect("commerce:basket")


@only_sent
def remove(request: HttpRequest) -> HttpResponse:
    """Take a line out of the basket."""
    basket = baskets.find(owner_of(request))
    card = CardForm(request.POST)
    if basket and card.is_valid() and baskets.remove_gift_card(basket.pk, card.cleaned_data["card"]):
        messages.success(request, _("The gift card was removed from your basket."))
    form = LineForm(request.POST)
    if basket and form.is_valid():
        title = baskets.remove(basket.pk, form.cleaned_data["line"])
        if title:
            messages.success(request, _("%(title)s was removed from your basket.") % {"title": title})
    return redirect("commerce:basket")


@only_sent
def save_for_later(request: HttpRequest) -> HttpResponse:
    """Take a line out of the basket, but keep it below."""
    basket = baskets.find(owner_of(request))
    form = LineForm(request.POST)
    if basket and form.is_valid():
        try:
            title = saved_lines.save_for_later(basket.pk, form.cleaned_data["line"])
        except CommerceError as refusal:
            messages.error(request, refusal.public)
        else:
            _tell(request, [], otherwise=_("%(title)s is saved for later.") % {"title": title} if title else "")
    return redirect("commerce:basket")


@only_sent
def saved(request: HttpRequest) -> HttpResponse:
    """Put a saved line back into the basket, or drop it: what the button says."""
    owner = owner_of(request)
    form = LineForm(request.POST)
    if not form.is_valid():
        return redirect("commerce:basket")
    saved_id = form.cleaned_data["line"]
    if request.POST.get("do") == "remove":
        title = saved_lines.forget(owner, saved_id)
        _tell(request, [], otherwise=_("%(title)s was removed.") % {"title": title} if title else "")
        return redirect("commerce:basket")
    try:
        _tell(request, saved_lines.move_back(owner, saved_id))
    except CommerceError as refusal:
        messages.error(request, refusal.public)
    return redirect("commerce:basket")


@only_sent
def enter_code(request: HttpRequest) -> HttpResponse:
    """Put the code of a voucher or a gift card into the basket. Who tries many must wait, right or wrong."""
    basket = baskets.find(owner_of(request))
    form = CodeForm(request.POST)
    if basket is None or not form.is_valid():
        return _page(request, basket, status=422, code_form=form)
    if tries_too_many_codes(request):
        form.add_error("code", _("Too many codes were tried. Please wait ten minutes."))
        return _page(request, basket, status=429, code_form=form)
    try:
        vouchers.enter(basket.pk, form.cleaned_data["code"])
    except UnknownCode as refusal:
        form.add_error("code", refusal.public)
        return _page(request, basket, status=422, code_form=form)
    return redirect("commerce:basket")


@only_sent
def remove_code(request: HttpRequest) -> HttpResponse:
    """Take a voucher's code out of the basket, or a gift card that was to pay for it."""
    basket = baskets.find(owner_of(request))
    card = CardForm(request.POST)
    if basket and card.is_valid():
        gift_cards.take_out(basket.pk, card.cleaned_data["card"])
    elif basket:
        vouchers.remove(basket.pk, request.POST.get("code", ""))
    return redirect("commerce:basket")


@require_GET
def summary(request: HttpRequest) -> JsonResponse:
    """How many copies are in the basket, and who is signed in: filled into pages that are the same for everybody.

    With ?total also what the books cost, for who asks by the amount; left out where the basket is in another currency
    than the shop's, in which those amounts are.
    """
    basket = baskets.find(owner_of(request))
    count = baskets.count(basket) if basket else 0
    user = request.user
    name = (user.get_short_name() or user.email.partition("@")[0]) if user.is_authenticated else ""
    told: dict[str, object] = {"count": count, "name": name}
    if "total" in request.GET:
        goods = pricing.price_basket(basket).goods
        if goods.currency == settings.SHOP_CURRENCY:
            told["total"] = {"amount": str(goods.amount), "currency": goods.currency}
    return JsonResponse(told)


def tries_too_many_codes(request: HttpRequest) -> bool:
    """Count a try of a code, whoever's it is, and say whether there were too many: nobody guesses one."""
    return is_too_often("codes", sender_of(request), limit=MOST_CODES_TRIED, seconds=TRYING_SECONDS)


def _page(
    request: HttpRequest, basket: Basket | None, status: int = 200, code_form: CodeForm | None = None
) -> HttpResponse:
    priced = pricing.price_basket(basket)
    context = {
        "basket": priced,
        "saved": kept_now(basket.saved_lines.all()) if basket and basket.has_saved else [],
        "max_quantity": MAX_QUANTITY,
        "code_form": code_form or CodeForm(),
        "unpaid_orders": Order.objects.of_shopper(request.user.pk, basket_cookie.read(request)).to_pay_online(),
    }
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
