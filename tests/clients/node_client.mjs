// node-postgres: parameters and rows of all types, prepared statements, cursors, streams of rows,
// notifications, errors, several statements at once, a pool.

import { createRequire } from "node:module";

const [host, port, user, database] = process.argv.slice(2);
const require = createRequire(process.env.NODE_PATH + "/");
const pg = require("pg");
const Cursor = require("pg-cursor");
const QueryStream = require("pg-query-stream");

const options = { host, port: Number(port), user, database };
const tell = (what, value) => console.log(`${what}: ${JSON.stringify(value)}`);

const client = new pg.Client(options);
const notices = [];
const heard = [];
client.on("notice", (notice) => notices.push([notice.severity, notice.code, notice.message]));
client.on("notification", ({ channel, payload }) => heard.push([channel, payload]));
await client.connect();
await client.query("SET TIME ZONE 'UTC'");
await client.query(`CREATE TABLE item (
    id BIGINT PRIMARY KEY, name VARCHAR(20) NOT NULL, price NUMERIC(10, 2) DEFAULT 0, made DATE, at TIMESTAMPTZ,
    ok BOOLEAN DEFAULT true, score DOUBLE PRECISION, tags TEXT[], raw BYTEA, document JSONB)`);

const fields = (result) => result.fields.map((field) => [field.name, field.dataTypeID, field.dataTypeSize, field.dataTypeModifier, field.format, field.columnID]);
for (const value of [1, 1.5, 2 ** 40, "it's", "", true, null, undefined, Buffer.from([0, 255]), new Date(Date.UTC(2026, 0, 2, 3, 4, 5)), [1, 2, null], ["a", 'b "c'], { a: [1] }, 12345678901234567890n]) {
    try {
        const result = await client.query("SELECT $1 AS value", [value]);
        tell("value", [result.rows, fields(result)]);
    } catch (error) {
        tell("error", [error.code, error.message]);
    }
}
const insert = "INSERT INTO item (id, name, price, made, at, score, tags, raw, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id, ok";
for (let n = 1; n < 8; n++) {
    const values = [n, `n${n}`, n / 4, "2026-01-02", new Date(Date.UTC(2026, 0, n)), n / 3, ["x", null], Buffer.from([n]), { n }];
    const result = await client.query(insert, values);
    tell("inserted", [result.command, result.rowCount, result.oid, result.rows]);
}
const all = await client.query("SELECT * FROM item ORDER BY id");
tell("rows", [all.rows, fields(all).map((field) => field.slice(0, 5))]);
tell("arrays", (await client.query({ text: "SELECT id, name FROM item WHERE id < $1 ORDER BY id", values: [3], rowMode: "array" })).rows);
for (let n = 0; n < 3; n++) {
    tell("prepared", (await client.query({ name: "by-id", text: "SELECT name FROM item WHERE id = $1", values: [n + 1] })).rows);
}
tell("binary", (await client.query({ text: "SELECT id, ok, score, made, price FROM item WHERE id = 1", values: [], binary: true })).rows);
tell("several", (await client.query("SELECT 1 AS a; INSERT INTO item (id, name) VALUES (50, 'x'); SELECT 2 AS b, 3 AS c")).map((result) => [result.command, result.rowCount, result.rows]));
tell("nothing", [(await client.query("")).command, (await client.query("-- a remark")).rows]);

await client.query("BEGIN");
const cursor = client.query(new Cursor("SELECT id, name FROM item WHERE id > $1 ORDER BY id", [1]));
for (let n = 0; n < 3; n++) {
    tell("cursor", await cursor.read(3));
}
await cursor.close();
const abandoned = client.query(new Cursor("SELECT generate_series(1, 1000000)"));
tell("abandoned", await abandoned.read(2));
await abandoned.close();
await client.query("COMMIT");
let count = 0;
let last = null;
for await (const row of client.query(new QueryStream("SELECT n, n::text AS t FROM generate_series(1, $1::int) AS numbers (n)", [2500], { batchSize: 100 }))) {
    count += 1;
    last = row;
}
tell("streamed", [count, last]);

for (const [sql, values] of [["SELECT * FROM nowhere"], ["SELECT $1::int", ["x"]], ["INSERT INTO item (id, name) VALUES (1, 'twice')"], ["SELECT 1 / $1::int", [0]], ["INSERT INTO item (id, name) VALUES ($1, NULL)", [70]], ["SELECT $1 + $2"], ["SELECT 1; SELECT 2", [1]]]) {
    try {
        await client.query(sql, values);
    } catch (error) {
        tell("error", [error.code, error.message, error.severity, error.position, error.table, error.column, error.constraint, error.dataType]);
    }
}
const failing = client.query(new Cursor("SELECT 10 / (5 - n) FROM generate_series(1, 10) AS numbers (n)"));
try {
    tell("before", await failing.read(2));
    await failing.read(10);
} catch (error) {
    tell("failing", error.code);
}
await client.query("BEGIN");
await client.query("SELECT * FROM nowhere").catch((error) => tell("failed", error.code));
await client.query("SELECT 1").catch((error) => tell("failed", error.code));
tell("rolled back", (await client.query("COMMIT")).command);
await client.query("LISTEN news");
await client.query("NOTIFY news, 'one'");
await client.query("SELECT pg_notify('news', $1)", ["two"]);
await client.query("DROP TABLE IF EXISTS nowhere");
tell("heard", [heard, notices]);
const together = await Promise.all([1, 2, 3].map((n) => client.query("SELECT $1::int * 2 AS n", [n])));
tell("together", together.map((result) => result.rows));
await client.query("SET statement_timeout = 100");
await client.query("SELECT pg_sleep(20)").catch((error) => tell("timeout", [error.code, error.message]));
await client.end();

const pool = new pg.Pool({ ...options, max: 3 });
tell("pool", (await Promise.all([1, 2, 3, 4, 5].map((n) => pool.query("SELECT $1::int AS n", [n])))).map((result) => result.rows));
await pool.end();
await new pg.Client({ ...options, database: "nowhere" }).connect().catch((error) => tell("refused", [error.code, error.message]));
await new pg.Client({ ...options, user: "nobody" }).connect().catch((error) => tell("refused", [error.code, error.message]));
