"""Signing up, in and out, a forgotten password, another address, and how long a session lasts."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from allauth.account import forms as allauth_forms
from allauth.account.models import EmailAddress
from django.conf import settings as configured
from django.contrib.auth import hashers
from django.core import mail
from django.db import connection
from django.test import Client

from accounts import roles
from accounts.models import User
from accounts.signup import SignupForm
from accounts.tests.factories import PASSWORD, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(shop) -> User:
    return member("ada@example.org", first_name="Ada")


@pytest.fixture
def outbox(django_capture_on_commit_callbacks):
    """Mails that a request sends, with what waits for the commit."""

    def sent(send):
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            answer = send()
        return answer, list(mail.outbox)

    return sent


def sign_up(client: Client, email: str = "new@example.org", **more: str):
    return client.post("/account/signup/", {"email": email, "password1": PASSWORD, **more})


def sign_in(client: Client, email: str = "ada@example.org", password: str = PASSWORD, **more: str):
    return client.post("/account/login/", {"login": email, "password": password, **more})


def confirm_password(client: Client) -> None:
    client.post("/account/reauthenticate/", {"password": PASSWORD})


def link_in(message, path: str) -> str:
    return re.search(rf"{re.escape(configured.SITE_URL)}({path}\S+)", message.body)[1]


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


# --- Signing up


def test_an_account_opens_when_the_address_is_confirmed_and_not_before(client, shop, outbox):
    answer, [message] = outbox(lambda: sign_up(client, "New@Example.org"))

    assert answer.headers["Location"] == "/account/confirm-email/"
    assert message.to == ["new@example.org"]
    assert sign_in(Client(), "new@example.org").headers["Location"] == "/account/confirm-email/"
    assert not is_signed_in(client)

    link = link_in(message, "/account/confirm-email/")
    client.get(link)
    assert not EmailAddress.objects.get().verified, "a link that is only looked at changes nothing"
    answer, [welcome] = outbox(lambda: client.post(link))

    assert EmailAddress.objects.get().verified
    assert answer.headers["Location"] == "/account/"
    assert is_signed_in(client)
    assert (welcome.to, welcome.subject) == (["new@example.org"], "Welcome to BookTime")


def test_confirming_in_another_browser_signs_nobody_in_there(client, shop, outbox):
    _answer, [message] = outbox(lambda: sign_up(client))
    elsewhere = Client()
    elsewhere.post(link_in(message, "/account/confirm-email/"))
    assert not is_signed_in(elsewhere)
    assert sign_in(elsewhere, "new@example.org").headers["Location"] == "/account/"


@pytest.mark.parametrize("typed", ["ada@example.org", "ADA@Example.ORG", "\uff41da@example.org"])
def test_a_known_address_gets_the_answer_of_an_unknown_one_and_no_second_account(client, ada, outbox, typed):
    known, [told] = outbox(lambda: sign_up(client, typed))
    unknown, _mails = outbox(lambda: sign_up(Client(), "unknown@example.org"))

    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert client.get(known.headers["Location"]).status_code == 200
    assert told.to == ["ada@example.org"]
    assert "There is one already" in told.body
    assert User.objects.filter(email__iexact="ada@example.org").count() == 1


def test_known_and_unknown_addresses_cost_the_same_hashing(client, ada, monkeypatch):
    hashed = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda self, *given: (hashed.append(1), encode(self, *given))[1]
    )

    def work(send) -> int:
        hashed.clear()
        send()
        return len(hashed)

    assert work(lambda: sign_up(client)) == work(lambda: sign_up(Client(), ada.email)) == 1
    assert work(lambda: sign_in(Client(), password="wrong")) == work(lambda: sign_in(Client(), "no@example.org")) == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_same_address_ten_times_at_once_is_one_account_and_ten_equal_answers(shop):
    def send(email: str) -> tuple[int, str]:
        try:
            answer = sign_up(Client(), email)
            return answer.status_code, answer.headers["Location"]
        finally:
            connection.close()

    spellings = ["A@example.org", "a@example.org", "\uff41@example.org", "a@EXAMPLE.org", "A@Example.Org"] * 2
    with ThreadPoolExecutor(10) as crowd:
        answers = set(crowd.map(send, spellings))

    assert answers == {(302, "/account/confirm-email/")}
    assert User.objects.count() == EmailAddress.objects.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_control_without_the_second_look_the_same_address_at_once_is_an_error(shop, monkeypatch):
    clean = SignupForm.clean

    def slow_clean(form):
        cleaned = clean(form)
        time.sleep(0.5)  # everybody has looked for the address before anybody takes it
        return cleaned

    monkeypatch.setattr(SignupForm, "clean", slow_clean)
    monkeypatch.setattr(SignupForm, "try_save", allauth_forms.SignupForm.try_save)

    def send(_number: int) -> int:
        try:
            return sign_up(Client(raise_request_exception=False), "a@example.org").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as crowd:
        assert 500 in set(crowd.map(send, range(4)))
    assert User.objects.count() == 1, "the database has the last word"


@pytest.mark.parametrize("password", ["short", "elevenchars", "qwerty123456", "startfinding", "new@example.org"])
def test_short_common_and_personal_passwords_are_refused(client, shop, password):
    answer = client.post("/account/signup/", {"email": "new@example.org", "password1": password})
    assert answer.context["form"].errors["password1"]
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["ж" * 100, "a" * 71 + "bcdefg", "a pass phrase 🦉 with blanks"])
def test_long_passwords_of_any_letters_count_to_the_last_one(client, shop, outbox, password):
    _answer, [message] = outbox(
        lambda: client.post("/account/signup/", {"email": "new@example.org", "password1": password})
    )
    Client().post(link_in(message, "/account/confirm-email/"))
    assert not is_signed_in_with(password[:-1])
    assert is_signed_in_with(password)


def is_signed_in_with(password: str) -> bool:
    client = Client()
    sign_in(client, "new@example.org", password)
    return is_signed_in(client)


# --- Signing in and out


@pytest.mark.parametrize("typed", ["ada@example.org", "ADA@Example.org"])
def test_capitals_in_the_address_do_not_matter(client, ada, typed):
    assert sign_in(client, typed).headers["Location"] == "/account/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, ada):
    wrong, unknown = sign_in(client, password="wrong"), sign_in(client, "unknown@example.org")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert not is_signed_in(client)


def test_signing_out_needs_a_click_not_a_link(client, ada):
    client.force_login(ada)
    client.get("/account/logout/")
    assert is_signed_in(client)
    client.post("/account/logout/")
    assert client.get("/account/").headers["Location"] == "/account/login/?next=/account/"


def test_after_five_wrong_tries_the_right_password_waits_and_longer_the_next_time(client, ada):
    with time_machine.travel("2026-11-20 12:00", tick=False) as clock:
        for moment in ("12:00", "12:06", "12:31", "12:37"):
            clock.move_to(f"2026-11-20 {moment}")
            for _try in range(5):
                sign_in(client, password="wrong")
            sign_in(client)
            assert not is_signed_in(client), f"five wrong tries at {moment}"
            clock.shift(5 * 60 + 1)
            sign_in(client)
            assert is_signed_in(client) == (moment in {"12:00", "12:31"}), f"five minutes after {moment}"
            client.logout()
        clock.move_to("2026-11-21 11:59")
        sign_in(client)
        assert not is_signed_in(client), "twenty wrong tries in a day"
        clock.move_to("2026-11-21 12:01")
        sign_in(client)
        assert is_signed_in(client)


@pytest.mark.parametrize("host", ["testserver:81", "testserver:443", "www.testserver"])
def test_another_host_or_port_of_the_shop_gives_an_account_no_new_tries(client, ada, settings, host):
    settings.ALLOWED_HOSTS = ["*"]
    for _try in range(5):
        sign_in(client, password="wrong")
    elsewhere = Client(headers={"host": host})
    sign_in(elsewhere)
    assert not is_signed_in(elsewhere)


def test_a_new_password_ends_the_wait(client, ada, outbox):
    for _try in range(5):
        sign_in(client, password="wrong")
    _answer, [message] = outbox(lambda: client.post("/account/password/reset/", {"email": ada.email}))
    page = client.get(link_in(message, "/account/password/reset/key/"), follow=True)
    new = "another long secret"
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    client.logout()
    sign_in(client, password=new)
    assert is_signed_in(client)


def test_after_twenty_wrong_tries_on_any_account_a_network_waits(client, ada):
    for number in range(20):
        sign_in(client, f"user{number}@example.org", "wrong")
    sign_in(client)
    assert not is_signed_in(client)
    other = Client(REMOTE_ADDR="192.0.2.7")
    sign_in(other)
    assert is_signed_in(other)


def test_a_header_that_visitors_write_themselves_gives_no_new_tries(client, ada):
    for number in range(20):
        client.post(
            "/account/login/",
            {"login": f"user{number}@example.org", "password": "wrong"},
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
        )
    client.post(
        "/account/login/", {"login": ada.email, "password": PASSWORD}, headers={"X-Forwarded-For": "192.0.2.99"}
    )
    assert not is_signed_in(client)


@pytest.mark.parametrize("door", ["/admin/login/", "/_util/login/", "/django-admin/login/", "/django-admin/"])
def test_every_door_for_staff_leads_to_the_one_sign_in(client, ada, door):
    ada.is_staff = ada.is_superuser = True
    ada.save()
    answer = client.post(door, {"username": ada.email, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/account/login/")
    assert not is_signed_in(client)


@pytest.mark.parametrize("place", ["/admin/", "/admin/pages/", "/django-admin/"])
def test_a_customer_is_told_that_the_admin_is_for_staff(client, ada, place):
    client.force_login(ada)
    assert client.get(place).status_code == 403


# --- Where to after signing in

ELSEWHERE = [
    "//evil.example", "/\\evil.example", "https:evil", "https://evil.example/", "javascript:alert(1)",
    "http://127.0.0.1:8000@evil.example", "http://127.0.0.1/", "http:///evil.example", "\\\\evil.example",
    "///evil.example", "/\t/evil.example", "\x00//evil.example",
]  # fmt: skip


@pytest.mark.parametrize("place", ELSEWHERE)
def test_nobody_is_led_to_another_host(client, ada, place):
    assert sign_in(client, next=place).headers["Location"] == "/account/"
    assert client.get("/account/login/", {"next": place}).headers["Location"] == "/account/"
    assert client.post("/account/logout/", {"next": place}).headers["Location"] == "/"


@pytest.mark.parametrize("place", ["/%2f%2fevil.example", "/%09/evil.example", "/\r\nSet-Cookie:a=b"])
def test_odd_paths_stay_paths_of_our_own(client, ada, place):
    location = sign_in(client, next=place).headers["Location"]
    assert location.startswith("/")
    assert location[1] not in "/\\"
    assert "\n" not in location


def test_the_next_page_is_kept_from_sign_in_through_sign_up_to_the_confirmed_address(client, shop, outbox):
    page = client.get("/account/login/?next=/checkout/").content.decode()
    assert 'name="next" value="/checkout/"' in page
    assert "/account/signup/?next=%2Fcheckout%2F" in page
    _answer, [message] = outbox(lambda: sign_up(client, next="/checkout/"))
    assert client.post(link_in(message, "/account/confirm-email/")).headers["Location"] == "/checkout/"


# --- A forgotten password


def test_a_forgotten_password_is_reset_once_within_the_hour_and_ends_every_session(client, ada, outbox):
    elsewhere = Client()
    elsewhere.force_login(ada)
    _answer, [message] = outbox(lambda: client.post("/account/password/reset/", {"email": "ada@example.org"}))
    link = link_in(message, "/account/password/reset/key/")
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD + "!", "password2": PASSWORD + "!"})

    ada.refresh_from_db()
    assert ada.check_password(PASSWORD + "!")
    assert not is_signed_in(elsewhere)
    assert client.get(link, follow=True).context["token_fail"]


def test_a_link_for_a_new_password_is_too_old_after_an_hour(client, ada, outbox):
    with time_machine.travel("2026-11-20 12:00"):
        _answer, [message] = outbox(lambda: client.post("/account/password/reset/", {"email": "ada@example.org"}))
    link = link_in(message, "/account/password/reset/key/")
    with time_machine.travel("2026-11-20 13:01"):
        assert client.get(link, follow=True).context["token_fail"]


def test_known_and_unknown_addresses_get_the_same_answer_to_a_reset(client, ada, outbox):
    known, [first] = outbox(lambda: client.post("/account/password/reset/", {"email": "ada@example.org"}))
    unknown, [second] = outbox(lambda: client.post("/account/password/reset/", {"email": "no@example.org"}))
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert (first.to, second.to) == (["ada@example.org"], ["no@example.org"])


def test_a_link_for_a_new_password_is_dead_when_the_password_was_changed_meanwhile(client, ada, outbox):
    _answer, [message] = outbox(lambda: client.post("/account/password/reset/", {"email": "ada@example.org"}))
    ada.set_password(PASSWORD + "!")
    ada.save()
    assert client.get(link_in(message, "/account/password/reset/key/"), follow=True).context["token_fail"]


def test_links_in_mails_lead_to_the_shops_own_host(client, ada, outbox, settings):
    settings.SITE_URL = "https://books.example"
    settings.ALLOWED_HOSTS = ["books.example", "other.example"]
    _answer, [message] = outbox(
        lambda: client.post("/account/password/reset/", {"email": "ada@example.org"}, headers={"host": "other.example"})
    )
    assert "https://books.example/account/password/reset/key/" in message.body
    assert "other.example" not in message.body
    refused = client.post("/account/password/reset/", {"email": "ada@example.org"}, headers={"host": "evil.example"})
    assert refused.status_code == 400


# --- Another password, another address


def test_a_new_password_ends_the_other_sessions_and_is_told_by_mail(client, ada, outbox):
    elsewhere = Client()
    elsewhere.force_login(ada)
    sign_in(client)
    new = "another long secret"
    _answer, [message] = outbox(
        lambda: client.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    )
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert message.subject == "Your password was changed"


@pytest.mark.parametrize("password", ["short", "elevenchars", "qwerty123456", "ada@example.org"])
def test_a_new_password_is_held_to_the_rules_of_the_first_one(client, ada, password):
    sign_in(client)
    client.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": password, "password2": password})
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_a_new_address_counts_when_it_is_confirmed(client, ada, outbox):
    sign_in(client)
    confirm_password(client)
    _answer, [asked] = outbox(
        lambda: client.post("/account/email/", {"action_add": "", "email": "Lovelace@Example.org"})
    )
    assert asked.to == ["lovelace@example.org"]
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"

    _answer, [told] = outbox(lambda: client.post(link_in(asked, "/account/confirm-email/")))

    ada.refresh_from_db()
    assert ada.email == "lovelace@example.org"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("lovelace@example.org", True, True)
    ]
    assert (told.to, told.subject) == (["ada@example.org"], "Your email address was changed")


def test_a_new_address_of_somebody_else_gets_the_same_answer_and_is_never_taken(client, ada, outbox):
    member("bob@example.org")
    sign_in(client)
    confirm_password(client)
    answer, [asked] = outbox(lambda: client.post("/account/email/", {"action_add": "", "email": "bob@example.org"}))
    assert answer.headers["Location"] == "/account/email/"
    client.post(link_in(asked, "/account/confirm-email/"))
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"


def test_an_address_is_changed_only_by_who_knows_the_password(client, ada):
    client.force_login(ada)
    answer = client.post("/account/email/", {"action_add": "", "email": "evil@example.org"})
    assert answer.headers["Location"].startswith("/account/reauthenticate/")
    assert EmailAddress.objects.count() == 1


def test_an_address_that_staff_write_has_to_be_confirmed_and_the_old_one_opens_nothing(client, ada, shop):
    owner = User.objects.create_superuser("owner@example.org", PASSWORD)
    client.force_login(owner)
    client.post(
        f"/admin/users/edit/{ada.pk}/",
        {"email": "lovelace@example.org", "first_name": "Ada", "last_name": "Lovelace", "is_active": "on"},
    )
    assert sign_in(Client(), "lovelace@example.org").headers["Location"] == "/account/confirm-email/"
    assert sign_in(Client(), "ada@example.org").status_code == 200


# --- Sessions


def test_signing_in_gives_a_new_key_and_signing_out_kills_it(client, ada):
    client.cookies["sessionid"] = "attackerchosenkey00000000000000"
    sign_in(client)
    key = client.cookies["sessionid"].value
    assert key != "attackerchosenkey00000000000000"
    client.post("/account/logout/")
    replayed = Client()
    replayed.cookies["sessionid"] = key
    assert not is_signed_in(replayed)


def test_who_is_locked_out_is_out_at_once(client, ada):
    sign_in(client)
    User.objects.update(is_active=False)
    assert not is_signed_in(client)
    assert sign_in(client).headers["Location"] == "/account/inactive/"


@pytest.mark.parametrize(("role", "hours"), [(None, 14 * 24), (roles.OFFICE, 8)])
def test_a_session_ends_when_nobody_used_it_and_goes_on_when_somebody_did(client, ada, role, hours):
    if role:
        roles.apply()
        ada.groups.add(roles.Group.objects.get(name=role))
    with time_machine.travel("2026-11-20 12:00", tick=False) as clock:
        sign_in(client)
        for _visit in range(3):
            clock.shift((hours - 1) * 60 * 60)
            assert is_signed_in(client)
        clock.shift((hours + 1) * 60 * 60)
        assert not is_signed_in(client)


def test_passwords_may_be_pasted(client, shop):
    for path in ("/account/login/", "/account/signup/"):
        assert "onpaste" not in client.get(path).content.decode()
