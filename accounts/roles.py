"""Who may do what in the shop: six groups, filled after every migration. ADR 0007."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from wagtail.models import Collection, GroupApprovalTask, GroupCollectionPermission, GroupPagePermission, Page

OWNER = "Owner"
EDITOR = "Editor"
MARKETER = "Marketer"
OFFICE = "Central office"
DISPATCH = "Dispatch"
INTEGRATOR = "Integrations"


@dataclass(frozen=True, slots=True)
class Role:
    """What a group may do. `*` in a permission stands for any characters."""

    name: str
    permissions: tuple[str, ...]
    """Permissions on models: "catalog.change_edition"."""
    pages: tuple[str, ...] = ()
    """What it may do with every page of the tree: add, change, publish, lock, unlock, bulk_delete."""
    files: tuple[str, ...] = ()
    """What it may do with pictures and documents: add, change, choose."""
    without: tuple[str, ...] = ()
    """Permissions on models that `permissions` would grant."""


ADMIN = "wagtailadmin.access_admin"
KEPT_FROM_EVERYBODY = ("admin.*", "contenttypes.*", "sessions.*", "auth.*_permission")
"""What only a superuser's emergency needs."""

ROLES = (
    Role(
        OWNER,
        permissions=("*",),
        pages=("add", "change", "publish", "lock", "unlock", "bulk_delete"),
        files=("add", "change", "choose"),
    ),
    Role(
        EDITOR,
        permissions=(
            ADMIN,
            "catalog.*_contributor",
            "catalog.*_publisher",
            "catalog.*_series",
            "catalog.*_tag",
            "catalog.view_edition",
            "core.change_searchenginesettings",
            "home.*_menus",
            "home.*_footersettings",
            "home.*_pagemodal",
            "home.*_modalsettings",
            "journal.*",
            "wagtailredirects.*",
            "wagtailcore.*_collection",
        ),
        pages=("add", "change", "publish", "lock", "unlock"),
        files=("add", "change", "choose"),
    ),
    Role(
        MARKETER,
        permissions=(
            ADMIN,
            "catalog.view_contributor",
            "catalog.view_publisher",
            "catalog.view_series",
            "catalog.view_tag",
            "catalog.view_edition",
            "core.change_searchenginesettings",
            "home.view_thirdpartyintegration",
            "home.change_thirdpartyintegration",
            "home.change_consentsettings",
            "home.view_pagemodal",
            "home.add_pagemodal",
            "home.change_pagemodal",
            "commerce.*_promotion",
            "commerce.*_voucher",
            "commerce.view_giftcard",
            "commerce.issue_giftcard",
            "commerce.change_giftcardsettings",
            "wagtailredirects.*",
        ),
        pages=("add", "change"),
        files=("add", "change", "choose"),
    ),
    Role(
        OFFICE,
        permissions=(
            ADMIN,
            "catalog.*_edition",
            "catalog.*_price",
            "catalog.view_pricechange",
            "catalog.*_stockrecord",
            "catalog.view_stockmovement",
            "catalog.view_contributor",
            "catalog.view_publisher",
            "catalog.view_series",
            "catalog.view_tag",
            "commerce.*",
            "core.view_outgoingmail",
            "core.change_outgoingmail",
            "core.view_mailtext",
            "core.change_mailtext",
            "home.view_contactmessage",
            "home.change_contactmessage",
            "home.delete_contactmessage",
            "accounts.view_user",
            "support.*",
        ),
        without=("commerce.*_providerevent", "commerce.*_sandboxpayment"),
    ),
    Role(
        DISPATCH,
        permissions=(
            ADMIN,
            "catalog.view_edition",
            "catalog.view_stockmovement",
            "commerce.view_order",
            "commerce.dispatch_order",
        ),
    ),
    Role(
        INTEGRATOR,
        permissions=(
            ADMIN,
            "home.*_thirdpartyintegration",
            "home.edit_integration_code",
            "home.change_consentsettings",
            "home.view_consentrecord",
        ),
    ),
)

FILE_MODELS = {
    "add": ("wagtailimages.add_image", "wagtaildocs.add_document"),
    "change": ("wagtailimages.change_image", "wagtaildocs.change_document"),
    "choose": ("wagtailimages.choose_image", "wagtaildocs.choose_document"),
}


@transaction.atomic
def apply() -> None:
    """Make the groups and give them what is missing. Nothing is taken away; what is not there yet is passed over."""
    known = {f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.select_related("content_type")}
    root, collection = Page.objects.filter(depth=1).first(), Collection.objects.filter(depth=1).first()
    created = False
    for role in ROLES:
        group, is_new = Group.objects.get_or_create(name=role.name)
        created |= is_new
        group.permissions.add(*(p for name, p in known.items() if _grants(role, name)))
        if root:
            for action in role.pages:
                permission = known.get(f"wagtailcore.{action}_page")
                if permission:
                    GroupPagePermission.objects.get_or_create(group=group, page=root, permission=permission)
        if collection:
            for name in (name for action in role.files for name in FILE_MODELS[action]):
                if name in known:
                    GroupCollectionPermission.objects.get_or_create(
                        group=group, collection=collection, permission=known[name]
                    )
    if created:
        _replace_wagtails_groups()


def after_migrate(**_kwargs: object) -> None:
    """Receiver of `post_migrate` of the last app, when the permissions of all apps are there."""
    apply()


def _grants(role: Role, permission: str) -> bool:
    if any(fnmatchcase(permission, pattern) for pattern in (*KEPT_FROM_EVERYBODY, *role.without)):
        return False
    return any(fnmatchcase(permission, pattern) for pattern in role.permissions)


def _replace_wagtails_groups() -> None:
    """Editors and Moderators, as Wagtail makes them, give way; what moderators approved, editors approve."""
    editors = Group.objects.get(name=EDITOR)
    for task in GroupApprovalTask.objects.filter(groups__name="Moderators"):
        task.groups.add(editors)
    Group.objects.filter(name__in=("Editors", "Moderators"), user=None).delete()
