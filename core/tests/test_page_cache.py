"""Whole pages from the cache."""

from __future__ import annotations

import datetime as dt
import threading
import time
from contextlib import ExitStack, contextmanager
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.module_loading import import_string
from wagtail.models import PageViewRestriction

from accounts.models import User
from catalog import facets, stock
from catalog.models import Contributor, Price
from catalog.tests.factories import book
from core import page_cache
from core.page_cache import PageCacheMiddleware

FILES = "core.file_cache.FileCache"
DJANGO_S = "django.core.cache.backends.filebased.FileBasedCache"
EVERYWHERE = pytest.mark.parametrize("pages", ["", "files"], indirect=True)


@pytest.fixture(autouse=True)
def pages(settings, request, tmp_path):
    """The cache of pages, switched on: Redis where the suite runs on services, else memory; files for "files"."""
    if getattr(request, "param", "") == "files":
        settings.CACHES = {**settings.CACHES, "pages": {"BACKEND": FILES, "LOCATION": tmp_path}}
    settings.MIDDLEWARE = ["core.page_cache.PageCacheMiddleware", *settings.MIDDLEWARE]
    return caches["pages"]


@pytest.fixture
def rf(monkeypatch) -> RequestFactory:
    """Requests for the middleware alone, without a shop behind it."""
    monkeypatch.setattr(page_cache, "horizons", {})
    return RequestFactory()


@pytest.fixture
def stored(monkeypatch, pages):
    """The keys of the pages that were stored."""
    keys: list[str] = []
    original = type(pages).set

    def note(self, key, value, *args, **kwargs):
        if isinstance(value, page_cache.Entry):
            keys.append(key)
        return original(self, key, value, *args, **kwargs)

    monkeypatch.setattr(type(pages), "set", note)
    return keys


