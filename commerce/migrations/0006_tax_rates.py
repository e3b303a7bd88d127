"""Rates of tax that ship with the shop, with their sources. They are settings: check them before you sell there."""

import datetime as dt
from decimal import Decimal

from django.db import migrations

BOOKS, EBOOKS, AUDIO, OTHER = "books", "ebooks", "audio", "other"
OVERSEAS = "Code général des impôts, art. 296"
RATES = (
    # country, goods, valid from, rate, source
    ("FR", BOOKS, (2013, 1, 1), "5.5", "Code général des impôts, art. 278-0 bis A 3°"),
    ("FR", EBOOKS, (2013, 1, 1), "5.5", "Code général des impôts, art. 278-0 bis A 3°"),
    ("FR", AUDIO, (2013, 1, 1), "5.5", "Code général des impôts, art. 278-0 bis A 3°: books on any physical carrier or downloaded"),
    ("FR", OTHER, (2014, 1, 1), "20", "Code général des impôts, art. 278"),
    *(
        (country, goods, (2014, 1, 1), rate, OVERSEAS)
        for country in ("GP", "MQ", "RE")
        for goods, rate in ((BOOKS, "2.1"), (EBOOKS, "2.1"), (AUDIO, "2.1"), (OTHER, "8.5"))
    ),
    ("DE", BOOKS, (1983, 7, 1), "7", "Umsatzsteuergesetz, § 12 Abs. 2 Nr. 1, Anlage 2 Nr. 49"),
    ("DE", BOOKS, (2020, 7, 1), "5", "Zweites Corona-Steuerhilfegesetz"),
    ("DE", BOOKS, (2021, 1, 1), "7", "Umsatzsteuergesetz, § 12 Abs. 2 Nr. 1, Anlage 2 Nr. 49"),
    ("DE", EBOOKS, (2019, 12, 18), "7", "Umsatzsteuergesetz, § 12 Abs. 2 Nr. 14"),
    ("DE", EBOOKS, (2020, 7, 1), "5", "Zweites Corona-Steuerhilfegesetz"),
    ("DE", EBOOKS, (2021, 1, 1), "7", "Umsatzsteuergesetz, § 12 Abs. 2 Nr. 14"),
    ("DE", AUDIO, (2015, 1, 1), "7", "Umsatzsteuergesetz, § 12 Abs. 2 Nr. 1 and 14, Anlage 2 Nr. 50"),
    ("DE", AUDIO, (2020, 7, 1), "5", "Zweites Corona-Steuerhilfegesetz"),
    ("DE", AUDIO, (2021, 1, 1), "7", "Umsatzsteuergesetz, § 12 Abs. 2 Nr. 1 and 14, Anlage 2 Nr. 50"),
    ("DE", OTHER, (2007, 1, 1), "19", "Umsatzsteuergesetz, § 12 Abs. 1"),
    ("DE", OTHER, (2020, 7, 1), "16", "Zweites Corona-Steuerhilfegesetz"),
    ("DE", OTHER, (2021, 1, 1), "19", "Umsatzsteuergesetz, § 12 Abs. 1"),
    ("IE", BOOKS, (2010, 11, 1), "0", "Value-Added Tax Consolidation Act 2010, Schedule 2"),
    ("IE", EBOOKS, (2024, 1, 1), "0", "Finance (No. 2) Act 2023"),
    ("IE", AUDIO, (2024, 1, 1), "0", "Finance (No. 2) Act 2023"),
    ("IE", OTHER, (2012, 1, 1), "23", "Value-Added Tax Consolidation Act 2010, s. 46"),
    ("AT", BOOKS, (1984, 1, 1), "10", "Umsatzsteuergesetz 1994, § 10 Abs. 2"),
    ("AT", EBOOKS, (2020, 1, 1), "10", "Umsatzsteuergesetz 1994, § 10 Abs. 2"),
    ("AT", OTHER, (1984, 1, 1), "20", "Umsatzsteuergesetz 1994, § 10 Abs. 1"),
    ("BE", BOOKS, (1992, 4, 1), "6", "Arrêté royal no 20, tableau A"),
    ("BE", EBOOKS, (2019, 4, 1), "6", "Arrêté royal no 20, tableau A"),
    ("BE", OTHER, (1996, 1, 1), "21", "Arrêté royal no 20, art. 1"),
    ("CZ", BOOKS, (2024, 1, 1), "0", "Zákon č. 235/2004 Sb., § 71i"),
    ("CZ", EBOOKS, (2024, 1, 1), "0", "Zákon č. 235/2004 Sb., § 71i"),
    ("CZ", OTHER, (2013, 1, 1), "21", "Zákon č. 235/2004 Sb., § 47"),
    ("ES", BOOKS, (1995, 1, 1), "4", "Ley 37/1992, art. 91.Dos"),
    ("ES", EBOOKS, (2020, 4, 23), "4", "Real Decreto-ley 15/2020"),
    ("ES", OTHER, (2012, 9, 1), "21", "Ley 37/1992, art. 90"),
    ("FI", BOOKS, (2025, 1, 1), "14", "Arvonlisäverolaki, 85 §"),
    ("FI", EBOOKS, (2025, 1, 1), "14", "Arvonlisäverolaki, 85 §"),
    ("FI", OTHER, (2024, 9, 1), "25.5", "Arvonlisäverolaki, 84 §"),
    ("GR", BOOKS, (2015, 7, 20), "6", "Law 2859/2000, Annex III"),
    ("GR", EBOOKS, (2020, 1, 1), "6", "Law 2859/2000, Annex III"),
    ("GR", OTHER, (2016, 6, 1), "24", "Law 2859/2000, art. 21"),
    ("IT", BOOKS, (1989, 1, 1), "4", "DPR 633/1972, tabella A, parte II, n. 18"),
    ("IT", EBOOKS, (2015, 1, 1), "4", "Legge 190/2014, art. 1 comma 667"),
    ("IT", OTHER, (2013, 10, 1), "22", "DPR 633/1972, art. 16"),
    ("LU", BOOKS, (1992, 1, 1), "3", "Loi TVA du 12 février 1979, annexe B"),
    ("LU", EBOOKS, (2019, 5, 1), "3", "Loi TVA du 12 février 1979, annexe B"),
    ("LU", OTHER, (2024, 1, 1), "17", "Loi TVA du 12 février 1979, art. 39"),
    ("NL", BOOKS, (2019, 1, 1), "9", "Wet op de omzetbelasting 1968, tabel I"),
    ("NL", EBOOKS, (2020, 1, 1), "9", "Wet op de omzetbelasting 1968, tabel I"),
    ("NL", OTHER, (2012, 10, 1), "21", "Wet op de omzetbelasting 1968, art. 9"),
    ("PL", BOOKS, (2011, 1, 1), "5", "Ustawa o VAT, załącznik nr 10"),
    ("PL", EBOOKS, (2019, 11, 1), "5", "Ustawa o VAT, załącznik nr 10"),
    ("PL", OTHER, (2011, 1, 1), "23", "Ustawa o VAT, art. 146"),
    ("PT", BOOKS, (2011, 1, 1), "6", "Código do IVA, lista I"),
    ("PT", EBOOKS, (2020, 4, 1), "6", "Código do IVA, lista I"),
    ("PT", OTHER, (2011, 1, 1), "23", "Código do IVA, art. 18"),
    ("SE", BOOKS, (2002, 1, 1), "6", "Mervärdesskattelag, 9 kap."),
    ("SE", EBOOKS, (2019, 7, 1), "6", "Mervärdesskattelag, 9 kap."),
    ("SE", OTHER, (1990, 7, 1), "25", "Mervärdesskattelag, 9 kap."),
    ("CH", BOOKS, (2024, 1, 1), "2.6", "Mehrwertsteuergesetz, Art. 25 Abs. 2"),
    ("CH", EBOOKS, (2024, 1, 1), "2.6", "Mehrwertsteuergesetz, Art. 25 Abs. 2 lit. a bis"),
    ("CH", OTHER, (2024, 1, 1), "8.1", "Mehrwertsteuergesetz, Art. 25 Abs. 1"),
    ("CM", BOOKS, (2005, 1, 1), "0", "Code général des impôts du Cameroun, art. 128: books are exempt"),
    ("CM", OTHER, (2005, 1, 1), "19.25", "Code général des impôts du Cameroun, art. 142, with the municipal tenth"),
)  # fmt: skip
UNION = "AT,BE,BG,CY,CZ,DE,DK,EE,ES,FI,FR,GR,HR,HU,IE,IT,LT,LU,LV,MT,NL,PL,PT,RO,SE,SI,SK"
COLLECTED = (
    ("European Union", UNION, (2015, 1, 1), "Directive 2006/112/EC, art. 58: from the first sale on, by the one-stop shop"),
    ("United Kingdom", "GB", (2015, 1, 1), "VAT Act 1994, Schedule 4A: from the first sale on"),
)


def make(apps, schema_editor):
    Rate, Registration = apps.get_model("commerce", "TaxRate"), apps.get_model("commerce", "TaxRegistration")
    for country, goods, valid_from, rate, source in RATES:
        day = dt.date(*valid_from)
        Rate.objects.get_or_create(  # a shop may have entered it before
            country=country, tax_class=goods, valid_from=day, defaults={"rate": Decimal(rate), "source": source}
        )
    for name, countries, valid_from, source in COLLECTED:
        Registration.objects.create(
            name=f"Downloads to consumers: {name}", countries=countries, covers="downloads",
            valid_from=dt.date(*valid_from), source=source,
        )


class Migration(migrations.Migration):
    dependencies = [("commerce", "0005_tax")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
