"""The account's own pages. Signing in and out, passwords and addresses of e-mail are allauth's."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import AddressForm, NameForm
from accounts.models import Address
from accounts.requests import SignedInRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: SignedInRequest) -> HttpResponse:
    """Who the customer is, and the ways to orders and addresses."""
    form = NameForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name was saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/home.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_safe
def addresses(request: SignedInRequest) -> HttpResponse:
    """The customer's address book."""
    return render(request, "accounts/addresses.html", {"addresses": request.user.addresses.all()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_address(request: SignedInRequest) -> HttpResponse:
    """Write an address into the customer's own book."""
    initial = {"full_name": request.user.get_full_name(), "country": settings.SHOP_COUNTRY}
    return _address_page(request, Address(user=request.user), initial)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_address(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change an address of the customer's own book. Orders keep their copies."""
    return _address_page(request, get_object_or_404(request.user.addresses, pk=pk), {})


@login_required
@require_POST
def delete_address(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take an address out of the customer's own book. Orders keep their copies."""
    get_object_or_404(request.user.addresses, pk=pk).delete()
    messages.success(request, _("The address was deleted."))
    return redirect("accounts:addresses")


def _address_page(request: SignedInRequest, address: Address, initial: dict[str, str]) -> HttpResponse:
    """The form of an address. Asked for another country only, it is shown as that country wants it, unchecked."""
    if request.method == "POST" and "other_country" in request.POST:
        form = AddressForm(instance=address, initial=request.POST.dict())
    else:
        form = AddressForm(request.POST or None, instance=address, initial=initial)
    if form.is_valid():
        form.save()
        messages.success(request, _("The address was saved."))
        return redirect("accounts:addresses")
    context = {"form": form, "address": address}
    return render(request, "accounts/address.html", context, status=422 if form.is_bound else 200)
