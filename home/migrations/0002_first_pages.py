"""A usable site in an empty database: home page, catalogue and tags in the place of Wagtail's welcome page."""

import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.db import migrations
from django.utils import timezone

STEP = 4  # characters a level of the tree takes in `path`


def make_first_pages(apps, schema_editor):
    Page = apps.get_model("wagtailcore", "Page")
    Site = apps.get_model("wagtailcore", "Site")
    HomePage = apps.get_model("home", "HomePage")
    ContentType = apps.get_model("contenttypes", "ContentType")

    def kind(model):
        return ContentType.objects.get_or_create(app_label=model._meta.app_label, model=model._meta.model_name)[0]

    welcome = Page.objects.filter(depth=2)
    if welcome.count() != 1 or welcome.get().content_type_id != kind(Page).pk or welcome.get().numchild:
        return  # somebody has been here: their pages stay as they are
    welcome = welcome.get()
    root = Page.objects.get(depth=1)
    now = timezone.now()

    def make(app, name, title, slug, parent, place, **fields):
        model = apps.get_model(app, name)
        return model.objects.create(
            title=title,
            draft_title=title,
            slug=slug,
            content_type=kind(model),
            path=f"{parent.path}{place:0{STEP}d}",
            depth=parent.depth + 1,
            url_path=f"{parent.url_path}{slug}/",
            locale_id=welcome.locale_id,
            translation_key=uuid.uuid4(),
            first_published_at=now,
            last_published_at=now,
            **fields,
        )

    Site.objects.filter(root_page=welcome).delete()
    welcome.delete()
    home = make("home", "HomePage", "BookTime", "home", root, 1, numchild=2)
    make("catalog", "CatalogPage", "Books", "books", home, 1, show_in_menus=True)
    make("catalog", "TagIndexPage", "Tags", "tags", home, 2, show_in_menus=True)
    address = urlsplit(settings.SITE_URL)
    Site.objects.create(
        hostname=address.hostname,
        port=address.port or (443 if address.scheme == "https" else 80),
        root_page_id=home.pk,
        is_default_site=True,
        site_name=settings.WAGTAIL_SITE_NAME,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("home", "0001_initial"),
        ("catalog", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_first_pages, migrations.RunPython.noop)]
