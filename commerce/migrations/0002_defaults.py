"""What a fresh shop needs to sell: ways of delivery and the rates of tax."""

import datetime as dt
from decimal import Decimal

from django.db import migrations

EUROPE = (
    "AD,AL,AT,BA,BE,BG,CH,CY,CZ,DE,DK,EE,ES,FI,FO,FR,GI,GR,HR,HU,IE,IS,IT,LI,LT,LU,LV,MC,MD,ME,MK,MT,NL,NO,PL,PT,"
    "RO,RS,SE,SI,SK,SM,UA,VA"
)
METHODS = (
    ("Standard delivery", "2–4 working days", "2.95", "30.00", "GB,GG,IM,JE"),
    ("Europe", "4–8 working days", "7.95", None, EUROPE),
    ("World", "1–3 weeks", "12.95", None, ""),
)
GB_RATES = (
    ("books", "0", dt.date(1973, 4, 1), "VAT Notice 701/10: books and printed matter are zero-rated"),
    ("ebooks", "0", dt.date(2020, 5, 1), "The VAT (Extension of Zero-Rating to Electronically Supplied Books) Order 2020"),
    ("audio", "20", dt.date(2011, 1, 4), "Standard rate; audiobooks are not within VAT Notice 701/10"),
    ("other", "20", dt.date(2011, 1, 4), "Standard rate since 4 January 2011"),
)


def make(apps, schema_editor):
    DeliveryMethod = apps.get_model("commerce", "DeliveryMethod")
    TaxRate = apps.get_model("commerce", "TaxRate")
    for place, (name, description, price, free_from, countries) in enumerate(METHODS):
        DeliveryMethod.objects.create(
            name=name, description=description, price=Decimal(price), currency="GBP", countries=countries,
            free_from=Decimal(free_from) if free_from else None, sort_order=place,
        )
    for tax_class, rate, valid_from, source in GB_RATES:
        TaxRate.objects.create(
            country="GB", tax_class=tax_class, rate=Decimal(rate), valid_from=valid_from, source=source
        )


class Migration(migrations.Migration):
    dependencies = [("commerce", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
