"""K-04: the shop is told to stop while twenty orders are placed. None that was confirmed is lost, none is half."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import lxml.html
import requests

from tests.e2e.conftest import Shop, running_shop

SHOPPERS = 20
ADDRESS = {
    "full_name": "Mary Shopper", "line_1": "1 Mill Lane", "town": "London", "postcode": "N1 9GU", "country": "GB",
}  # fmt: skip


def fields_of(page: requests.Response, button: str) -> tuple[str, dict[str, str]]:
    """Address and values of the form that a button sends."""
    document = lxml.html.fromstring(page.content, base_url=page.url)
    document.make_links_absolute()
    form = next(form for form in document.forms if button in form.text_content())
    return form.action or page.url, {name: value for name, value in form.form_values() if value}


def stand_at_the_review(shop: Shop, number: int) -> tuple[requests.Session, str, dict[str, str]]:
    """A guest whose next click places the order: with the form of the last screen."""
    guest = requests.Session()
    guest.headers["Origin"] = shop.url
    found = guest.get(f"{shop.url}/search/?q=frankenstein", timeout=30).text
    page = guest.get(shop.url + re.search(r'href="(/books/[^"?]*frankenstein[^"?]*)', found).group(1), timeout=30)
    action, fields = fields_of(page, "Add to basket")
    guest.post(action, fields, timeout=30)
    guest.post(f"{shop.url}/checkout/", {**ADDRESS, "email": f"k04-{number}@reader.example"}, timeout=30)
    delivery = guest.get(f"{shop.url}/checkout/delivery/", timeout=30)
    method = lxml.html.fromstring(delivery.content).xpath("//input[@name='method']/@value")[0]
    review = guest.post(f"{shop.url}/checkout/delivery/", {"method": method}, timeout=30)
    action, fields = fields_of(review, "Place order and pay")
    return guest, action, {**fields, "payment": "invoice"}


def test_a_shop_that_is_told_to_stop_ends_what_it_has_begun(tmp_path_factory):
    var = tmp_path_factory.mktemp("stopped")
    confirmed: list[str] = []
    barrier = Barrier(SHOPPERS + 1)
    with running_shop(var) as shop:
        ready = [stand_at_the_review(shop, number) for number in range(SHOPPERS)]

        def click(ready: tuple[requests.Session, str, dict[str, str]]) -> None:
            guest, action, fields = ready
            barrier.wait(60)
            try:
                answer = guest.post(action, fields, allow_redirects=False, timeout=60)
            except requests.RequestException:
                return  # not confirmed: the shopper presses the button again
            if answer.status_code == 302 and "/checkout/done/" in answer.headers["Location"]:
                confirmed.append(answer.headers["Location"])
            else:
                assert answer.status_code in {302, 503}, answer.status_code

        with ThreadPoolExecutor(SHOPPERS) as pool:
            clicks = [pool.submit(click, one) for one in ready]
            barrier.wait(60)
            time.sleep(0.3)
            shop.process.terminate()
            told = time.monotonic()
            for one in clicks:
                one.result()
            shop.process.wait(30)
            assert time.monotonic() - told < 30

    assert confirmed, "some were placed before it stopped"
    with running_shop(var) as again:
        for place in confirmed:
            page = requests.get(again.url + place, timeout=30)
            assert page.status_code == 200
            assert "Thank you" in page.text
        assert "The books agree" in again.manage("check_books")
