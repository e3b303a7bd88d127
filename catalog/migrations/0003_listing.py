import django.db.models.deletion
from django.db import migrations, models

import catalog.models.listing


class Migration(migrations.Migration):
    """The read model in the order in which its columns are read: what lists walk comes before the long texts."""

    dependencies = [("catalog", "0002_initial")]

    operations = [
        migrations.DeleteModel("BookListing"),
        migrations.CreateModel(
            name="BookListing",
            fields=[
                ("page", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="listing", serialize=False, to="catalog.productpage")),
                ("is_live", models.BooleanField()),
                ("version", models.PositiveBigIntegerField(db_index=True)),
                ("title_key", models.CharField(max_length=255)),
                ("newest", models.DateField()),
                ("price", models.DecimalField(decimal_places=3, max_digits=12, null=True)),
                ("series_id", models.PositiveBigIntegerField(null=True)),
                ("series_position", models.DecimalField(decimal_places=2, max_digits=8, null=True)),
                ("next_change_at", models.DateTimeField(db_index=True, null=True)),
                ("facets", models.TextField()),
                ("names", models.TextField()),
                ("body", models.TextField()),
                ("face", models.JSONField()),
                ("offers", models.JSONField()),
            ],
            options={
                "verbose_name": "listing",
                "verbose_name_plural": "listings",
                "indexes": [
                    models.Index(fields=["-newest", "-page", "is_live"], condition=models.Q(("is_live", True)), name="listing_newest"),
                    models.Index(fields=["title_key", "page", "is_live"], condition=models.Q(("is_live", True)), name="listing_title"),
                    models.Index(fields=["price", "page", "is_live"], condition=models.Q(("is_live", True)), name="listing_price"),
                    models.Index(fields=["series_id", "series_position", "page"], name="listing_series"),
                ],
            },
        ),
        migrations.AddField("listingversion", "epoch", models.CharField(default=catalog.models.listing.new_epoch, max_length=12)),
    ]
