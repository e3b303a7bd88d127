from wagtail.models import Page
from core.models import BasePage


class HomePage(BasePage):
    """The front of the shop."""
    max_count = 1
