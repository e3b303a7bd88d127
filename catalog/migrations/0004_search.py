from django.db import migrations

POSTGRESQL = [
    # Folded keys file the same way on every database: by their characters, not by the server's language.
    'ALTER TABLE catalog_booklisting ALTER COLUMN title_key TYPE varchar(255) COLLATE "C"',
    # In PL/pgSQL and dear, so that the planner neither looks inside nor works them out for every row; not parallel,
    # because workers cost more than they save before the first thousand rows.
    """
    CREATE FUNCTION catalog_names(names text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE COST 10000
    AS $$ BEGIN RETURN to_tsvector('pg_catalog.simple', names); END $$
    """,
    """
    CREATE FUNCTION catalog_words(names text, body text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE COST 10000
    AS $$ BEGIN RETURN to_tsvector('pg_catalog.english', names || ' ' || body); END $$
    """,
    """
    CREATE INDEX catalog_listing_names ON catalog_booklisting USING gin (catalog_names(names))
    WITH (gin_pending_list_limit = 1024)
    """,
    """
    CREATE INDEX catalog_listing_words ON catalog_booklisting USING gin (catalog_words(names, body))
    WITH (gin_pending_list_limit = 1024)
    """,
]
POSTGRESQL_BACK = [
    "DROP INDEX catalog_listing_words",
    "DROP INDEX catalog_listing_names",
    "DROP FUNCTION catalog_words(text, text)",
    "DROP FUNCTION catalog_names(text)",
]

SQLITE = [
    """
    CREATE VIRTUAL TABLE catalog_names USING fts5(
        names, content='catalog_booklisting', content_rowid='page_id', tokenize='unicode61', prefix='2 3', detail=none
    )
    """,
    """
    CREATE VIRTUAL TABLE catalog_words USING fts5(
        names, body, content='catalog_booklisting', content_rowid='page_id', tokenize='porter unicode61', detail=none
    )
    """,
    """
    CREATE TRIGGER catalog_listing_inserted AFTER INSERT ON catalog_booklisting BEGIN
        INSERT INTO catalog_names(rowid, names) VALUES (new.page_id, new.names);
        INSERT INTO catalog_words(rowid, names, body) VALUES (new.page_id, new.names, new.body);
    END
    """,
    """
    CREATE TRIGGER catalog_listing_deleted AFTER DELETE ON catalog_booklisting BEGIN
        INSERT INTO catalog_names(catalog_names, rowid, names) VALUES ('delete', old.page_id, old.names);
        INSERT INTO catalog_words(catalog_words, rowid, names, body)
        VALUES ('delete', old.page_id, old.names, old.body);
    END
    """,
    """
    CREATE TRIGGER catalog_listing_updated AFTER UPDATE OF names, body ON catalog_booklisting
    WHEN old.names IS NOT new.names OR old.body IS NOT new.body BEGIN
        INSERT INTO catalog_names(catalog_names, rowid, names) VALUES ('delete', old.page_id, old.names);
        INSERT INTO catalog_names(rowid, names) VALUES (new.page_id, new.names);
        INSERT INTO catalog_words(catalog_words, rowid, names, body)
        VALUES ('delete', old.page_id, old.names, old.body);
        INSERT INTO catalog_words(rowid, names, body) VALUES (new.page_id, new.names, new.body);
    END
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER catalog_listing_updated",
    "DROP TRIGGER catalog_listing_deleted",
    "DROP TRIGGER catalog_listing_inserted",
    "DROP TABLE catalog_words",
    "DROP TABLE catalog_names",
]


def forwards(_apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def backwards(_apps, schema_editor):
    for statement in POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """Full-text search over the read model: two indexes on PostgreSQL, two FTS5 tables kept by triggers on SQLite."""

    dependencies = [("catalog", "0003_listing")]

    operations = [migrations.RunPython(forwards, backwards, elidable=False)]
