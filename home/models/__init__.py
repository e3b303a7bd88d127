from home.models.consent import (
    ConsentPurpose,
    ConsentRecord,
    ConsentSettings,
    ConsentText,
    IntegrationStorage,
    ThirdPartyIntegration,
)
from home.models.contact import ContactMessage
from home.models.modals import (
    ModalCount,
    ModalExclusion,
    ModalSettings,
    ModalTarget,
    ModalVariant,
    PageModal,
)
from home.models.navigation import FooterMenuItem, FooterSettings, MainMenuItem, Menus
from home.models.pages import ContactPage, HomePage, StandardPage

__all__ = [
    "ConsentPurpose",
    "ConsentRecord",
    "ConsentSettings",
    "ConsentText",
    "ContactMessage",
    "ContactPage",
    "FooterMenuItem",
    "FooterSettings",
    "HomePage",
    "IntegrationStorage",
    "MainMenuItem",
    "Menus",
    "ModalCount",
    "ModalExclusion",
    "ModalSettings",
    "ModalTarget",
    "ModalVariant",
    "PageModal",
    "StandardPage",
    "ThirdPartyIntegration",
]
