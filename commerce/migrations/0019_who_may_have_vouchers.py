from django.db import migrations, models

GERMAN_COURT = "BGH 23.7.2015, I ZR 83/14: no vouchers for books that the shop itself pays for"


def say_it_for_germany(apps, schema_editor):
    """The figures that came with the shop; those that somebody entered say for themselves."""
    Figures = apps.get_model("commerce", "PriceLawFigures")
    for row in Figures.objects.filter(profile__name="Germany", source__startswith="Buchpreisbindungsgesetz"):
        row.vouchers_for, row.source = "nobody", f"{row.source}; {GERMAN_COURT}"
        row.save(update_fields=["vouchers_for", "source"])


class Migration(migrations.Migration):
    dependencies = [("commerce", "0018_holds_and_price_falls")]
    operations = [
        migrations.AddField(
            model_name="pricelawfigures",
            name="vouchers_for",
            field=models.CharField(
                choices=[
                    ("everybody", "Everybody"),
                    ("named", "Only customers whom the voucher names"),
                    ("nobody", "Nobody"),
                ],
                default="everybody",
                help_text="Who may be given one, as far as the percentages let it take something off.",
                max_length=9,
                verbose_name="vouchers on fixed prices",
            ),
        ),
        migrations.RunPython(say_it_for_germany, migrations.RunPython.noop),
    ]
