"""A modal goes through the same approval as a page, unless the shop chooses another."""

from django.db import migrations


def assign(apps, schema_editor):
    workflow = apps.get_model("wagtailcore", "Workflow").objects.filter(active=True).order_by("pk").first()
    if workflow is None:
        return
    content_type, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="home", model="pagemodal"
    )
    apps.get_model("wagtailcore", "WorkflowContentType").objects.get_or_create(
        content_type=content_type, defaults={"workflow": workflow}
    )


class Migration(migrations.Migration):
    dependencies = [
        ("home", "0004_modals"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(assign, migrations.RunPython.noop)]
