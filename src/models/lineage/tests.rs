use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use super::{ColumnsOnly, lineage};

/// A context with `t (a, b, c)`, `u (a, d)`, `n (id, xs, s)` of lists and structs, `s.t (a)`,
/// and the view `v` over `t`.
async fn context() -> SessionContext {
    let context = SessionContext::new();
    context.sql("CREATE SCHEMA s").await.unwrap();
    let item = Arc::new(Field::new("item", DataType::Int64, true));
    let fields = Fields::from(vec![Field::new("x", DataType::Int64, true)]);
    let tables = [
        (
            "t",
            vec![
                ("a", DataType::Int64),
                ("b", DataType::Int64),
                ("c", DataType::Utf8),
            ],
        ),
        ("u", vec![("a", DataType::Int64), ("d", DataType::Int64)]),
        (
            "n",
            vec![
                ("id", DataType::Int64),
                ("xs", DataType::List(item)),
                ("s", DataType::Struct(fields)),
            ],
        ),
        ("s.t", vec![("a", DataType::Int64)]),
    ];
    for (name, columns) in tables {
        let fields = columns
            .into_iter()
            .map(|(name, data_type)| Field::new(name, data_type, true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let table = MemTable::try_new(schema, vec![vec![]]).unwrap();
        context.register_table(name, Arc::new(table)).unwrap();
    }
    context
        .sql("CREATE VIEW v AS SELECT a + b AS ab FROM t")
        .await
        .unwrap();
    context
}

async fn trace(context: &SessionContext, sql: &str) -> String {
    let plan = context
        .state()
        .create_logical_plan(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let lines: Vec<String> = lineage(&plan)
        .unwrap()
        .into_iter()
        .map(|one| {
            let output = one.output.as_deref().unwrap_or("*");
            let how = one.through.subtype().map(|how| format!(":{how}"));
            let (table, column) = (one.source_table, one.source_column);
            format!("{output}<{table}.{column}{}", how.unwrap_or_default())
        })
        .collect();
    lines.join(" ")
}

#[tokio::test]
async fn values_are_traced() {
    let context = context().await;
    let cases = [
        ("SELECT a, b AS x FROM t", "a<t.a x<t.b"),
        ("SELECT 1 AS one, a + b AS ab FROM t", "ab<t.a ab<t.b"),
        (
            "SELECT * FROM t WHERE b > 1",
            "a<t.a b<t.b c<t.c *<t.b:filter",
        ),
        ("SELECT x.a FROM s.t AS x", "a<s.t.a"),
        (
            "SELECT q.z FROM (SELECT a AS z, b FROM t ORDER BY b LIMIT 3) q",
            "z<t.a *<t.b:sort",
        ),
        (
            "SELECT CASE WHEN a > 1 THEN b END AS x FROM t",
            "x<t.a:conditional x<t.b",
        ),
        (
            "SELECT CASE a WHEN b THEN 1 ELSE a END AS x FROM t",
            "x<t.a x<t.a:conditional x<t.b:conditional",
        ),
        // Aggregates: the values, and what filters, orders or groups them.
        (
            "SELECT c, sum(a) AS s, count(*) AS n FROM t GROUP BY c",
            "c<t.c s<t.a *<t.c:group_by",
        ),
        (
            "SELECT sum(a) FILTER (WHERE b > 1) AS s FROM t GROUP BY c",
            "s<t.a s<t.b:filter *<t.c:group_by",
        ),
        (
            "SELECT count(*) FILTER (WHERE b > 1) AS n FROM t",
            "n<t.b:filter",
        ),
        (
            "SELECT first_value(a ORDER BY b) AS f FROM t",
            "f<t.a f<t.b:sort",
        ),
        (
            "SELECT sum(a) + max(b) AS m FROM t HAVING min(b) > 1",
            "m<t.a m<t.b *<t.b:filter",
        ),
        (
            "SELECT a, c, sum(b) AS s FROM t GROUP BY ROLLUP (a, c)",
            "a<t.a c<t.c s<t.b *<t.a:group_by *<t.c:group_by",
        ),
        (
            "SELECT a, c, sum(b) AS s FROM t GROUP BY GROUPING SETS ((a), (c), ())",
            "a<t.a c<t.c s<t.b *<t.a:group_by *<t.c:group_by",
        ),
        ("SELECT DISTINCT a FROM t", "a<t.a"),
        (
            "SELECT DISTINCT ON (c) a, b FROM t ORDER BY c, b",
            "a<t.a b<t.b *<t.b:sort *<t.c:group_by *<t.c:sort",
        ),
        // Joins: the columns, and the keys for the rows.
        (
            "SELECT t.b, u.d FROM t JOIN u ON t.a = u.a",
            "b<t.b d<u.d *<t.a:join *<u.a:join",
        ),
        (
            "SELECT t.b FROM t JOIN u ON t.a < u.d",
            "b<t.b *<t.a:join *<u.d:join",
        ),
        (
            "SELECT * FROM t JOIN u USING (a)",
            "a<t.a b<t.b c<t.c d<u.d *<t.a:join *<u.a:join",
        ),
        (
            "SELECT x.b AS p, y.b AS q FROM t x LEFT JOIN t y ON x.a = y.a",
            "p<t.b q<t.b *<t.a:join",
        ),
        (
            "SELECT b FROM t WHERE a IN (SELECT d FROM u)",
            "b<t.b *<t.a:filter *<u.d:filter",
        ),
        (
            "SELECT b FROM t WHERE EXISTS (SELECT u.d FROM u WHERE u.a = t.a)",
            "b<t.b *<t.a:filter *<u.a:filter",
        ),
        (
            "SELECT b FROM t LEFT SEMI JOIN u ON t.a = u.a",
            "b<t.b *<t.a:join *<u.a:join",
        ),
        // Windows.
        (
            "SELECT a, sum(b) OVER (PARTITION BY c ORDER BY a) AS s FROM t",
            "a<t.a s<t.a:window s<t.b s<t.c:window",
        ),
        (
            "SELECT row_number() OVER (ORDER BY a) AS r, lag(b) OVER (ORDER BY a) AS l FROM t",
            "r<t.a:window l<t.a:window l<t.b",
        ),
        (
            "SELECT x.r FROM (SELECT rank() OVER (ORDER BY a) AS r FROM t) x WHERE x.r = 1",
            "r<t.a:window *<t.a:filter",
        ),
        // Sets.
        ("SELECT a FROM t UNION ALL SELECT d FROM u", "a<t.a a<u.d"),
        ("SELECT a FROM t UNION SELECT d FROM u", "a<t.a a<u.d"),
        (
            "SELECT a FROM t EXCEPT SELECT d FROM u",
            "a<t.a *<t.a:join *<u.d:join",
        ),
        ("SELECT * FROM (VALUES (1), (2)) AS x (a)", ""),
        // Subqueries.
        (
            "SELECT (SELECT max(d) FROM u) AS m, a FROM t",
            "m<u.d a<t.a",
        ),
        (
            "SELECT (SELECT max(u.d + t.b) FROM u WHERE u.a = t.a) AS m FROM t",
            "m<t.a:filter m<t.b m<u.a:filter m<u.d",
        ),
        ("SELECT EXISTS (SELECT d FROM u) AS e FROM t", ""),
        ("SELECT a IN (SELECT d FROM u) AS i FROM t", "i<t.a i<u.d"),
        // WITH.
        (
            "WITH x AS (SELECT a AS k FROM t), y AS (SELECT k + 1 AS k FROM x) SELECT * FROM y",
            "k<t.a",
        ),
        (
            "WITH RECURSIVE r AS (SELECT a AS p, b AS q FROM t UNION ALL SELECT q, p FROM r WHERE p < 9) SELECT p FROM r",
            "p<t.a p<t.b *<t.a:filter *<t.b:filter",
        ),
        (
            "WITH RECURSIVE r AS (SELECT a AS p FROM t UNION ALL SELECT d FROM r JOIN u ON r.p = u.a) SELECT p FROM r",
            "p<t.a p<u.d *<t.a:join *<u.a:join *<u.d:join",
        ),
        // Lists and structs.
        ("SELECT id, unnest(xs) AS x FROM n", "id<n.id x<n.xs"),
        ("SELECT s['x'] AS x FROM n", "x<n.s"),
        ("SELECT unnest(s) FROM n", "n.s.x<n.s"),
        // A view is inlined by the planner.
        ("SELECT ab FROM v", "ab<t.a ab<t.b"),
    ];
    for (sql, expected) in cases {
        assert_eq!(trace(&context, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn relations_known_by_columns_alone_are_traced_to() {
    let context = context().await;
    let view = context.table_provider("v").await.unwrap();
    context.deregister_table("v").unwrap();
    let opaque = ColumnsOnly(view.schema());
    context.register_table("v", Arc::new(opaque)).unwrap();
    assert_eq!(trace(&context, "SELECT ab + 1 AS x FROM v").await, "x<v.ab");
    let scanned = context
        .sql("SELECT * FROM v")
        .await
        .unwrap()
        .collect()
        .await;
    assert!(scanned.is_err());
}

#[tokio::test]
async fn versions_are_traced_to_their_table() {
    let context = context().await;
    let table = context.table_provider("t").await.unwrap();
    context.register_table("\"t@version=3\"", table).unwrap();
    assert_eq!(
        trace(&context, "SELECT x.a FROM \"t@version=3\" AS x").await,
        "a<t.a"
    );
}
