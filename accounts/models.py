"""People: who signs in, and where their books go."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.address_formats import lines_of


class UserManager(BaseUserManager["User"]):
    """Makes users, who are known by their e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user with a hashed password, or one that cannot sign in yet where `password` is None."""
        if not email:
            raise ValueError("A user needs an e-mail address")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user who may do everything."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of an address, whatever its capitals."""
        return self.get(email__iexact=username)


class User(AbstractUser):
    """Someone with an account: a customer or a member of staff. The e-mail address is the identifier."""

    username = None  # type: ignore[assignment]  # the address replaces it
    email = models.EmailField(_("email"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_whatever_its_capitals",
                violation_error_message=_("An account with this e-mail address exists already."),
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class PostalAddress(models.Model):
    """The fields of an address, shared by the address book and by the copies that orders keep."""

    full_name = models.CharField(_("full name"), max_length=120)
    line_1 = models.CharField(_("address line 1"), max_length=120)
    line_2 = models.CharField(_("address line 2"), max_length=120, blank=True)
    town = models.CharField(_("town or city"), max_length=80)
    region = models.CharField(_("state or province"), max_length=80, blank=True, default="", db_default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    country = CountryField(_("country"))

    class Meta:
        abstract = True

    @property
    def address_lines(self) -> list[str]:
        """The address as its country writes it on a parcel, one line each, the country last."""
        names = ("full_name", "line_1", "line_2", "town", "region", "postcode")
        lines = lines_of(self.country.code or "", {name: getattr(self, name) or "" for name in names})
        return [*lines, self.country.name] if self.country.name else lines


class Address(PostalAddress):
    """An address in a customer's address book."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="addresses")
    is_default = models.BooleanField(_("deliver here unless I say otherwise"), default=False)
    is_for_invoices = models.BooleanField(
        _("send my invoices here unless I say otherwise"), default=False, db_default=False
    )
    last_used_at = models.DateTimeField(_("last used"), auto_now=True)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ("-is_default", "-last_used_at")
        constraints = [
            models.UniqueConstraint(
                fields=("user",), condition=Q(is_default=True), name="address_one_default_per_user"
            ),
            models.UniqueConstraint(
                fields=("user",), condition=Q(is_for_invoices=True), name="address_one_for_invoices_per_user"
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(self.address_lines)
