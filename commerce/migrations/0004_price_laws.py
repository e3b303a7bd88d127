"""The laws on book prices that ship with the shop. Figures are settings: check them before you sell there."""

import datetime as dt
from decimal import Decimal

from django.db import migrations

LANG = "Loi 81-766 du 10 août 1981 (loi Lang), art. 1"
LAWS = {
    # The law holds in the overseas departments and collectivities too (art. 10).
    ("France", "FR,BL,GF,GP,MF,MQ,PM,RE,YT"): (
        # valid from, printed books, eBooks, most off delivered, most off collected, source
        (dt.date(1982, 1, 1), True, False, "5", "5", LANG),
        (dt.date(2011, 11, 13), True, True, "5", "5", LANG + "; loi 2011-590 du 26 mai 2011 (livre numérique)"),
        (dt.date(2014, 7, 10), True, True, "0", "5", "Loi 2014-779 du 8 juillet 2014: 5 % where collected only"),
    ),
    ("Germany", "DE"): (
        (dt.date(2002, 10, 1), True, False, "0", "0", "Buchpreisbindungsgesetz, § 3"),
        (dt.date(2016, 9, 1), True, True, "0", "0", "Buchpreisbindungsgesetz, § 2 Abs. 1 Nr. 3, § 3"),
    ),
    ("United Kingdom", "GB,GG,IM,JE"): (
        (dt.date(1997, 3, 13), False, False, "0", "0", "Restrictive Practices Court: the Net Book Agreement ended"),
    ),
    ("None", ""): (
        (dt.date(1970, 1, 1), False, False, "0", "0", "No law known to the shop; check before you sell there"),
    ),
}
DARCOS = "Loi 2021-1901 du 30 décembre 2021; arrêté du 4 avril 2023"
FRENCH_FEES = (
    ("EUR", "35", "3", "0.01", DARCOS),
    ("GBP", "35", "3", "0.01", DARCOS + ": € 35, € 3, € 0.01, entered in pounds to be on the safe side"),
)


def make(apps, schema_editor):
    Profile = apps.get_model("commerce", "PriceLawProfile")
    Figures = apps.get_model("commerce", "PriceLawFigures")
    Fee = apps.get_model("commerce", "LeastDeliveryFee")
    profiles = {}
    for (name, countries), rows in LAWS.items():
        profiles[name] = Profile.objects.create(name=name, countries=countries)
        for valid_from, fixes_print, fixes_ebooks, posted, collected, source in rows:
            Figures.objects.create(
                profile=profiles[name], valid_from=valid_from, fixes_print=fixes_print, fixes_ebooks=fixes_ebooks,
                most_off_posted=Decimal(posted), most_off_collected=Decimal(collected), source=source,
            )
    for currency, threshold, below, from_it, source in FRENCH_FEES:
        Fee.objects.create(
            profile=profiles["France"], valid_from=dt.date(2023, 10, 7), currency=currency, source=source,
            threshold=Decimal(threshold), fee_below=Decimal(below), fee_from=Decimal(from_it),
        )


class Migration(migrations.Migration):
    dependencies = [("commerce", "0003_price_law")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
