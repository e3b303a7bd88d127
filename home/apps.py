from django.apps import AppConfig


class HomeConfig(AppConfig):
    """The site around the shop."""

    name = "home"
    verbose_name = "Site"

    def ready(self) -> None:
        from core.mail import kinds
        from home import mails, navigation, privacy
        from home.consent import gates
        from home.modals import targeting

        navigation.connect()
        gates.connect()
        targeting.connect()
        privacy.register()
        kinds.register(mails.CONTACT_MESSAGE)
