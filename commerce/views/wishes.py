"""Wish lists: their owner's pages in the account, and the page that others read. Nobody else's list is there."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.requests import SignedInRequest
from catalog.models import Edition
from commerce.exceptions import CommerceError
from commerce.kept import kept_now
from commerce.models import Wish, WishList
from commerce.services import wishes
from commerce.services.baskets import Owner
from commerce.wish_forms import NEW_LIST, ChooseListForm, EditionForm, NoteForm, WishListForm

WISHES_PER_PAGE = 30


@login_required
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """The customer's lists, the one that was changed last first."""
    lists = WishList.objects.of_user(request.user.pk).annotate(count=Count("wishes"))
    return render(request, "commerce/wish_lists.html", {"wish_lists": lists})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """Begin a list."""
    form = WishListForm(request.POST or None)
    if form.is_valid():
        try:
            return redirect(wishes.create(request.user.pk, **form.cleaned_data))
        except CommerceError as refusal:
            form.add_error(None, refusal.public)
    return render(request, "commerce/wish_list_form.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_safe
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """A list as its owner works on it."""
    wish_list = _own(request.user, pk)
    return render(request, "commerce/wish_list.html", _context(request, wish_list))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest, pk: int) -> HttpResponse:
    """The list's name, and who may read it."""
    wish_list = _own(request.user, pk)
    form = WishListForm(request.POST or None, instance=wish_list)
    if form.is_valid():
        messages.success(request, _("The list was saved."))
        return redirect(wishes.change(wish_list.pk, **form.cleaned_data))
    context = {"form": form, "wish_list": wish_list}
    return render(request, "commerce/wish_list_form.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def renew(request: SignedInRequest, pk: int) -> HttpResponse:
    """Another link: the old one opens nothing any more."""
    wish_list = _own(request.user, pk)
    wishes.renew_link(wish_list.pk)
    messages.success(request, _("The list has a new link. The old one no longer works."))
    return redirect(wish_list)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then delete the list with all that is on it."""
    wish_list = _own(request.user, pk)
    if request.method != "POST":
        return render(request, "commerce/wish_list_delete.html", {"wish_list": wish_list})
    wish_list.delete()
    messages.success(request, _("The list was deleted."))
    return redirect("commerce:wish_lists")


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Put a book on a list. Who is not signed in is led there and comes back to the book; a link alone adds nothing.

    The button beside a book names no list: it goes on the customer's only one, or they are asked which.
    """
    asked = EditionForm(request.POST if request.method == "POST" else request.GET)
    if not asked.is_valid():
        return redirect("commerce:wish_lists")
    edition_id = asked.cleaned_data["edition"]
    here = f"{reverse('commerce:wish_add')}?{urlencode({'edition': edition_id})}"
    if not request.user.is_authenticated:
        return redirect_to_login(here)
    lists = list(WishList.objects.of_user(request.user.pk))
    if request.method != "POST":
        return _choose(request, ChooseListForm(initial={"edition": edition_id}, lists=lists), edition_id)
    if "wish_list" in request.POST:
        form = ChooseListForm(request.POST, lists=lists)
        if not form.is_valid():
            return _choose(request, form, edition_id, status=422)
        chosen, name, note = (form.cleaned_data[key] for key in ("wish_list", "name", "note"))
    elif len(lists) > 1:
        return redirect(here)
    else:
        chosen, name, note = str(lists[0].pk) if lists else NEW_LIST, _("Wish list"), ""
    try:
        to = wishes.create(request.user.pk, name) if chosen == NEW_LIST else _own(request.user, int(chosen))
        wish, is_new = wishes.add(to.pk, edition_id, note)
    except CommerceError as refusal:
        messages.error(request, refusal.public)
        return redirect("commerce:wish_lists")
    told = _("“%(title)s” is on the list now.") if is_new else _("“%(title)s” is on the list already.")
    messages.success(request, told % {"title": wish.title})
    return redirect(to)


@login_required
@require_POST
def wish(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change a book's place or note, take it off the list, or move it to the basket: what the button says."""
    row = get_object_or_404(Wish.objects.select_related("wish_list"), pk=pk, wish_list__user=request.user)
    match request.POST.get("do"):
        case "up" | "down" as where:
            wishes.move(row, up=where == "up")
        case "note":
            form = NoteForm(request.POST, instance=row)
            if not form.is_valid():
                messages.error(request, str(form.errors["note"][0]))
            else:
                wishes.write_note(row.pk, form.cleaned_data["note"])
                messages.success(request, _("The note was saved."))
        case "remove":
            row.delete()
            messages.success(request, _("“%(title)s” is off the list.") % {"title": row.title})
        case "basket":
            return _to_basket(request, row)
    page = request.POST.get("page", "")
    return redirect(row.wish_list.get_absolute_url() + (f"?page={page}" if page.isdecimal() and page != "1" else ""))


@require_safe
def read(request: HttpRequest, token: str) -> HttpResponse:
    """A list as others read it, by its link. Of its owner it tells the name that they chose, and nothing else."""
    wish_list = get_object_or_404(WishList.objects.by_link(token), token=token)
    response = render(request, "commerce/wish_list_read.html", _context(request, wish_list))
    if not wish_list.is_public:
        response["X-Robots-Tag"] = "noindex"
        response["Referrer-Policy"] = "no-referrer"
    return response


def _own(user: User, pk: int) -> WishList:
    return get_object_or_404(WishList.objects.of_user(user.pk), pk=pk)


def _context(request: HttpRequest, wish_list: WishList) -> dict[str, object]:
    page = Paginator(wish_list.wishes.all(), WISHES_PER_PAGE).get_page(request.GET.get("page"))
    return {"wish_list": wish_list, "page_of_wishes": page, "wishes": kept_now(page.object_list)}


def _choose(request: HttpRequest, form: ChooseListForm, edition_id: int, status: int = 200) -> HttpResponse:
    shown = Edition.objects.select_related("product").filter(product__live=True, is_active=True)
    edition = get_object_or_404(shown, pk=edition_id)
    return render(request, "commerce/wish_add.html", {"form": form, "edition": edition}, status=status)


def _to_basket(request: SignedInRequest, row: Wish) -> HttpResponse:
    try:
        _basket, notices = wishes.move_to_basket(row, Owner(user_id=request.user.pk))
    except CommerceError as refusal:
        messages.error(request, refusal.public)
        return redirect(row.wish_list)
    for notice in notices:
        messages.warning(request, notice)
    messages.success(request, _("“%(title)s” is in your basket now.") % {"title": row.title})
    return redirect("commerce:basket")
