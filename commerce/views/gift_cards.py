"""Gift cards: bought, printed by who bought them, and what is left on one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from commerce import basket_cookie
from commerce.exceptions import CommerceError
from commerce.gift_card_forms import GiftCardForm, GiftCodeForm
from commerce.models import GiftCard, GiftCardSettings, Order
from commerce.services import baskets, gift_cards
from commerce.views.basket import owner_of, tries_too_many_codes

personal = cache_control(no_store=True, private=True)


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def buy(request: HttpRequest) -> HttpResponse:
    """Choose an amount and whom it is for; the card goes into the basket."""
    offered = GiftCardSettings.load()
    form = GiftCardForm(request.POST or None, offered=offered)
    if request.method == "POST" and form.is_valid():
        owner = owner_of(request)
        try:
            basket = baskets.add_gift_card(owner, form.cleaned_data["money"], **form.about)
        except CommerceError as refusal:
            form.add_error(None, refusal.public)
        else:
            messages.success(request, _("Added to your basket."))
            response = redirect("commerce:basket")
            if not owner.user_id:
                basket_cookie.write(response, basket.token)
            return response
    context = {"form": form, "offered": offered}
    return render(request, "commerce/gift_cards.html", context, status=422 if form.is_bound else 200)


@personal
@require_http_methods(["GET", "HEAD", "POST"])
def balance(request: HttpRequest) -> HttpResponse:
    """What a card holds, for whoever has its code. The code is sent, never part of an address."""
    form = GiftCodeForm(request.POST or None)
    card, status = None, 200
    if request.method == "POST" and form.is_valid():
        if tries_too_many_codes(request):
            form.add_error("code", _("Too many codes were tried. Please wait ten minutes."))
            status = 429
        else:
            card = gift_cards.find(form.cleaned_data["code"])
            if card is None:
                form.add_error("code", _("We do not know a gift card with this code."))
    if form.errors and status == 200:
        status = 422
    response = render(request, "commerce/gift_card_balance.html", {"form": form, "card": card}, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


@personal
@require_safe
def to_print(request: HttpRequest, token: str, pk: int) -> HttpResponse:
    """A card with its code, for who bought it, by the secret link of the order."""
    order = get_object_or_404(Order.objects.by_link(token, request.user, timezone.now()))
    active = GiftCard.objects.filter(order_line__order=order, status=GiftCard.Status.ACTIVE)
    card = get_object_or_404(active, pk=pk)
    response = render(request, "commerce/gift_card_print.html", {"card": card, "order": order})
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
