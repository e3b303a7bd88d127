"""Menus and footer, edited as settings of the site."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, InlinePanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.models import Orderable

is_address = RegexValidator(
    r"^(/(?![/\\])|https?://)[^\s\\]*\Z", _("Begin with / for an address of this site, or with https://.")
)


@register_setting(icon="list-ul", order=100)
class Menus(BaseSiteSetting, ClusterableModel):
    """What the main menu and the footer link to. An empty main menu shows the pages marked “Show in menus”."""

    panels = [
        InlinePanel("main_items", heading=_("Main menu"), label=_("Entry")),
        InlinePanel("footer_items", heading=_("Footer"), label=_("Entry")),
    ]

    class Meta:
        verbose_name = _("menus")
        verbose_name_plural = _("menus")

    def __str__(self) -> str:
        return str(_("Menus"))


class MenuItem(Orderable):
    """An entry of a menu: a page, or an address with a label."""

    page = models.ForeignKey(
        "wagtailcore.Page", null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name=_("page")
    )
    path = models.CharField(
        _("or address"), max_length=500, blank=True, validators=[is_address], help_text=_("/books/?sort=newest")
    )
    label = models.CharField(_("label"), max_length=80, blank=True, help_text=_("Empty: the title of the page."))

    panels = [FieldPanel("page"), FieldPanel("path"), FieldPanel("label")]

    class Meta(Orderable.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.label or (self.page.title if self.page else self.path)

    def clean(self) -> None:
        """Either a page or an address; an address has a label."""
        if bool(self.page_id) == bool(self.path):
            raise ValidationError({"page": _("Choose a page or give an address, one of the two.")})
        if self.path and not self.label:
            raise ValidationError({"label": _("An address needs a label.")})


class MainMenuItem(MenuItem):
    """An entry of the main menu."""

    menus = ParentalKey(Menus, on_delete=models.CASCADE, related_name="main_items")

    class Meta(MenuItem.Meta):
        verbose_name = _("entry of the main menu")
        verbose_name_plural = _("entries of the main menu")


class FooterMenuItem(MenuItem):
    """An entry of the footer's menu."""

    menus = ParentalKey(Menus, on_delete=models.CASCADE, related_name="footer_items")

    class Meta(MenuItem.Meta):
        verbose_name = _("entry of the footer")
        verbose_name_plural = _("entries of the footer")


@register_setting(icon="info-circle", order=110)
class FooterSettings(BaseSiteSetting):
    """What stands at the foot of every page. An empty field is not shown."""

    about = models.TextField(_("about the shop"), blank=True)
    address = models.TextField(_("address"), blank=True, help_text=_("One line each."))
    hours = models.TextField(_("opening hours"), blank=True, help_text=_("One line each."))
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("email"), blank=True)

    panels = [FieldPanel(name) for name in ("about", "address", "hours", "phone", "email")]

    class Meta:
        verbose_name = _("footer")
        verbose_name_plural = _("footer")

    def __str__(self) -> str:
        return str(_("Footer"))
