from django.db import migrations

# A lexeme besides the words says which eight thousand books a row belongs to. With it a search looks at the newest
# books first, and at the whole list of a common word only where those are not enough: `catalog.search`.
POSTGRESQL = [
    "DROP INDEX catalog_listing_words",
    "DROP INDEX catalog_listing_names",
    "DROP FUNCTION catalog_words(text, text)",
    "DROP FUNCTION catalog_names(text)",
    """
    CREATE FUNCTION catalog_names(names text, page bigint) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE COST 10000
    AS $$ BEGIN RETURN to_tsvector('pg_catalog.simple', names) || array_to_tsvector(ARRAY['#' || page / 8192]); END $$
    """,
    """
    CREATE FUNCTION catalog_words(names text, body text, page bigint) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE COST 10000 AS $$ BEGIN
        RETURN to_tsvector('pg_catalog.english', names || ' ' || body) || array_to_tsvector(ARRAY['#' || page / 8192]);
    END $$
    """,
    """
    CREATE INDEX catalog_listing_names ON catalog_booklisting USING gin (catalog_names(names, page_id))
    WITH (gin_pending_list_limit = 1024)
    """,
    """
    CREATE INDEX catalog_listing_words ON catalog_booklisting USING gin (catalog_words(names, body, page_id))
    WITH (gin_pending_list_limit = 1024)
    """,
]
POSTGRESQL_BACK = [
    "DROP INDEX catalog_listing_words",
    "DROP INDEX catalog_listing_names",
    "DROP FUNCTION catalog_words(text, text, bigint)",
    "DROP FUNCTION catalog_names(text, bigint)",
    """
    CREATE FUNCTION catalog_names(names text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE COST 10000
    AS $$ BEGIN RETURN to_tsvector('pg_catalog.simple', names); END $$
    """,
    """
    CREATE FUNCTION catalog_words(names text, body text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE COST 10000
    AS $$ BEGIN RETURN to_tsvector('pg_catalog.english', names || ' ' || body); END $$
    """,
    "CREATE INDEX catalog_listing_names ON catalog_booklisting USING gin (catalog_names(names))",
    "CREATE INDEX catalog_listing_words ON catalog_booklisting USING gin (catalog_words(names, body))",
]


def forwards(_apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in POSTGRESQL:
            schema_editor.execute(statement, params=None)


def backwards(_apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in POSTGRESQL_BACK:
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """Search on PostgreSQL begins with the newest books."""

    dependencies = [("catalog", "0006_edition_imprint")]

    operations = [migrations.RunPython(forwards, backwards, elidable=False)]
