from home.models.contact import ContactMessage
from home.models.navigation import FooterMenuItem, FooterSettings, MainMenuItem, Menus
from home.models.pages import ContactPage, HomePage, StandardPage

__all__ = [
    "ContactMessage",
    "ContactPage",
    "FooterMenuItem",
    "FooterSettings",
    "HomePage",
    "MainMenuItem",
    "Menus",
    "StandardPage",
]
