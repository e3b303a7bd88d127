from django.db import migrations
from django.utils import timezone


def make_due(apps, _schema_editor):
    apps.get_model("catalog", "BookListing").objects.filter(is_live=True).update(next_change_at=timezone.now())


class Migration(migrations.Migration):
    """Rows are found by the imprints of editions, and words of tags are learned: the clock writes them anew."""

    dependencies = [("catalog", "0014_condition")]

    operations = [migrations.RunPython(make_due, migrations.RunPython.noop, elidable=True)]
