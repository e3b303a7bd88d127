"""Public holidays and the days on the way that ship with the shop. The office enters those of the next years."""

import datetime as dt

from django.db import migrations

HOLIDAYS = {
    # England and Wales: https://www.gov.uk/bank-holidays
    "GB": {
        "2026-12-25": "Christmas Day", "2026-12-28": "Boxing Day (substitute)", "2027-01-01": "New Year's Day",
        "2027-03-26": "Good Friday", "2027-03-29": "Easter Monday", "2027-05-03": "Early May bank holiday",
        "2027-05-31": "Spring bank holiday", "2027-08-30": "Summer bank holiday",
        "2027-12-27": "Christmas Day (substitute)", "2027-12-28": "Boxing Day (substitute)",
    },
    # Code du travail, art. L3133-1
    "FR": {
        "2026-12-25": "Noël", "2027-01-01": "Jour de l'An", "2027-03-29": "Lundi de Pâques",
        "2027-05-01": "Fête du Travail", "2027-05-06": "Ascension", "2027-05-08": "Victoire de 1945",
        "2027-05-17": "Lundi de Pentecôte", "2027-07-14": "Fête nationale", "2027-08-15": "Assomption",
        "2027-11-01": "Toussaint", "2027-11-11": "Armistice", "2027-12-25": "Noël",
    },
    # Holidays of all sixteen states
    "DE": {
        "2026-12-25": "1. Weihnachtstag", "2026-12-26": "2. Weihnachtstag", "2027-01-01": "Neujahr",
        "2027-03-26": "Karfreitag", "2027-03-29": "Ostermontag", "2027-05-01": "Tag der Arbeit",
        "2027-05-06": "Christi Himmelfahrt", "2027-05-17": "Pfingstmontag", "2027-10-03": "Tag der Deutschen Einheit",
        "2027-12-25": "1. Weihnachtstag", "2027-12-26": "2. Weihnachtstag",
    },
}
TRANSIT = {"2–4 working days": 4, "4–8 working days": 8, "1–3 weeks": 15}


def make(apps, schema_editor):
    Holiday, Method = apps.get_model("commerce", "Holiday"), apps.get_model("commerce", "DeliveryMethod")
    for country, days in HOLIDAYS.items():
        for day, name in days.items():
            Holiday.objects.create(country=country, date=dt.date.fromisoformat(day), name=name)
    for description, days in TRANSIT.items():
        Method.objects.filter(description=description, transit_days=None).update(transit_days=days)


class Migration(migrations.Migration):
    dependencies = [("commerce", "0008_promises")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
