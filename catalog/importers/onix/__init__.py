"""ONIX for Books 2.1, 3.0 and 3.1, reference and short tags, as records.

Real feeds are read leniently and reported on, not turned away at the schema: elements are found by their
local names whatever their namespace and order, short tags through one table. `message` cuts the file into
products, `reader` turns each into a record: through `blocks3` or `flat2`, which know where a release has its
elements, and one module for each thing that the elements tell.
"""

from catalog.importers.onix.reader import read

__all__ = ["read"]
