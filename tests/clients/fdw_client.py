"""postgres_fdw: another PostgreSQL imports the schema, and reads and changes the rows through it."""

import sys

import psycopg
from common import DATABASE, HOST, PORT, USER, create_shop, tell

NEAR = int(sys.argv[5])

with psycopg.connect(host=HOST, port=PORT, user=USER, dbname=DATABASE, autocommit=True) as connection:
    create_shop(connection.execute)
near = psycopg.connect(host=HOST, port=NEAR, user="postgres", dbname="postgres", autocommit=True)
near.execute("CREATE EXTENSION postgres_fdw")
near.execute(f"CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{HOST}', port '{PORT}', dbname '{DATABASE}', fetch_size '2')")
near.execute(f"CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user '{USER}')")
near.execute("CREATE SCHEMA shop")
# What defaults of the tables name must be here too.
near.execute("CREATE SEQUENCE shop.line_id_seq")
near.execute("SET TIME ZONE 'UTC'")


def run(sql):
    try:
        cursor = near.execute(sql)
        tell(sql, cursor.statusmessage)
        if cursor.description:
            for row in cursor.fetchall():
                print("   ", row)
    except psycopg.Error as error:
        # A plan names files that are others each time.
        message = error.diag.message_primary.split("EXPLAIN output")[0]
        tell(sql, (error.sqlstate, message))


run("IMPORT FOREIGN SCHEMA shop FROM SERVER far INTO shop OPTIONS (import_default 'true', import_generated 'true', import_not_null 'true')")
for table in near.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'f' ORDER BY 1").fetchall():
    tell("table", table[0])
    for column in near.execute("SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid) FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum", table).fetchall():
        print("   ", column)
for setting in ("false", "true"):
    near.execute(f"ALTER SERVER far OPTIONS ({'ADD' if setting == 'false' else 'SET'} use_remote_estimate '{setting}')")
    run("SELECT * FROM shop.customer ORDER BY id")
    run('SELECT * FROM shop."Odd ""Name" ORDER BY "Key"')
    run("SELECT id, upper(email) FROM shop.customer WHERE since >= '2026-02-02' AND country LIKE 'F%' ORDER BY id")
    run("SELECT country, count(*), sum(spent), avg(spent) FROM shop.customer GROUP BY country ORDER BY country NULLS LAST")
    run("SELECT c.email, l.amount FROM shop.customer c JOIN shop.line l ON l.customer = c.id ORDER BY 1, 2")
    run("SELECT * FROM shop.cheap WHERE id = ANY(ARRAY[1, 2, 3]::bigint[]) ORDER BY id LIMIT 1 OFFSET 0")
    run("SELECT * FROM shop.countries ORDER BY country NULLS LAST")
    run("INSERT INTO shop.customer (id, email, country, spent, since) VALUES (10, 'ten@example.com', 'DE', 1, '2026-03-01'), (11, NULL, 'FR', 2, '2026-03-02')")
    run("INSERT INTO shop.customer (id, email, country, spent, since) SELECT 20 + n, 'n' || n, 'DE', n, date '2026-04-01' + n FROM generate_series(1, 5) AS numbers (n) RETURNING id, spent")
    run("UPDATE shop.customer SET spent = spent + 1 WHERE id = 10 RETURNING id, spent")
    run("UPDATE shop.customer SET email = email || random()::text WHERE id = 11")
    run("UPDATE shop.customer c SET spent = 50 FROM shop.line l WHERE l.customer = c.id AND c.id = 2")
    run("DELETE FROM shop.customer WHERE id = 10 RETURNING *")
    run("DELETE FROM shop.customer WHERE id > 10 AND random() >= 0")
    run("SELECT id, spent FROM shop.customer ORDER BY id")
    run("INSERT INTO shop.customer (id, since) VALUES (1, '2026-01-01')")
    run("INSERT INTO shop.customer (id, since) VALUES (99, '2026-01-01') ON CONFLICT DO NOTHING")
    run("DELETE FROM shop.customer WHERE id = 99")
    run("SELECT * FROM shop.customer c, LATERAL (SELECT * FROM shop.line l WHERE l.customer = c.id ORDER BY l.id LIMIT 1) x ORDER BY c.id")
    run("BEGIN")
    run("DECLARE scan CURSOR FOR SELECT id FROM shop.customer ORDER BY id")
    run("FETCH 2 FROM scan")
    run("FETCH ALL FROM scan")
    run("COMMIT")
    run("BEGIN")
    run("DELETE FROM shop.line")
    run("SAVEPOINT before")
    run("UPDATE shop.customer SET spent = -1")
    run("ROLLBACK TO before")
    run("SELECT count(*) FROM shop.line")
    run("ROLLBACK")
    run("SELECT count(*) FROM shop.line")
    run("TRUNCATE shop.line")
    run("INSERT INTO shop.line (id, customer) VALUES (1, 1), (2, 2)")
    run("SELECT * FROM shop.line ORDER BY id")
run("ANALYZE shop.customer")
run("SELECT reltuples FROM pg_class WHERE oid = 'shop.customer'::regclass")
run("EXPLAIN (VERBOSE, COSTS off) SELECT country, count(*) FROM shop.customer WHERE id > 1 GROUP BY country")
