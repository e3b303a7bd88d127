"""Loads the demo shop: BookTime of Merrowbridge, its books, its pages and its people."""

from __future__ import annotations

import csv
import datetime as dt
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from wagtail.models import Page, Site

from accounts import roles
from accounts.models import Address, User
from catalog.importers import generated
from catalog.importers.load import Totals
from catalog.importers.load import load as load_records
from catalog.models import CatalogPage, Contributor, ProductPage, Tag, TagIndexPage, TagPage
from home.models import (
    ContactPage,
    FooterMenuItem,
    FooterSettings,
    HomePage,
    MainMenuItem,
    Menus,
    ModalExclusion,
    PageModal,
    StandardPage,
)

FOLDER = Path(__file__).parent
BOOKS = FOLDER / "books.csv"
COVERS = FOLDER / "covers"
PASSWORD = "booktime-demo"  # noqa: S105  # printed in the README: the demo shop is nobody's


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in to the demo shop."""

    email: str
    first_name: str
    last_name: str
    group: str = ""
    is_superuser: bool = False


PEOPLE = (
    Person("owner@booktime.example", "Nell", "Ashdown", roles.OWNER, is_superuser=True),
    Person("editor@booktime.example", "Priya", "Raman", roles.EDITOR),
    Person("marketer@booktime.example", "Idris", "Vaughan", roles.MARKETER),
    Person("office@booktime.example", "Agnes", "Holt", roles.OFFICE),
    Person("dispatch@booktime.example", "Callum", "Reid", roles.DISPATCH),
    Person("reader@booktime.example", "Ada", "Lindley"),
)


def is_loaded() -> bool:
    """True once the demo shop is complete: its owner comes last, in one transaction with the pages."""
    return User.objects.filter(email=PEOPLE[0].email).exists()


def load() -> None:
    """Import the books, then write the pages and make the people. Safe to run again after an interruption."""
    call_command("import_books", BOOKS, images=COVERS)
    with transaction.atomic():
        call_command("loaddata", "demo_shop", verbosity=0)  # of the commerce room: who sells, and where to collect
        DemoShop().write()


def load_invented_books(titles: int) -> Totals:
    """Add invented titles; the first N of them are the same whenever this is called."""
    return load_records(generated.records(titles), source=generated.SENDER)


class DemoShop:
    """The words of `shop.json` as pages and settings."""

    def __init__(self) -> None:
        self.words: dict[str, Any] = json.loads((FOLDER / "shop.json").read_text(encoding="utf-8"))
        self.site = Site.objects.get(is_default_site=True)
        self.home = HomePage.objects.get(pk=self.site.root_page_id)

    def write(self) -> None:
        """Everything that is not a book, people last."""
        self.write_tags()
        self.write_biographies()
        self.write_home()
        about = self.write_text_page("about", "about-us")
        contact = self.write_contact()
        delivery = self.write_text_page("delivery_page", "delivery-and-returns")
        privacy = self.write_text_page("privacy_page", "privacy")
        self.write_menus(
            main=[CatalogPage.objects.child_of(self.home).get(), self.tag_index, about, contact],
            footer=[delivery, contact, about, privacy],
        )
        self.write_footer()
        self.write_modal()
        for person in PEOPLE:
            make_person(person)

    @cached_property
    def tag_index(self) -> TagIndexPage:
        """The page below which tags have theirs."""
        return TagIndexPage.objects.child_of(self.home).get()

    @cached_property
    def works(self) -> dict[str, ProductPage]:
        """The books by the names that `shop.json` and the file of books have for works."""
        with BOOKS.open(encoding="utf-8", newline="") as file:
            isbns = {row["isbn"]: row["work"] for row in csv.DictReader(file)}
        books = ProductPage.objects.filter(editions__isbn__in=isbns).order_by("-pk").distinct()
        return {
            isbns[edition.isbn]: book
            for book in books.prefetch_related("editions")
            for edition in book.editions.all()
            if edition.isbn in isbns
        }

    def write_tags(self) -> None:
        """What the shop says of its tables."""
        for words in self.words["tags"]:
            tag, _created = Tag.objects.get_or_create(slug=words["slug"], defaults={"name": words["name"]})
            tag.description = words["description"]
            tag.save()
            page = TagPage.objects.filter(tag=tag).first()
            if page is None:
                page = self.tag_index.add_child(instance=TagPage(title=tag.name, slug=tag.slug, tag=tag))
            page.introduction = words["introduction"]
            page.search_description = words["description"]
            page.save_revision().publish()

    def write_biographies(self) -> None:
        """Lives of the writers whose books are here."""
        for words in self.words["contributors"]:
            for contributor in Contributor.objects.filter(name=words["name"]):
                contributor.biography = words["biography"]
                contributor.save()

    def write_home(self) -> None:
        """The front of the shop."""
        words = self.words["home"]
        shelves = [
            ("shelf", {"heading": shelf["heading"], "tag": tag, "number": 8})
            for shelf in words["shelves"]
            if (tag := Tag.objects.filter(slug=shelf["tag"]).first())
        ]
        picks = [
            {"book": self.works[pick["work"]], "bookseller": pick["bookseller"], "note": pick["note"]}
            for pick in self.words["staff_picks"]
            if pick["work"] in self.works
        ]
        hero = words["hero"]
        body: list[tuple[str, Any]] = [
            ("hero", {"heading": hero["heading"], "text": hero["text"], "book": self.works.get(hero["work"])}),
            *shelves[:1],
            ("staff_picks", {"heading": "Read and argued for", "picks": picks}),
            *shelves[1:2],
            ("quote", words["quote"]),
            *shelves[2:],
            ("latest", {"heading": "New on the shelves", "number": 8}),
            ("text", words["text"]),
        ]
        self.home.body = body
        self.home.search_description = self.words["footer"]["about"]
        self.home.save_revision().publish()

    def write_text_page(self, key: str, slug: str) -> StandardPage:
        """A page to read, made of headed sections."""
        words = self.words[key]
        page = StandardPage(
            title=words["title"],
            slug=slug,
            intro=words.get("intro", ""),
            body=[
                ("text", format_html("<h2>{}</h2>{}", section["heading"], mark_safe(section["html"])))  # noqa: S308
                for section in words["sections"]
            ],
        )
        return self._publish(page)

    def write_contact(self) -> ContactPage:
        """The page with the form."""
        words = self.words["contact"]
        return self._publish(
            ContactPage(title=words["title"], slug="contact-us", intro=words["intro"], thanks=words["thanks"])
        )

    def write_menus(self, main: list[Page], footer: list[Page]) -> None:
        """The links at the head and at the foot."""
        menus = Menus.for_site(self.site)
        menus.main_items = [MainMenuItem(page_id=page.pk, sort_order=place) for place, page in enumerate(main)]
        menus.footer_items = [FooterMenuItem(page_id=page.pk, sort_order=place) for place, page in enumerate(footer)]
        menus.save()

    def write_footer(self) -> None:
        """Where the shop is and when it is open."""
        words = self.words["footer"]
        footer = FooterSettings.for_site(self.site)
        footer.about, footer.phone, footer.email = words["about"], words["phone"], words["email"]
        footer.address, footer.hours = "\n".join(words["address"]), "\n".join(words["hours"])
        footer.save()

    def write_modal(self) -> None:
        """A quiet word on tag pages, after most of one was read, for the next three months."""
        words = self.words["modal"]
        goal = TagPage.objects.get(slug=words["tag"])
        modal = PageModal.objects.filter(slug=words["slug"]).first() or PageModal(slug=words["slug"])
        modal.name, modal.title, modal.link_text = words["name"], words["title"], words["link_text"]
        modal.kind, modal.body, modal.link_page = PageModal.Kind.CORNER, [("text", words["html"])], goal.page_ptr
        modal.trigger, modal.trigger_value = PageModal.Trigger.SCROLL, 70
        modal.frequency, modal.page_types = PageModal.Frequency.DAYS, [TagPage._meta.label_lower]
        modal.expire_at = timezone.now() + dt.timedelta(days=90)
        modal.exclusions = [ModalExclusion(page=goal.page_ptr)]
        modal.save()
        modal.save_revision().publish()

    def _publish(self, page: Any) -> Any:
        self.home.add_child(instance=page)
        page.save_revision().publish()
        return page


def make_person(person: Person) -> None:
    """Somebody with the demo password and a verified address; staff have their group."""
    user = User.objects.create_user(
        person.email,
        PASSWORD,
        first_name=person.first_name,
        last_name=person.last_name,
        is_staff=person.is_superuser,
        is_superuser=person.is_superuser,
    )
    EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
    if person.group:
        user.groups.add(Group.objects.get(name=person.group))
    else:
        Address.objects.create(
            user=user,
            full_name=user.get_full_name(),
            line_1="3 Weir Cottages",
            line_2="Mill Lane",
            town="Merrowbridge",
            postcode="HR9 7TH",
            country="GB",
        )
