"""What accounts add to the Wagtail admin: only superusers make, change or remove superusers (ADR 0007); an address
that staff write has yet to be confirmed."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from wagtail import hooks

from accounts.models import User


@hooks.register("before_create_user")
def refuse_to_make_a_superuser(request: HttpRequest) -> None:
    """Raises PermissionDenied where somebody who is no superuser ticks “Administrator”."""
    if request.POST.get("is_superuser") and not request.user.is_superuser:
        raise PermissionDenied


@hooks.register("before_edit_user")
@hooks.register("before_delete_user")
def leave_superusers_alone(request: HttpRequest, user: User) -> None:
    """Raises PermissionDenied where somebody who is no superuser touches one, or makes one."""
    if request.user.pk != user.pk and user.is_superuser:
        _only_superusers(request)
    refuse_to_make_a_superuser(request)


@hooks.register("after_edit_user")
def forget_former_addresses(request: HttpRequest, user: User) -> None:
    """An address that is not the user's any more opens the account no more."""
    EmailAddress.objects.filter(user=user, verified=True).exclude(email__iexact=user.email).delete()


@hooks.register("before_bulk_action")
def leave_superusers_alone_in_bulk(
    request: HttpRequest, _action_type: str, objects: Iterable[object], _action: object
) -> None:
    """Raises PermissionDenied where a superuser is among the users that are to be changed together."""
    if any(isinstance(one, User) and one.is_superuser for one in objects):
        _only_superusers(request)


def _only_superusers(request: HttpRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied
