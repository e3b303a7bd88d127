"""Each role reaches what it works with, and nothing else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from wagtail.models import GroupApprovalTask, Page

from accounts import roles
from accounts.models import User
from catalog.models import CatalogPage

STAFF = (roles.OWNER, roles.EDITOR, roles.MARKETER, roles.OFFICE, roles.DISPATCH, roles.INTEGRATOR)
OWNER_EDITOR = {roles.OWNER, roles.EDITOR}
WRITERS = {roles.OWNER, roles.EDITOR, roles.MARKETER}
OWNER_OFFICE = {roles.OWNER, roles.OFFICE}

REACHED_BY = {
    "/admin/": set(STAFF),
    "/admin/pages/{home}/edit/": WRITERS,
    "/admin/pages/add/home/standardpage/{home}/": WRITERS,
    "/admin/pages/add/catalog/productpage/{books}/": WRITERS,
    "/admin/pages/{home}/unpublish/": OWNER_EDITOR,
    "/admin/images/": WRITERS,
    "/admin/images/add/": WRITERS,
    "/admin/documents/": WRITERS,
    "/admin/snippets/catalog/tag/add/": OWNER_EDITOR,
    "/admin/snippets/catalog/contributor/add/": OWNER_EDITOR,
    "/admin/snippets/catalog/tag/": WRITERS | {roles.OFFICE},
    "/admin/snippets/catalog/edition/add/": OWNER_OFFICE,
    "/admin/snippets/catalog/edition/": set(STAFF) - {roles.INTEGRATOR},
    "/admin/snippets/home/thirdpartyintegration/": {roles.OWNER, roles.MARKETER, roles.INTEGRATOR},
    "/admin/snippets/home/thirdpartyintegration/add/": {roles.OWNER, roles.INTEGRATOR},
    "/admin/settings/home/consentsettings/": {roles.OWNER, roles.MARKETER, roles.INTEGRATOR},
    "/admin/consent-records/": {roles.OWNER, roles.INTEGRATOR},
    "/admin/settings/home/menus/": OWNER_EDITOR,
    "/admin/settings/home/footersettings/": OWNER_EDITOR,
    "/admin/settings/core/searchenginesettings/": WRITERS,
    "/admin/redirects/": WRITERS,
    "/admin/contact-messages/": OWNER_OFFICE,
    "/admin/orders/": {roles.OWNER, roles.OFFICE, roles.DISPATCH},
    "/admin/settings/commerce/sellersettings/": OWNER_OFFICE,
    "/admin/users/new/": {roles.OWNER},
    "/admin/groups/": {roles.OWNER},
    "/admin/sites/": {roles.OWNER},
    "/admin/workflows/list/": {roles.OWNER},
    "/django-admin/": set(),
}


def member(role: str) -> User:
    """Somebody with that role."""
    user = User.objects.create_user(f"{role.replace(' ', '-')}@booktime.example", "a long enough password")
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def roles_of_the_shop(shop):
    """The roles, on a site whose pages have just been made."""
    roles.apply()
    return shop


@pytest.mark.parametrize("role", STAFF)
def test_a_role_reaches_what_it_works_with_and_nothing_else(client, roles_of_the_shop, role):
    client.force_login(member(role))
    places = {"home": roles_of_the_shop.pk, "books": CatalogPage.objects.get().pk}

    reached = {path for path in REACHED_BY if _opens(client, path.format(**places))}

    assert reached == {path for path, allowed in REACHED_BY.items() if role in allowed}


def _opens(client, path: str) -> bool:
    """True where the page is shown, False where it is refused or leads back to the start."""
    response = client.get(path)
    if response.status_code == 302 and response.url.startswith("/admin/settings/"):
        response = client.get(response.url)  # to the settings of the only site
    return response.status_code == 200


def test_customers_and_strangers_do_not_enter_the_admin(client, roles_of_the_shop):
    assert client.get("/admin/").status_code == 302
    client.force_login(User.objects.create_user("reader@booktime.example", "a long enough password"))
    assert client.get("/admin/").status_code in {302, 403}


def test_a_marketer_submits_pages_and_an_editor_publishes_them(roles_of_the_shop):
    home = roles_of_the_shop

    marketer, editor = (home.permissions_for_user(member(role)) for role in (roles.MARKETER, roles.EDITOR))

    assert (marketer.can_edit(), marketer.can_add_subpage(), marketer.can_publish()) == (True, True, False)
    assert (editor.can_edit(), editor.can_add_subpage(), editor.can_publish(), editor.can_lock()) == (True,) * 4


def test_nobody_but_a_superuser_makes_changes_or_removes_a_superuser(client, roles_of_the_shop):
    root = User.objects.create_superuser("root@booktime.example", "a long enough password")
    client.force_login(member(roles.OWNER))
    new = {
        "email": "new@booktime.example",
        "first_name": "New",
        "last_name": "Here",
        "password1": "a long enough password",
        "password2": "a long enough password",
    }

    client.post("/admin/users/new/", {**new, "is_superuser": "on"})
    client.post(f"/admin/users/edit/{root.pk}/", {**new, "is_active": "on"})
    client.post(f"/admin/users/delete/{root.pk}/")
    client.post(f"/admin/bulk/accounts/user/delete/?id={root.pk}")
    assert list(User.objects.filter(is_superuser=True)) == [root]
    root.refresh_from_db()
    assert (root.email, root.is_active, root.check_password("a long enough password")) == (
        "root@booktime.example",
        True,
        True,
    )

    client.post("/admin/users/new/", new)
    assert User.objects.get(email="new@booktime.example").is_superuser is False
    client.post(f"/admin/users/edit/{User.objects.get(email=new['email']).pk}/", {**new, "is_superuser": "on"})
    assert User.objects.filter(is_superuser=True).count() == 1


def test_a_migration_fills_the_roles_and_a_second_one_changes_nothing(roles_of_the_shop):
    def granted():
        return {
            group.name: (
                set(group.permissions.values_list("pk", flat=True)),
                set(group.page_permissions.values_list("page", "permission")),
                set(group.collection_permissions.values_list("collection", "permission")),
            )
            for group in Group.objects.all()
        }

    before = granted()
    assert set(before) == set(STAFF)

    call_command("migrate", verbosity=0)

    assert granted() == before


def test_what_a_shop_adds_to_a_role_stays(roles_of_the_shop):
    dispatch, owner = Group.objects.get(name=roles.DISPATCH), Group.objects.get(name=roles.OWNER)
    extra = owner.permissions.exclude(pk__in=dispatch.permissions.all()).first()
    dispatch.permissions.add(extra)

    roles.apply()

    assert extra in dispatch.permissions.all()


def test_wagtails_own_groups_give_way_on_the_first_run_only(db):
    assert not Group.objects.filter(name__in=("Editors", "Moderators")).exists()
    assert GroupApprovalTask.objects.get().groups.get().name == roles.EDITOR

    Group.objects.create(name="Editors")
    roles.apply()

    assert Group.objects.filter(name="Editors").exists()


def test_roles_are_made_in_a_database_without_pages(db):
    Group.objects.all().delete()
    Page.objects.all().delete()

    roles.apply()

    assert set(Group.objects.values_list("name", flat=True)) == set(STAFF)
