// Sequelize: models with associations, sync, queries, transactions, and what its query interface looks up.

import { createRequire } from "node:module";

const [host, port, user, database] = process.argv.slice(2);
const require = createRequire(process.env.NODE_PATH + "/");
const { Sequelize, DataTypes, Op } = require("sequelize");
const tell = (what, value) => console.log(`${what}: ${JSON.stringify(value)}`);
const db = new Sequelize(database, user, "", { host, port: Number(port), dialect: "postgres", logging: false, define: { timestamps: false } });
const refused = async (what, work) => {
    try {
        tell(what, await work());
    } catch (error) {
        tell(what, [error.name, error.parent?.code, error.parent?.detail, error.index ?? error.parent?.constraint, error.table]);
    }
};

const User = db.define("User", { name: { type: DataTypes.STRING(50), allowNull: false, unique: true }, born: DataTypes.DATEONLY, settings: { type: DataTypes.JSONB, defaultValue: {} }, key: { type: DataTypes.UUID, defaultValue: "00000000-0000-0000-0000-000000000001" } });
const Post = db.define("Post", { title: DataTypes.STRING, body: DataTypes.TEXT, rank: { type: DataTypes.DOUBLE, defaultValue: 1.5 }, price: DataTypes.DECIMAL(10, 2), tags: DataTypes.ARRAY(DataTypes.STRING), live: { type: DataTypes.BOOLEAN, defaultValue: false }, at: DataTypes.DATE }, { indexes: [{ fields: ["title"] }, { fields: ["rank", "live"], name: "by_rank" }] });
const Tag = db.define("Tag", { name: { type: DataTypes.STRING, primaryKey: true } });
User.hasMany(Post, { foreignKey: { name: "userId", allowNull: false }, onDelete: "CASCADE" });
Post.belongsTo(User, { foreignKey: "userId" });
Post.belongsToMany(Tag, { through: "PostTag" });
Tag.belongsToMany(Post, { through: "PostTag" });
User.belongsTo(User, { as: "boss", foreignKey: "bossId", onDelete: "SET NULL" });

await refused("ready", () => db.authenticate().then(() => "yes"));
await refused("synced", () => db.sync({ force: true }).then(() => "yes"));
await refused("altered", () => db.sync({ alter: true }).then(() => "yes"));
const look = db.getQueryInterface();
await refused("tables", async () => (await look.showAllTables()).map((it) => it.tableName ?? it).sort());
for (const table of ["Users", "Posts", "PostTag"]) {
    for (const [name, column] of Object.entries(await look.describeTable(table)).sort()) tell(`${table}.${name}`, column);
    await refused(`${table} keys`, async () => (await look.getForeignKeyReferencesForTable(table)).map((it) => [it.constraintName, it.columnName, it.referencedTableName, it.referencedColumnName]).sort());
    await refused(`${table} indexes`, async () => (await look.showIndex(table)).map((it) => [it.name, it.unique, it.primary, it.fields.map((field) => field.attribute)]));
    await refused(`${table} constraints`, async () => (await look.showConstraint(table)).map((it) => [it.constraintName.replace(/^\d+_\d+_/, ""), it.constraintType, it.isDeferrable, it.initiallyDeferred]).sort());
}
const [ann, bob] = await User.bulkCreate([{ name: "ann", born: "1980-01-02" }, { name: "bob", settings: { dark: true } }], { returning: true });
await bob.setBoss(ann);
for (let n = 0; n < 4; n++) await (n % 2 ? ann : bob).createPost({ title: `t${n}`, price: n / 4, tags: ["x", `y${n}`], at: new Date(Date.UTC(2026, 0, n + 1)), live: n > 1 });
await Tag.bulkCreate([{ name: "red" }, { name: "blue" }], { ignoreDuplicates: true });
for (const post of await Post.findAll({ order: ["id"] })) await post.addTag(post.id % 2 ? "red" : "blue");
await refused("included", async () => await User.findAll({ include: [{ model: Post, include: Tag }, "boss"], order: [["id", "ASC"], [Post, "id", "ASC"]] }));
await refused("paged", async () => await Post.findAndCountAll({ where: { [Op.or]: [{ live: true }, { price: { [Op.lt]: 0.2 } }] }, limit: 2, offset: 1, order: [["id", "DESC"]], attributes: ["id", "title", "price", "at"] }));
await refused("json", async () => await User.findAll({ where: { settings: { dark: true } }, attributes: ["name"] }));
await refused("tags", async () => await Post.count({ where: { tags: { [Op.contains]: ["y1"] } } }));
await refused("grouped", async () => await Post.findAll({ attributes: ["userId", [db.fn("COUNT", db.col("id")), "n"], [db.fn("MAX", db.col("price")), "most"]], group: ["userId"], order: ["userId"], raw: true }));
await refused("updated", async () => await Post.update({ live: true }, { where: { title: { [Op.like]: "t%" } }, returning: ["id", "live"] }));
await refused("upserted", async () => await User.upsert({ name: "ann", born: "1990-01-01" }, { conflictFields: ["name"] }));
await refused("found", async () => (await User.findOrCreate({ where: { name: "eve" }, defaults: { bossId: ann.id } }))[1]);
await refused("incremented", async () => (await Post.increment({ rank: 2 }, { where: { userId: ann.id } })).length);
await refused("nobody", () => Post.create({ title: "x", userId: 99 }));
await refused("twice", () => User.create({ name: "ann" }));
await refused("null", () => db.query('INSERT INTO "Posts" (title) VALUES (1)'));
await refused("transaction", () => db.transaction(async (transaction) => {
    await Post.destroy({ where: {}, transaction });
    const row = await User.findOne({ where: { name: "bob" }, lock: transaction.LOCK.UPDATE, transaction });
    tell("locked", row.name);
    throw new Error("no");
}));
await refused("kept", async () => await Post.count());
await refused("deleted", async () => await User.destroy({ where: { name: "ann" } }));
await refused("left", async () => [await Post.count(), await db.models.PostTag.count(), (await User.findOne({ where: { name: "bob" } })).bossId]);
await refused("added", () => look.addColumn("Posts", "editorId", { type: DataTypes.INTEGER, references: { model: "Users", key: "id" }, onDelete: "SET NULL" }));
await refused("changed", () => look.changeColumn("Posts", "body", { type: DataTypes.STRING(500), allowNull: false, defaultValue: "" }));
await refused("constraint", () => look.addConstraint("Posts", { fields: ["rank"], type: "check", name: "rank_above", where: { rank: { [Op.gt]: 0 } } }));
await refused("removed", () => look.removeConstraint("Posts", "rank_above"));
await refused("renamed", () => look.renameColumn("Posts", "rank", "grade"));
await refused("column", () => look.removeColumn("Posts", "editorId"));
await refused("columns", async () => Object.keys(await look.describeTable("Posts")).sort());
await refused("truncated", () => Tag.truncate({ cascade: true, restartIdentity: true }));
await refused("dropped", () => db.drop().then(() => "yes"));
await refused("tables", async () => await look.showAllTables());
await db.close();
