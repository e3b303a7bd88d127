"""Pages around the shop, for tests."""

from __future__ import annotations

from home.models import ContactPage, HomePage, StandardPage


def standard_page(home: HomePage, title: str = "About us", slug: str = "about-us", **fields) -> StandardPage:
    """A published page to read."""
    return _publish(home, StandardPage(title=title, slug=slug, **fields))


def contact_page(home: HomePage, **fields) -> ContactPage:
    """The published page with the form, at /contact-us/."""
    fields = {"intro": "<p>Ask for a book.</p>", "thanks": "<p>It has reached the counter.</p>", **fields}
    return _publish(home, ContactPage(title="Contact us", slug="contact-us", **fields))


def _publish(home, page):
    home.add_child(instance=page)
    page.save_revision().publish()
    return page
