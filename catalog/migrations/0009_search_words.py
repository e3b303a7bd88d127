from django.db import migrations, models


def fill(apps, _schema_editor):
    words = apps.get_model("catalog", "SearchWord").objects
    known = list(words.all())
    for row in known:
        row.backwards, row.length = row.word[::-1], len(row.word)
    words.bulk_update(known, ["backwards", "length"], batch_size=1000)


class Migration(migrations.Migration):
    """A mistyped word is compared with those that begin or end as it does."""

    dependencies = [("catalog", "0008_found_by_machines")]

    operations = [
        migrations.AddField("searchword", "backwards", models.CharField(editable=False, max_length=64, default="")),
        migrations.AddField("searchword", "length", models.PositiveSmallIntegerField(editable=False, default=0)),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("searchword", "backwards", models.CharField(db_index=True, editable=False, max_length=64)),
        migrations.AlterField("searchword", "length", models.PositiveSmallIntegerField(editable=False)),
    ]
