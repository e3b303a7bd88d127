"""A tag's page stands at the address of its tag: those that stood elsewhere move there, and leave a redirect.

A second page of a tag stays where it is, for it may say something that an editor wants to keep.
"""

from django.db import migrations
from django.db.models import F


def move(apps, schema_editor):
    tag_page, page, site, redirect = (
        apps.get_model(*name)
        for name in (
            ("catalog", "TagPage"), ("wagtailcore", "Page"), ("wagtailcore", "Site"), ("wagtailredirects", "Redirect")
        )
    )  # fmt: skip
    for moved in tag_page.objects.exclude(slug=F("tag__slug")).select_related("tag").order_by("path"):
        siblings = page.objects.filter(path__startswith=moved.path[:-4], depth=moved.depth)
        if siblings.filter(slug=moved.tag.slug).exists():
            continue
        before = moved.url_path
        moved.slug = moved.tag.slug
        moved.url_path = f"{before.rstrip('/').rpartition('/')[0]}/{moved.slug}/"
        moved.save(update_fields=["slug", "url_path"])
        for where in site.objects.select_related("root_page"):
            root = where.root_page.url_path
            if before.startswith(root):
                redirect.objects.get_or_create(
                    old_path=f"/{before.removeprefix(root).rstrip('/')}",
                    site=where,
                    defaults={"redirect_page_id": moved.pk, "automatically_created": True},
                )


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0011_stock_movements"),
        ("wagtailcore", "0094_alter_page_locale"),
        ("wagtailredirects", "0008_add_verbose_name_plural"),
    ]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
