"""What accounts themselves know of a customer: who they are, where they live, how they sign in."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext_lazy as _
from wagtail.models import ModelLogEntry

from accounts import privacy
from accounts.addresses import FIELDS
from accounts.models import User
from accounts.privacy import Fact, Part, Record, record
from core.mail.models import OutgoingMail

OF_NOBODY = (
    "admin.logentry", "core.shopimage", "wagtailadmin.editingsession", "wagtailadmin.formstate",
    "wagtailcore.apitoken", "wagtailcore.comment", "wagtailcore.commentreply", "wagtailcore.modellogentry",
    "wagtailcore.page", "wagtailcore.pagelogentry", "wagtailcore.pagesubscription", "wagtailcore.revision",
    "wagtailcore.taskstate", "wagtailcore.uploadedfile", "wagtailcore.workflowstate", "wagtaildocs.document",
    "wagtailimages.image", "wagtailusers.userprofile",
)  # fmt: skip


def profile(user: User) -> list[Record]:
    """The person."""
    return [record(user, "email", "first_name", "last_name", "date_joined", "last_login")]


def addresses(user: User) -> list[Record]:
    """The address book."""
    return [
        record(address, *FIELDS, "is_default", "is_for_invoices", "last_used_at") for address in user.addresses.all()
    ]


def ways_in(user: User) -> list[Record]:
    """Addresses, passkeys, apps and other accounts that open this one; no secrets."""
    found = [record(row, "email", "verified", "primary") for row in EmailAddress.objects.filter(user=user)]
    found += [record(row, "type", "created_at", "last_used_at") for row in Authenticator.objects.filter(user=user)]
    found += [
        record(row, "provider", "uid", "last_login", "date_joined") | {"extra_data": Fact("data", str(row.extra_data))}
        for row in SocialAccount.objects.filter(user=user)
    ]
    return found


def sessions(user: User) -> list[Record]:
    """Where the customer is signed in."""
    rows = UserSession.objects.filter(user=user)
    return [record(row, "created_at", "last_seen_at", "ip", "user_agent") for row in rows]


def end_sessions(user: User) -> None:
    """Sign out everywhere; what the sessions held goes too."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def mails(user: User) -> list[Record]:
    """What we wrote in the last thirty days, without words that hold a secret."""
    return [
        record(mail, "to", "created_at", "sent_at", "subject")
        | {"text": Fact(str(_("Text")), mail.text if mail.is_readable else "")}
        for mail in OutgoingMail.objects.of_person(user.email)
    ]


def erase_mails(user: User) -> None:
    """Sent or not, they go."""
    OutgoingMail.objects.of_person(user.email).delete()


def erase_from_logs(user: User) -> None:
    """The admin's logs of what staff did with this account keep that they did, not whose it was."""
    ModelLogEntry.objects.filter(object_id=str(user.pk), content_type__model="user").update(label="", data={})
    LogEntry.objects.filter(object_id=str(user.pk), content_type__model="user").update(
        object_repr="", change_message=""
    )


def register() -> None:
    """Called when the shop starts. All of it goes with the row of the user."""
    own_models = frozenset({"accounts.user", "accounts.user_groups", "accounts.user_user_permissions"})
    privacy.register(Part("profile", _("You"), own_models, profile, erase_from_logs))
    for name, title, models, export in (
        ("addresses", _("Addresses"), {"accounts.address"}, addresses),
        (
            "ways_in",
            _("How you sign in"),
            {
                "account.emailaddress", "account.emailconfirmation", "mfa.authenticator",
                "socialaccount.socialaccount", "socialaccount.socialtoken",
            },
            ways_in,
        ),
    ):  # fmt: skip
        privacy.register(Part(name, title, frozenset(models), export))
    sessions_models = frozenset({"usersessions.usersession"})
    privacy.register(Part("sessions", _("Where you are signed in"), sessions_models, sessions, end_sessions))
    privacy.register(Part("mails", _("Mails"), frozenset({"core.outgoingmail"}), mails, erase_mails))
    privacy.of_nobody.update(dict.fromkeys(OF_NOBODY, privacy.STAFF_WORK))
