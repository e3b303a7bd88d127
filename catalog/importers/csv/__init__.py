"""CSV files as records: our own two forms, and lists of other people as far as they make sense.

1. The simple form, `name,description,tags,image_filename,price`, is a small shop's own list: no ISBN. What a
   row is about is told by its name (normalised), so the same name again is the same book.
2. The wide form has one row per edition, known by its ISBN; docs/importing.md goes through its columns.

Nothing is shifted or guessed: a row with a field too many is rejected, a price whose currency nobody names is
left out, an ISBN that a spreadsheet turned into `9.78E+12` is lost. Rows come out as they stand in the file;
the same ISBN once per category is one record each, which the loader joins.
"""

from catalog.importers.csv.reader import read

__all__ = ["read"]
