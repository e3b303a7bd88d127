"""H-04: where people pay, scripts and headers are those of the release; a check each day says where they are not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import CommandError, call_command

from catalog.tests.factories import book
from commerce import payment_pages
from commerce.tests.factories import DETAILS, an_order, standard_delivery

GOOD = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store, private",
}
PAGE = '<!DOCTYPE html><title>Basket</title><script type="module" src="/static/js/main.js"></script><p>Books</p>'


@pytest.fixture
def says(settings) -> Iterator[dict]:
    """A shop that sends what it is told to: its `headers` and its `page`."""
    told = {"headers": dict(GOOD), "page": PAGE}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            for name, value in told["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told["page"].encode())

        def log_message(self, *_args):
            """Nothing on the screen."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SITE_URL = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture
def collected(settings, tmp_path) -> dict[str, Path]:
    """Our own static files, collected as on a live site: the file of each script."""
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "core.storage.StaticStorage"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    names = staticfiles_storage.hashed_files
    return {plain: tmp_path / name for plain, name in names.items() if plain.endswith(".js")}


def test_scripts_as_they_were_collected_are_right(collected):
    assert len(collected) > 10
    assert payment_pages.altered_scripts() == []


@pytest.mark.parametrize("packed", ["", ".br", ".gz"])
def test_one_byte_more_in_a_script_is_found_in_the_plain_file_and_in_each_copy(collected, packed):
    name = "js/consent.js"
    path = collected[name].with_name(collected[name].name + packed)
    content = path.read_bytes()
    path.write_bytes(content[:-2] + b" " + content[-2:])

    [fault] = payment_pages.altered_scripts()

    assert path.name in fault


def test_a_script_that_is_gone_is_found(collected):
    collected["js/main.js"].unlink()
    [fault] = payment_pages.altered_scripts()
    assert fault.endswith("it is missing")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_shop_itself_has_no_fault(shop, settings, live_server):
    settings.SITE_URL = live_server.url
    settings.STATIC_URL = "/static/"
    assert payment_pages.faults_of_pages() == []


@pytest.mark.parametrize(
    ("header", "value", "fault"),
    [
        ("Content-Security-Policy", "script-src 'self' https://evil.example", "the content policy lets other scripts"),
        ("Content-Security-Policy", "script-src 'self' 'unsafe-inline'", "the content policy lets other scripts"),
        ("Content-Security-Policy", "", "the content policy lets other scripts"),
        ("X-Content-Type-Options", "", "the header X-Content-Type-Options"),
        ("Cache-Control", "public", "the header Cache-Control"),
    ],
)
def test_a_header_that_is_not_as_it_was_is_found(says, header, value, fault):
    says["headers"][header] = value
    found = payment_pages.faults_of_pages()
    assert len(found) == len(payment_pages.PAGES)
    assert fault in found[0]


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ('<script src="https://evil.example/static/js/main.js"></script>', "a script of somebody else"),
        ('<script src="//evil.example/x.js"></script>', "a script of somebody else"),
        ('<script src="/media/x.js"></script>', "a script of somebody else"),
        ("<script>fetch('//evil.example')</script>", "a script stands in the page"),
        ('<script type="module">1</script>', "a script stands in the page"),
        ('<img src="x" onerror="alert(1)">', "a script stands in an attribute"),
    ],
)
def test_a_script_that_is_not_ours_is_found(says, added, fault):
    says["page"] += added
    assert fault in payment_pages.faults_of_pages()[0]


def test_a_script_at_our_own_address_that_was_never_collected_is_found(says, collected):
    says["page"] = PAGE.replace("main.js", collected["js/main.js"].name)
    assert payment_pages.faults_of_pages() == []
    says["page"] += '<script src="/static/js/main.js?"></script>'
    assert "a script that this release does not have" in payment_pages.faults_of_pages()[0]


def test_data_in_a_script_element_is_no_script(says):
    says["page"] += '<script type="application/json">{"a": 1}</script>'
    assert payment_pages.faults_of_pages() == []


def test_over_https_the_browser_must_be_told_to_stay_there(says, settings):
    settings.HTTPS = True
    assert "Strict-Transport-Security" in payment_pages.faults_of_pages()[0]


def test_the_daily_check_alarms(says, caplog, capsys):
    call_command("check_payment_pages")
    says["page"] += "<script>1</script>"

    with pytest.raises(CommandError):
        call_command("check_payment_pages", verbosity=0)

    assert "/basket/: a script stands in the page: 1" in capsys.readouterr().out
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_it_is_looked_at_every_day(settings):
    assert settings.SCHEDULE["check_payment_pages"] == 24 * 60 * 60


def test_every_screen_of_the_checkout_has_our_scripts_and_no_others(client, settings, books_page):
    """What the daily look cannot reach without buying."""
    settings.PAYMENT_SANDBOX = True
    edition = book("Emma").editions.get()
    order = an_order({edition: 1}, method="sandbox")
    client.post("/basket/add/", {"edition": edition.pk, "quantity": 1})
    client.post("/checkout/", DETAILS)
    client.post("/checkout/delivery/", {"method": standard_delivery().pk})
    for path in ("/basket/", "/checkout/", "/checkout/delivery/", "/checkout/review/",
                 f"/checkout/pay/{order.token}/", f"/checkout/done/{order.token}/"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200
        assert list(payment_pages.scripts_not_ours(answer.content, settings.SITE_URL + path)) == []