@pytest.fixture
def persuasion(books_page):
    """A book in the catalogue."""
    return book("Persuasion", price="7.99", in_stock=5)


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """`with commits():` what waits for the commit happens at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def text(client: Client, address: str, **headers) -> str:
    """The page as a visitor reads it."""
    return client.get(address, headers=headers).content.decode()


@pytest.mark.parametrize("address", ["/", "/books/", "/books/persuasion/", "/tags/", "/contributors/jane-austen/"])
def test_a_second_visitor_costs_no_query(persuasion, client, address, django_assert_num_queries):
    first = client.get(address)

    with django_assert_num_queries(0):
        second = Client().get(address)

    assert (second.status_code, second.content) == (200, first.content)


def test_a_browser_that_has_the_page_is_told_so(persuasion, client):
    first = client.get("/books/persuasion/")

    again = client.get("/books/persuasion/", headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]


def test_the_answer_is_stored_compressed_and_given_so_to_whom_it_suits(persuasion, client):
    plain = client.get("/books/persuasion/")

    compressed = client.get("/books/persuasion/", headers={"accept-encoding": "gzip, br"})

    assert compressed["Content-Encoding"] == "gzip"
    assert len(compressed.content) < len(plain.content) / 2


@EVERYWHERE
def test_a_changed_price_is_on_the_next_page(persuasion, client, commits):
    assert "£7.99" in text(client, "/books/persuasion/")
    assert "£7.99" in text(client, "/books/")

    with commits():
        price = Price.objects.get()
        price.amount = Decimal("6.50")
        price.save()

    for address in ("/books/persuasion/", "/books/"):
        assert "£6.50" in text(client, address)
        assert "£7.99" not in text(client, address)


def test_the_last_copy_sold_is_on_the_next_page(persuasion, client, commits):
    assert "In stock" in text(client, "/books/persuasion/")

    with commits():
        stock.allocate({persuasion.editions.get().pk: 5})

    assert "In stock" not in text(client, "/books/persuasion/")


def test_a_published_text_is_on_the_next_page(persuasion, client, commits):
    text(client, "/books/persuasion/")

    persuasion.short_description = "Second chances, and Bath in the rain."
    with commits():
        persuasion.save_revision().publish()

    assert "Bath in the rain" in text(client, "/books/persuasion/")


def test_an_unpublished_book_is_gone_at_once(persuasion, client, commits):
    text(client, "/books/persuasion/")

    with commits():
        persuasion.unpublish()

    assert client.get("/books/persuasion/").status_code == 404


def test_a_sale_leaves_the_pages_of_other_books_alone(persuasion, client, commits, django_assert_num_queries):
    book("Middlemarch", contributors=["George Eliot"])
    client.get("/books/persuasion/")

    with commits():
        other = persuasion.get_next_siblings().get().specific
        stock.allocate({other.editions.get().pk: 1})

    with django_assert_num_queries(0):
        client.get("/books/persuasion/")


def test_a_renamed_contributor_is_on_the_next_page(persuasion, client, commits):
    assert "Jane Austen" in text(client, "/books/persuasion/")

    with commits():
        person = Contributor.objects.get()
        person.name = "Miss Austen"
        person.save()

    assert "Miss Austen" in text(client, "/books/persuasion/")


def test_a_price_begins_to_the_second_on_a_page_stored_before(persuasion, client, commits):
    now = timezone.now()
    with commits():
        Price.objects.create(
            edition=persuasion.editions.get(), amount=Decimal("5.00"), currency="GBP",
            starts_at=now + dt.timedelta(minutes=30), ends_at=now + dt.timedelta(minutes=45),
        )  # fmt: skip
    assert "£7.99" in text(client, "/books/persuasion/")

    with time_machine.travel(now + dt.timedelta(minutes=30, seconds=1)):
        assert "£5.00" in text(client, "/books/persuasion/")
    with time_machine.travel(now + dt.timedelta(minutes=45, seconds=1)):
        assert "£7.99" in text(client, "/books/persuasion/")


def test_campaign_parameters_share_the_page_and_are_not_seen_by_it(persuasion, client, django_assert_num_queries):
    client.get("/books/")

    with django_assert_num_queries(0):
        page = text(client, '/books/?utm_source="><script>&gclid=1&page=1'.replace("&page=1", ""))

    assert "utm_source" not in page


@pytest.mark.parametrize("address", ["/", "/books/", "/books/persuasion/", "/contributors/jane-austen/"])
@pytest.mark.parametrize("changed", ["a price", "a modal"])
def test_the_first_page_after_a_purge_costs_its_own_queries_only(
    persuasion, client, settings, commits, address, changed, django_assert_num_queries
):
    """When something changes by itself next was asked by whoever changed the price."""
    client.get(address)
    with_cache = settings.MIDDLEWARE
    settings.MIDDLEWARE = with_cache[1:]
    with CaptureQueriesContext(connection) as own:
        Client().get(address)
    settings.MIDDLEWARE = with_cache
    with commits():
        if changed == "a price":
            Price.objects.get().save()
        else:
            page_cache.purge(page_cache.SITE)
    facets.index.state()  # lists know the numbers of books; whoever asks first after a sale reads them

    with django_assert_num_queries(len(own)):
        Client().get(address)


def test_a_horizon_that_was_asked_before_a_price_was_planned_holds_for_no_page(persuasion, client, commits, pages):
    """Also where the one who planned it could not ask."""
    now = timezone.now()
    text(client, "/books/persuasion/")
    asked_before = pages.get("pages.horizon.catalogue")
    with commits():
        Price.objects.create(
            edition=persuasion.editions.get(), amount=Decimal("5.00"), currency="GBP",
            starts_at=now + dt.timedelta(minutes=30), ends_at=now + dt.timedelta(minutes=45),
        )  # fmt: skip
    pages.set("pages.horizon.catalogue", asked_before, None)

    assert "£7.99" in text(client, "/books/persuasion/")
    with time_machine.travel(now + dt.timedelta(minutes=30, seconds=1)):
        assert "£5.00" in text(client, "/books/persuasion/")


def test_a_price_is_changed_also_where_nobody_can_say_what_comes_next(persuasion, client, commits, monkeypatch):
    def broken():
        raise RuntimeError("no answer")

    text(client, "/books/persuasion/")
    with monkeypatch.context() as patch, commits():
        patch.setattr(page_cache, "horizons", {page_cache.CATALOGUE: [broken]})
        price = Price.objects.get()
        price.amount = Decimal("6.50")
        price.save()

    assert "£6.50" in text(client, "/books/persuasion/")


def test_each_state_of_a_list_is_a_page_of_its_own(persuasion, client):
    book("Middlemarch", contributors=["George Eliot"], format="hardback")

    assert "Middlemarch" in text(client, "/books/?format=hardback")
    assert "Middlemarch" not in text(client, "/books/?format=paperback").partition("<main")[2]


@pytest.mark.parametrize("address", ["/basket/", "/account/login/", "/search/?q=persuasion", "/no-such-page/"])
def test_what_is_personal_typed_or_missing_is_never_stored(persuasion, client, address, stored):
    client.get(address)

    assert stored == []


def with_cookie(_request):
    response = HttpResponse("Ada")
    response.set_cookie("name", "Ada")
    return response


@pytest.mark.parametrize(
    "render",
    [
        with_cookie,
        lambda _request: HttpResponse("Ada", headers={"Vary": "Cookie"}),
        lambda _request: HttpResponse("Bonjour", headers={"Vary": "Accept-Encoding, accept-language"}),
        lambda _request: HttpResponse("Ada", headers={"Cache-Control": "Private"}),
        lambda _request: HttpResponse("gone", status=404),
    ],
    ids=["sets a cookie", "varies by cookie", "varies by language", "private", "missing"],
)
def test_an_answer_for_one_person_is_never_stored_here_nor_elsewhere(rf: RequestFactory, stored, render):
    response = PageCacheMiddleware(render)(rf.get("/somewhere/"))

    assert stored == []
    assert "private" in response["Cache-Control"].lower()


def test_an_answer_for_everybody_is_stored(rf: RequestFactory, stored):
    PageCacheMiddleware(lambda _request: HttpResponse("everybody"))(rf.get("/somewhere/"))

    assert len(stored) == 1


def test_a_page_behind_a_password_or_a_sign_in_is_never_stored(persuasion, client, commits):
    with commits():
        PageViewRestriction.objects.create(page=persuasion, restriction_type=PageViewRestriction.LOGIN)
    reader = User.objects.create_user("reader@booktime.example", "secret-for-tests")
    client.force_login(reader)

    assert client.get("/books/persuasion/").status_code == 200
    assert Client().get("/books/persuasion/").status_code == 302


def test_a_preview_shows_the_draft_where_the_page_itself_is_stored(persuasion, client, stored):
    text(client, "/books/persuasion/", host="localhost")
    persuasion.short_description = "Not for everybody yet."
    draft = persuasion.save_revision().as_object()
    stored.clear()

    preview = draft.make_preview_request()

    assert "Not for everybody yet." in preview.content.decode()
    assert stored == []
    assert "Not for everybody yet." not in text(client, "/books/persuasion/", host="localhost")


def test_those_who_are_signed_in_are_given_the_page_of_everybody(persuasion, client):
    anonymous = text(client, "/books/persuasion/")
    client.force_login(User.objects.create_user("reader@booktime.example", "secret-for-tests", first_name="Ada"))

    assert text(client, "/books/persuasion/") == anonymous
    assert "Ada" not in text(client, "/books/persuasion/")


def test_another_host_name_is_another_page(rf: RequestFactory, settings):
    settings.ALLOWED_HOSTS = ["one.example", "other.example"]
    middleware = PageCacheMiddleware(lambda request: HttpResponse(request.get_host()))

    for host in ("one.example", "other.example", "one.example"):
        assert middleware(rf.get("/somewhere/", headers={"host": host})).content.decode() == host


def at_once(visit, visitors: int = 20) -> None:
    """Twenty visitors in the same moment."""
    threads = [threading.Thread(target=visit) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@EVERYWHERE
def test_one_renders_while_the_others_get_the_old_answer(rf: RequestFactory):
    rendered = []

    def slow(_request):
        rendered.append(1)
        time.sleep(0.3)
        return HttpResponse(f"version {len(rendered)}")

    middleware = PageCacheMiddleware(slow)
    middleware(rf.get("/somewhere/"))
    page_cache._purge([page_cache.CATALOGUE])
    answers: list[bytes] = []
    visitors = [
        threading.Thread(target=lambda: answers.append(middleware(rf.get("/somewhere/")).content)) for _ in range(20)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()

    assert len(rendered) == 2
    assert sorted(set(answers)) == [b"version 1", b"version 2"]


def test_what_was_unpublished_is_given_to_nobody_while_others_look_for_it(rf: RequestFactory):
    PageCacheMiddleware(lambda _request: HttpResponse("published"))(rf.get("/somewhere/"))
    page_cache._purge([page_cache.CATALOGUE])
    statuses: list[int] = []

    def slow(_request):
        time.sleep(0.2)
        return HttpResponse("unpublished", status=404)

    middleware = PageCacheMiddleware(slow)
    middleware(rf.get("/somewhere/"))
    at_once(lambda: statuses.append(middleware(rf.get("/somewhere/")).status_code))

    assert statuses == [404] * 20


def test_nobody_waits_twice_for_a_page_that_is_not_kept(rf: RequestFactory, pages):
    request = rf.get("/somewhere/")
    rendering = f"{page_cache._key(request, '')}.rendering"
    pages.set(rendering, "somebody", 60)
    somebody_else = threading.Timer(0.2, pages.set, [rendering, "somebody else", 60])
    somebody_else.start()
    began = time.monotonic()

    PageCacheMiddleware(lambda _request: HttpResponse("missing", status=404))(request)

    assert 0.2 < time.monotonic() - began < page_cache.RENDER_SECONDS / 4


def test_a_page_that_ended_by_itself_is_rendered_once_more_and_not_for_every_visitor(rf: RequestFactory):
    rendered = []
    middleware = PageCacheMiddleware(lambda _request: HttpResponse(f"{rendered.append(1)}"))

    for hours in (0, 2):
        with time_machine.travel(timezone.now() + dt.timedelta(hours=hours)):
            for _visitor in range(3):
                middleware(rf.get("/somewhere/"))

    assert len(rendered) == 2


def test_an_expired_page_is_given_to_nobody_while_somebody_renders_the_new_one(rf: RequestFactory):
    """A price begins to the second, also for those who come at that second together."""
    began, answers = timezone.now(), []
    old = PageCacheMiddleware(lambda _request: HttpResponse("until noon"))
    old(rf.get("/somewhere/"))
    with time_machine.travel(began + dt.timedelta(seconds=page_cache.SECONDS / 2)):
        page_cache._purge(["book:12"])  # which is not on the page: it stays
        old(rf.get("/somewhere/"))

    def slow(_request):
        time.sleep(0.2)
        return HttpResponse("from noon")

    middleware = PageCacheMiddleware(slow)
    with time_machine.travel(began + dt.timedelta(seconds=page_cache.SECONDS + 1)):
        at_once(lambda: answers.append(middleware(rf.get("/somewhere/")).content))

    assert set(answers) == {b"from noon"}


@EVERYWHERE
def test_visitors_of_a_page_that_nobody_saw_yet_wait_for_the_one_that_renders(rf: RequestFactory):
    rendered = []

    def slow(_request):
        rendered.append(1)
        time.sleep(0.2)
        return HttpResponse("the page")

    middleware = PageCacheMiddleware(slow)
    at_once(lambda: middleware(rf.get("/somewhere/")))

    assert len(rendered) == 1


@pytest.mark.parametrize("look", [1, 2])
def test_a_page_that_is_ready_between_two_looks_is_not_rendered_again(rf: RequestFactory, pages, monkeypatch, look):
    def middleware(words: str) -> PageCacheMiddleware:
        return PageCacheMiddleware(lambda _request: HttpResponse(words))

    rendering, looks, get = f"{page_cache._key(rf.get('/somewhere/'), '')}.rendering", [], pages.get
    pages.set(rendering, "somebody", 60)

    def just_before(name, *args, **kwargs):
        looks.extend([name] if name == rendering else [])
        if len(looks) == look:
            monkeypatch.setattr(pages, "get", get)
            pages.delete(rendering)
            middleware("somebody's")(rf.get("/somewhere/"))
        return get(name, *args, **kwargs)

    monkeypatch.setattr(pages, "get", just_before)

    assert middleware("again")(rf.get("/somewhere/")).content == b"somebody's"


@pytest.mark.parametrize(
    ("kind", "winners"),
    [(FILES, 1), ("django.core.cache.backends.filebased.FileBasedCache", 20)],
    ids=["ours", "control"],
)
def test_of_twenty_that_look_at_the_same_moment_one_is_first(tmp_path, kind, winners):
    cache = import_string(kind)(tmp_path, {})
    all_have_looked, first = threading.Barrier(20), []
    looks = cache.has_key

    def look(key, version=None):
        found = looks(key, version)
        all_have_looked.wait(10)
        return found

    cache.has_key = look
    threads = [threading.Thread(target=lambda: first.append(cache.add("rendering", "me", 10))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert first.count(True) == winners
    assert cache.get("rendering") == "me"


def test_what_has_expired_in_a_file_is_not_there(tmp_path):
    cache = import_string(FILES)(tmp_path, {})

    assert [cache.add("one", 1, 0.05), cache.add("one", 2, 60)] == [True, False]
    time.sleep(0.1)
    assert (cache.add("one", 3, 60), cache.get("one")) == (True, 3)


def test_who_comes_just_after_the_first_one_finished_is_given_its_page(rf: RequestFactory, pages, monkeypatch):
    rendered = []

    def render(_request):
        rendered.append(1)
        return HttpResponse("page")

    middleware, add = PageCacheMiddleware(render), pages.add

    def late(key, *args, **kwargs):
        if key.endswith(".rendering") and not rendered:
            monkeypatch.setattr(pages, "add", add)
            middleware(rf.get("/somewhere/"))
        return add(key, *args, **kwargs)

    monkeypatch.setattr(pages, "add", late)

    assert middleware(rf.get("/somewhere/")).content == b"page"
    assert len(rendered) == 1


@EVERYWHERE
def test_a_change_during_the_rendering_is_not_lost(rf: RequestFactory):
    def changed_meanwhile(_request):
        page_cache._purge([page_cache.CATALOGUE])
        return HttpResponse("old")

    PageCacheMiddleware(changed_meanwhile)(rf.get("/somewhere/"))

    assert PageCacheMiddleware(lambda _r: HttpResponse("new"))(rf.get("/somewhere/")).content == b"new"


@pytest.fixture
def half_told(monkeypatch, pages):
    """`with half_told("before"):` within it somebody purges the catalogue and stops before (after) its version."""

    @contextmanager
    def half_told(when: str):
        here, go_on = threading.Event(), threading.Event()
        original = type(pages).set_many

        def stop(self, *args, **kwargs):
            if when == "after":
                original(self, *args, **kwargs)
            here.set()
            go_on.wait(5)
            if when == "before":
                original(self, *args, **kwargs)

        monkeypatch.setattr(type(pages), "set_many", stop)
        purging = threading.Thread(target=page_cache._purge, args=[[page_cache.CATALOGUE]])
        purging.start()
        here.wait(5)
        yield
        go_on.set()
        purging.join()
        monkeypatch.setattr(type(pages), "set_many", original)

    return half_told


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_page_that_was_rendered_while_a_change_was_half_told_is_not_kept(rf: RequestFactory, half_told, when):
    pause = ExitStack()

    def changed_meanwhile(_request):
        pause.enter_context(half_told(when))
        return HttpResponse("old")

    with pause:
        PageCacheMiddleware(changed_meanwhile)(rf.get("/somewhere/"))

    assert PageCacheMiddleware(lambda _r: HttpResponse("new"))(rf.get("/somewhere/")).content == b"new"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_page_that_was_asked_for_while_a_change_was_half_told_is_stale(rf: RequestFactory, half_told, when):
    PageCacheMiddleware(lambda _r: HttpResponse("old"))(rf.get("/somewhere/"))
    middleware = PageCacheMiddleware(lambda _r: HttpResponse("new"))

    with half_told(when):
        middleware(rf.get("/somewhere/"))

    assert middleware(rf.get("/somewhere/")).content == b"new"


def test_a_lost_version_is_a_miss_and_never_yesterdays_page(rf: RequestFactory, pages):
    PageCacheMiddleware(lambda _r: HttpResponse("old"))(rf.get("/somewhere/"))
    pages.delete_many([page_cache.STAMP, "pages.version.catalogue"])

    assert PageCacheMiddleware(lambda _r: HttpResponse("new"))(rf.get("/somewhere/")).content == b"new"
