"""The books of the stock: every copy that moved is written down, and what is on the shelf follows from it."""

from __future__ import annotations

from importlib import import_module
from unittest.mock import patch

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.models import User
from catalog import forms, stock
from catalog.importers.generated import records
from catalog.importers.load import load
from catalog.models import Edition, StockMovement, StockRecord
from catalog.tests.factories import book
from catalog.tests.test_admin import edit_url, edition_form

pytestmark = pytest.mark.django_db
Kind = StockMovement.Kind


@pytest.fixture
def edition(books_page) -> Edition:
    """Five on the shelf."""
    return book("Persuasion", in_stock=5).editions.get()


@pytest.fixture
def owner(client, db) -> User:
    user = User.objects.create_superuser("owner@booktime.example", "secret-for-tests")
    client.force_login(user)
    return user


def ledger(edition: Edition) -> list[tuple[str, int]]:
    """The movements, the first first."""
    return list(edition.movements.order_by("id").values_list("kind", "quantity"))


def on_shelf(edition: Edition) -> tuple[int, int]:
    record = StockRecord.objects.get(edition=edition)
    return record.on_hand, record.allocated


def test_every_move_of_an_order_is_written_down_with_its_number(edition):
    stock.allocate({edition.pk: 3}, order="BT-1")
    stock.release({edition.pk: 1}, order="BT-1", why="by the customer")
    stock.consume({edition.pk: 2}, order="BT-1")

    assert ledger(edition) == [("received", 5), ("allocated", 3), ("released", 1), ("shipped", 2)]
    assert on_shelf(edition) == (3, 0)
    released = StockMovement.objects.get(kind=Kind.RELEASED)
    assert (released.order_number, released.why, released.user) == ("BT-1", "by the customer", None)


def test_copies_that_come_are_lost_or_found_are_written_down_with_who_and_why(edition, owner):
    stock.adjust(edition.pk, 7, kind=Kind.RECEIVED, user=owner, why="delivery note 12")
    stock.adjust(edition.pk, -2, kind=Kind.WRITTEN_OFF, user=owner, why="wet")
    stock.adjust(edition.pk, -1, user=owner)
    stock.adjust(edition.pk, 0, user=owner)

    assert ledger(edition) == [("received", 5), ("received", 7), ("written-off", 2), ("counted", -1)]
    assert on_shelf(edition) == (9, 0)
    assert set(StockMovement.objects.exclude(why="for a test").values_list("user", flat=True)) == {owner.pk}


def test_what_is_refused_leaves_no_movement(edition):
    other = book("Emma", in_stock=1).editions.get()

    with pytest.raises(stock.InsufficientStock):
        stock.allocate({edition.pk: 1, other.pk: 2})
    with pytest.raises(stock.InsufficientStock):
        stock.release({edition.pk: 1})
    with pytest.raises(stock.InsufficientStock):
        stock.adjust(edition.pk, -6)

    assert (ledger(edition), ledger(other)) == ([("received", 5)], [("received", 1)])


@pytest.mark.parametrize(("kind", "quantity"), [("received", -1), ("shipped", 0), ("counted", 0)])
def test_the_database_refuses_a_movement_of_nothing_or_backwards(edition, kind, quantity):
    with pytest.raises(IntegrityError), transaction.atomic():
        StockMovement.objects.create(edition=edition, kind=kind, quantity=quantity, at=edition.created_at)


def test_a_feed_opens_the_books_of_what_is_new_once(books_page):
    load(records(40, 1), source="test")
    counted = dict(StockRecord.objects.filter(on_hand__gt=0).values_list("edition", "on_hand"))
    load(records(40, 1), source="test")

    assert counted
    assert dict(StockMovement.objects.values_list("edition", "quantity")) == counted
    assert set(StockMovement.objects.values_list("kind", "why")) == {("received", "as the feed said")}


def test_shops_that_are_older_than_the_books_begin_with_what_is_there(edition):
    stock.allocate({edition.pk: 2})
    StockMovement.objects.all().delete()

    import_module("catalog.migrations.0011_stock_movements").open_the_books(apps, None)

    assert ledger(edition) == [("received", 5), ("allocated", 2)]


