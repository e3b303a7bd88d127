"""The page of a modal's target may be gone: the limit stays."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def remove_those_without_a_page(apps, schema_editor):
    apps.get_model("home", "ModalTarget").objects.filter(page=None).delete()


class Migration(migrations.Migration):
    dependencies = [
        ('home', '0006_drop_mailed_at'),
        migrations.swappable_dependency(settings.WAGTAIL_PAGE_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="modaltarget",
            name="page",
            field=models.ForeignKey(
                help_text="Empty: it was deleted. A modal all of whose pages were is shown nowhere.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.WAGTAIL_PAGE_MODEL,
                verbose_name="page",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove_those_without_a_page),
    ]
