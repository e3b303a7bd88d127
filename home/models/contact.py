"""What visitors write to the shop."""

from __future__ import annotations

from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

one_line = RegexValidator(
    r"^[^\x00-\x1f\x7f\u2028\u2029]*\Z", _("Line breaks and control characters are not allowed here.")
)


class ContactMessage(models.Model):
    """A message from the contact page. It is kept here whatever becomes of the mail."""

    name = models.CharField(_("name"), max_length=120, validators=[one_line])
    email = models.EmailField(_("email"))
    message = models.TextField(_("message"), validators=[MaxLengthValidator(5000)])
    created_at = models.DateTimeField(_("received"), auto_now_add=True, db_default=Now(), db_index=True)
    is_handled = models.BooleanField(_("dealt with"), default=False)

    class Meta:
        verbose_name = _("contact message")
        verbose_name_plural = _("contact messages")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"