class TestForm:
    def test_staff_say_why_there_are_more(self, client, owner, edition):
        changes = {"on_hand": "12", "stock_kind": "received", "stock_why": "delivery note 12"}

        client.post(edit_url(edition), edition_form(edition, **changes))

        last = edition.movements.first()
        assert (last.kind, last.quantity, last.why, last.user) == ("received", 7, "delivery note 12", owner)

    def test_without_a_reason_it_is_a_count(self, client, owner, edition):
        client.post(edit_url(edition), edition_form(edition, on_hand="4"))
        assert ledger(edition)[-1] == ("counted", -1)

    @pytest.mark.parametrize(("kind", "on_hand"), [("received", "4"), ("written-off", "6")])
    def test_a_reason_that_contradicts_the_number_is_refused(self, client, owner, edition, kind, on_hand):
        answer = client.post(edit_url(edition), edition_form(edition, on_hand=on_hand, stock_kind=kind))

        assert "The number of copies says the opposite." in answer.content.decode()
        assert on_shelf(edition) == (5, 0)

    def test_a_sale_between_the_check_and_the_writing_is_not_undone(self, client, owner, edition):
        """C-04: the form was opened at 5; while it is saved as 4, an order takes one."""
        with just_before_saving(lambda: stock.allocate({edition.pk: 1}), lambda: stock.consume({edition.pk: 1})):
            answer = client.post(edit_url(edition), edition_form(edition, on_hand="4"))

        assert answer.status_code == 302
        assert on_shelf(edition) == (3, 0)
        assert ledger(edition)[1:] == [("allocated", 1), ("shipped", 1), ("counted", -1)]

    def test_copies_that_were_promised_meanwhile_send_the_form_back(self, client, owner, edition):
        with just_before_saving(lambda: stock.allocate({edition.pk: 3})):
            answer = client.post(edit_url(edition), edition_form(edition, on_hand="1", imprint="Virago"))

        assert answer.status_code == 200
        assert "Copies were promised to a customer meanwhile." in answer.content.decode()
        assert on_shelf(edition) == (5, 3)
        assert Edition.objects.get().imprint == "", "nothing of the form was saved"

    def test_control_writing_the_number_itself_would_undo_the_sale(self, client, owner, edition):
        def write(edition_id: int, change: int, **_kwargs) -> None:
            StockRecord.objects.filter(edition=edition_id).update(on_hand=4)

        sale = just_before_saving(lambda: stock.allocate({edition.pk: 1}), lambda: stock.consume({edition.pk: 1}))
        with patch.object(forms.stock, "adjust", write), sale:
            client.post(edit_url(edition), edition_form(edition, on_hand="4"))

        assert on_shelf(edition) == (4, 0), "a copy that was sold is on the shelf again"


def just_before_saving(*calls):
    """Something that happens after the form was checked, before anything of it is written."""
    clean = forms.EditionForm.clean

    def then(form):
        cleaned = clean(form)
        for call in calls:
            call()
        return cleaned

    return patch.object(forms.EditionForm, "clean", then)


class TestAdmin:
    def test_an_edition_shows_its_last_movements_and_leads_to_all(self, client, owner, edition):
        stock.allocate({edition.pk: 2}, order="BT-7K3M-9QXZ")

        form = client.get(edit_url(edition)).content.decode()
        listed = client.get(f"/admin/stock/?q={edition.sku}").content.decode()

        for page in (form, listed):
            assert "BT-7K3M-9QXZ" in page
            assert "Promised to a customer" in page
        assert f"/admin/stock/?q={edition.sku}" in form

    def test_movements_are_found_by_order_and_kind_and_taken_away_as_csv(self, client, owner, edition):
        stock.allocate({edition.pk: 2}, order="BT-7K3M-9QXZ")
        stock.adjust(edition.pk, 1, why='=HYPERLINK("https://evil.example")')

        by_order = client.get("/admin/stock/?q=BT-7K3M-9QXZ").content.decode()
        file = client.get("/admin/stock/?kind=counted&export=csv").getvalue().decode()

        assert "for a test" not in by_order
        assert "Persuasion" in file
        assert "\"'=HYPERLINK" in file
        assert "allocated" not in file

    def test_the_list_costs_the_same_for_one_row_and_for_many(
        self, client, owner, edition, django_assert_num_queries, django_assert_max_num_queries
    ):
        url = reverse("stock_movements:index")
        client.get(url)
        with django_assert_max_num_queries(20) as few:
            client.get(url)
        for number in range(30):
            stock.adjust(book(f"Book {number}").editions.get().pk, 1, user=owner)
        with django_assert_num_queries(len(few)):
            client.get(url)

    @pytest.mark.parametrize(("role", "status"), [(roles.OFFICE, 200), (roles.DISPATCH, 200), (roles.MARKETER, 302)])
    def test_those_who_work_with_stock_may_look_and_nobody_may_write(self, shop, edition, role, status):
        roles.apply()
        user = User.objects.create_user("staff@example.org", "secret-for-tests", is_active=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)

        assert client.get("/admin/stock/").status_code == status
        movement = edition.movements.get()
        for path in ("new/", f"edit/{movement.pk}/", f"delete/{movement.pk}/"):
            assert client.post(f"/admin/stock/{path}", {"quantity": 9}).status_code == 404
