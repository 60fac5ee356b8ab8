// Knex: migrations, the builder of schemas, what it looks up, queries, transactions.

import { createRequire } from "node:module";

const [host, port, user, database] = process.argv.slice(2);
const require = createRequire(process.env.NODE_PATH + "/");
const knex = require("knex")({ client: "pg", connection: { host, port: Number(port), user, database }, pool: { min: 0, max: 2 } });
const tell = (what, value) => console.log(`${what}: ${JSON.stringify(value)}`);
const refused = async (what, work) => {
    try {
        tell(what, await work());
    } catch (error) {
        tell(what, [error.code, error.message.split(" - ").pop(), error.detail, error.constraint, error.table]);
    }
};

class Migrations {
    async getMigrations() {
        return ["1_first", "2_second"];
    }
    getMigrationName(name) {
        return name;
    }
    getMigration(name) {
        if (name === "1_first") {
            return {
                up: async (db) => {
                    await db.schema.createTable("owner", (table) => {
                        table.increments("id");
                        table.string("name", 40).notNullable().unique();
                        table.uuid("code").defaultTo("00000000-0000-0000-0000-000000000007");
                        table.timestamps(false, false);
                    });
                    await db.schema.createTable("pet", (table) => {
                        table.bigIncrements("id");
                        table.integer("owner_id").unsigned().notNullable().references("id").inTable("owner").onDelete("CASCADE").onUpdate("CASCADE");
                        table.string("kind").defaultTo("cat").index();
                        table.decimal("weight", 6, 2).checkPositive();
                        table.jsonb("notes");
                        table.boolean("tame").notNullable().defaultTo(true);
                        table.enu("size", ["small", "large"]);
                        table.unique(["owner_id", "kind"]);
                        table.comment("animals");
                    });
                },
                down: async (db) => {
                    await db.schema.dropTable("pet");
                    await db.schema.dropTable("owner");
                },
            };
        }
        return {
            up: async (db) => {
                await db.schema.alterTable("pet", (table) => {
                    table.text("name");
                    table.integer("sire").nullable();
                    table.renameColumn("weight", "mass");
                    table.dropUnique(["owner_id", "kind"]);
                    table.setNullable("owner_id");
                    table.string("kind", 100).alter();
                });
                await db.schema.alterTable("owner", (table) => {
                    table.integer("friend").references("owner.id").withKeyName("friends").deferrable("deferred");
                });
                await db.schema.createView("tame_pets", (view) => {
                    view.columns(["id", "kind"]);
                    view.as(db("pet").select("id", "kind").where("tame", true));
                });
            },
            down: async (db) => {
                await db.schema.dropView("tame_pets");
                await db.schema.alterTable("owner", (table) => {
                    table.dropForeign("friend", "friends");
                    table.dropColumn("friend");
                });
                await db.schema.alterTable("pet", (table) => {
                    table.dropColumns("name", "sire");
                    table.renameColumn("mass", "weight");
                });
            },
        };
    }
}

const migrationSource = new Migrations();
await refused("migrated", async () => await knex.migrate.latest({ migrationSource }));
await refused("status", async () => await knex.migrate.currentVersion({ migrationSource }));
await refused("again", async () => await knex.migrate.latest({ migrationSource }));
await refused("has", async () => [await knex.schema.hasTable("pet"), await knex.schema.hasTable("nothing"), await knex.schema.hasColumn("pet", "mass")]);
for (const table of ["owner", "pet"]) {
    for (const [name, column] of Object.entries(await knex(table).columnInfo()).sort()) tell(`${table}.${name}`, column);
}
await refused("owners", async () => await knex("owner").insert([{ name: "ann" }, { name: "bob" }, { name: "cid" }], ["id", "name", "code"]));
await refused("pets", async () => (await knex.batchInsert("pet", [1, 2, 3, 4, 5].map((n) => ({ owner_id: 1 + (n % 2), kind: `k${n}`, mass: n / 4, notes: { n }, size: n % 2 ? "small" : "large" })), 2).returning("id")));
await refused("joined", async () => await knex("pet as p").join("owner as o", "o.id", "p.owner_id").select("o.name", "p.kind", "p.mass").orderBy("p.id"));
await refused("grouped", async () => await knex("pet").select("owner_id").count("* as n").sum("mass as mass").groupBy("owner_id").havingRaw("count(*) > ?", [1]).orderBy("owner_id"));
await refused("json", async () => await knex("pet").select("kind", knex.jsonExtract("notes", "$.n", "n")).whereJsonPath("notes", "$.n", ">", 3).orderBy("id"));
await refused("with", async () => await knex.with("big", knex("pet").where("mass", ">", 0.5)).select("kind").from("big").orderBy("kind"));
await refused("window", async () => await knex("pet").select("kind").rank("place", (it) => it.orderBy("mass", "desc").partitionBy("owner_id")).orderBy("id"));
await refused("merged", async () => await knex("owner").insert({ name: "ann", code: "00000000-0000-0000-0000-000000000009" }).onConflict("name").merge().returning(["name", "code"]));
await refused("ignored", async () => (await knex("owner").insert({ name: "ann" }).onConflict("name").ignore()).rowCount);
await refused("first", async () => await knex("tame_pets").first().orderBy("id"));
await refused("nobody", () => knex("pet").insert({ owner_id: 99, kind: "x" }));
await refused("twice", () => knex("owner").insert({ name: "ann" }));
await refused("size", () => knex("pet").insert({ owner_id: 1, kind: "y", size: "huge" }));
await refused("negative", () => knex("pet").update({ mass: -1 }));
await refused("deferred", () => knex.transaction(async (trx) => {
    await trx("owner").where({ name: "bob" }).update({ friend: 99 });
    await trx("owner").insert({ id: 99, name: "late", friend: 1 });
}));
await refused("undone", () => knex.transaction(async (trx) => {
    await trx("owner").where({ name: "cid" }).update({ friend: 77 });
}));
await refused("friends", async () => await knex("owner").select("id", "name", "friend").orderBy("id"));
await refused("nested", () => knex.transaction(async (trx) => {
    await trx("pet").del();
    await trx.transaction(async (inner) => {
        await inner("owner").del();
        throw new Error("no");
    }).catch(() => {});
    return trx("owner").count("* as n");
}));
await refused("renumbered", async () => await knex("owner").where({ name: "cid" }).update({ id: 30 }, ["id"]));
await refused("deleted", async () => await knex("owner").where({ name: "cid" }).del());
await refused("foreign", async () => (await knex.raw("SELECT conname, confdeltype, confupdtype, condeferrable, condeferred, pg_get_constraintdef(oid) AS def FROM pg_constraint WHERE contype = 'f' ORDER BY 1")).rows);
await refused("truncated", async () => (await refused("truncate", () => knex("owner").truncate())) === undefined);
await refused("back", async () => await knex.migrate.rollback({ migrationSource }, true));
await refused("left", async () => (await knex("pg_tables").select("tablename").where("schemaname", "public").orderBy("tablename")).map((row) => row.tablename));
await knex.destroy();
