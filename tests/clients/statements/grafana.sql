-- whether the connection lives
SELECT 1

-- the version
SELECT current_setting('server_version_num')::int/100 as version

-- whether there is TimescaleDB
SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'

-- schemas
SELECT schema_name AS "name" FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema', 'pg_catalog', 'pg_toast', '_timescaledb_internal') ORDER BY schema_name

-- tables of the search path first
SELECT
    CASE WHEN quote_ident(table_schema) IN (
          SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          )
      THEN quote_ident(table_name)
      ELSE quote_ident(table_schema) || '.' || quote_ident(table_name)
    END AS "table"
FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_timescaledb_internal')
ORDER BY CASE WHEN quote_ident(table_schema) IN (
          SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          ) THEN 0 ELSE 1 END, 1

-- tables of a schema
SELECT quote_ident(table_name) AS "table" FROM information_schema.tables WHERE quote_ident(table_schema) = 'shop' ORDER BY 1

-- columns of a table, by a name that may have a schema
SELECT quote_ident(column_name) AS "column", data_type AS "type"
FROM information_schema.columns
WHERE CASE WHEN array_length(parse_ident('shop.orders'),1) = 2
    THEN quote_ident(table_schema) = (parse_ident('shop.orders'))[1] AND quote_ident(table_name) = (parse_ident('shop.orders'))[2]
    ELSE quote_ident(table_name) = 'shop.orders' AND quote_ident(table_schema) IN (
          SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1), array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
            string_to_array(current_setting('search_path'),',') s)
    END

-- columns with a moment, as the former builder asks
SELECT quote_ident(column_name) AS "name", data_type AS "type" FROM information_schema.columns
WHERE quote_ident(table_name) = 'event' AND data_type IN ('timestamp without time zone','timestamp with time zone','bigint','integer','double precision','real')

-- the first table with a time and a number, as the former builder asks
SELECT
    quote_ident(table_name) as table_name,
    ( SELECT quote_ident(column_name) as column_name FROM information_schema.columns c
      WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name IN ('timestamptz','timestamp')
      ORDER BY ordinal_position LIMIT 1 ) AS time_column,
    ( SELECT quote_ident(column_name) AS column_name FROM information_schema.columns c
      WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name='float8'
      ORDER BY ordinal_position LIMIT 1 ) AS value_column
FROM information_schema.tables t
WHERE table_schema IN (
      SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
      FROM generate_series(array_lower(string_to_array(current_setting('search_path'),','),1), array_upper(string_to_array(current_setting('search_path'),','),1)) as i,
        string_to_array(current_setting('search_path'),',') s)
    AND EXISTS ( SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name IN ('timestamptz','timestamp') )
    AND EXISTS ( SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND udt_name='float8' )
LIMIT 1

-- $__timeGroupAlias(at, '5m'), $__timeFilter(at)
SELECT floor(extract(epoch from at)/300)*300 AS "time", sensor AS metric, avg(reading) AS "reading"
FROM event
WHERE at BETWEEN '2026-03-01T10:00:00Z' AND '2026-03-01T11:00:00Z'
GROUP BY 1, 2
ORDER BY 1, 2

-- $__timeGroup(at, '1h') as time
SELECT floor(extract(epoch from at)/3600)*3600 as time, count(*) FROM event GROUP BY time ORDER BY time

-- $__time(at)
SELECT at AS "time", reading, sensor AS "metric" FROM event WHERE at BETWEEN '2026-03-01T10:00:00.5Z' AND '2026-03-01T10:05:00Z' ORDER BY at

-- $__timeEpoch(at)
SELECT extract(epoch from at) as "time", reading FROM event ORDER BY at

-- $__timeFrom(), $__timeTo()
SELECT '2026-03-01T10:00:00Z' AS "from", '2026-03-01T11:00:00Z'::timestamptz AS "to"

-- $__unixEpochFilter(epoch), $__unixEpochGroup(epoch, '5m')
SELECT floor((epoch)/300)*300 AS "time", max(reading) FROM event WHERE epoch >= 1772359200 AND epoch <= 1772362800 GROUP BY 1 ORDER BY 1

-- $__unixEpochNanoFilter(epoch)
SELECT count(*) FROM event WHERE epoch * 1000000000 >= 1772359200000000000 AND epoch * 1000000000 <= 1772362800000000000

-- $__timeGroup with TimescaleDB, which is not there
SELECT time_bucket('300.000s',at) AS "time", avg(reading) FROM event GROUP BY 1 ORDER BY 1

-- a window over the groups
SELECT "time", metric, value - lag(value) OVER (PARTITION BY metric ORDER BY "time") AS delta
FROM (SELECT floor(extract(epoch from at)/60)*60 AS "time", sensor AS metric, sum(reading) AS value FROM event GROUP BY 1, 2) AS grouped
ORDER BY 1, 2

-- first and last of each group
SELECT DISTINCT ON (sensor) sensor, at AS "time", reading FROM event ORDER BY sensor, at DESC

-- a rate, by moments
SELECT at AS "time", (CASE WHEN reading >= lag(reading) OVER (ORDER BY at) THEN reading - lag(reading) OVER (ORDER BY at) WHEN lag(reading) OVER (ORDER BY at) IS NULL THEN NULL ELSE reading END)
    / extract(epoch from at - lag(at) OVER (ORDER BY at)) AS "reading"
FROM event WHERE sensor = 'hall' ORDER BY 1

-- values of a variable
SELECT DISTINCT sensor FROM event

-- values of a variable with their keys
SELECT name AS __text, id AS __value FROM shop.customer ORDER BY 1

-- values of a variable that was chosen more than once
SELECT at AS "time", reading FROM event WHERE sensor IN ('hall','roof') AND reading IS NOT NULL ORDER BY 1

-- annotations
SELECT extract(epoch from at) AS time, 'reading ' || coalesce(reading::text, 'none') AS text, concat_ws(',', sensor, 'test') AS tags FROM event WHERE at BETWEEN '2026-03-01T10:00:00Z' AND '2026-03-01T10:05:00Z' ORDER BY 1

-- all kinds of numbers in a table
SELECT 1::smallint AS a, 2::integer AS b, 3::bigint AS c, 4.5::numeric AS d, 4.5::real AS e, 4.5::double precision AS f, 'x'::char(3) AS g, 'x'::varchar AS h, true AS i, now() - now() AS j, '{"a": 1}'::jsonb AS k, '00000000-0000-0000-0000-000000000001'::uuid AS l, '10:11:12'::time AS m, 12.34::money AS n

-- a builder's query
SELECT AVG(amount), status, customer FROM shop.orders WHERE (amount >= 1 AND note IS NULL OR status = 'open') GROUP BY status, customer ORDER BY avg DESC LIMIT 50

-- a builder's query, with the origin told
SELECT COUNT(id) AS "orders", COUNT(DISTINCT customer) FROM shop.orders LIMIT 50 /*application='grafana',source='bi'*/

-- a table that is not there
SELECT nothing FROM nowhere

-- a heat map
SELECT floor(extract(epoch from at)/600)*600 AS "time", width_bucket(reading, -10, 30, 4) AS bucket, count(*) FROM event WHERE reading IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2

-- gaps filled by a series
SELECT g AS "time", coalesce(avg(reading), 0) AS reading
FROM generate_series('2026-03-01T10:00:00Z'::timestamptz, '2026-03-01T10:20:00Z'::timestamptz, '10 minutes'::interval) g
LEFT JOIN event ON at >= g AND at < g + '10 minutes'::interval
GROUP BY g ORDER BY g
