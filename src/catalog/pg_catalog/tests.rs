use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider,
};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;

use super::*;
use crate::catalog::journal::Journal;
use crate::catalog::system::{
    LineageEdge, SessionInfo, SettingInfo, SystemSources, SystemTable, SystemView, TableStatistics,
    VIEWS,
};
use crate::catalog::{Catalog, NewObject, Object, Oid, Snapshot};
use crate::config::Configuration;
use crate::error::Result;
use crate::instance::{DATABASE, session_template};
use crate::session::plan::finish;
use crate::sql::{QualifiedName, Statement, parse_one};

#[derive(Debug)]
struct Server {
    _folder: tempfile::TempDir,
    catalog: Catalog,
    journal: Journal,
}

impl SystemSources for Server {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.catalog.snapshot()
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }

    fn is_stale(&self, _object: &Object) -> Option<bool> {
        None
    }

    fn table_statistics(&self, _object: &Object) -> Option<TableStatistics> {
        None
    }

    fn lineage(&self) -> Result<Vec<LineageEdge>> {
        Ok(Vec::new())
    }

    fn settings(&self) -> Vec<SettingInfo> {
        Vec::new()
    }

    fn sessions(&self) -> Vec<SessionInfo> {
        Vec::new()
    }
}

/// The catalog of a server, of which nothing else is told.
#[derive(Debug)]
struct CatalogAlone(Server);

impl SystemSources for CatalogAlone {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot()
    }

    fn journal(&self) -> &Journal {
        panic!("the journal was asked")
    }

    fn is_stale(&self, _object: &Object) -> Option<bool> {
        panic!("it was asked what is stale")
    }

    fn table_statistics(&self, _object: &Object) -> Option<TableStatistics> {
        None
    }

    fn lineage(&self) -> Result<Vec<LineageEdge>> {
        panic!("the lineage was asked for")
    }

    fn settings(&self) -> Vec<SettingInfo> {
        panic!("the settings were asked for")
    }

    fn sessions(&self) -> Vec<SessionInfo> {
        panic!("the sessions were asked for")
    }

    fn search_path(&self) -> Vec<String> {
        panic!("the path was asked for")
    }

    fn user(&self) -> String {
        panic!("it was asked who asks")
    }
}

/// A server with an object of each kind, numbered as they are listed here.
fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
    let journal = catalog.journal(10).unwrap();
    let server = Server {
        _folder: folder,
        catalog,
        journal,
    };
    server
        .catalog
        .write(|transaction| {
            transaction.create_schema("crm", false)?;
            transaction.set_schema_comment("crm", Some("the customers".to_owned()))
        })
        .unwrap();
    let orders = create(&server, "crm.orders", "CREATE TABLE crm.orders (id bigint)");
    create(
        &server,
        "public.v",
        "CREATE VIEW public.v AS SELECT id FROM crm.orders",
    );
    create(
        &server,
        "crm.m",
        "CREATE MATERIALIZED VIEW crm.m AS SELECT id FROM crm.orders",
    );
    create(
        &server,
        "crm.feed",
        "CREATE EXTERNAL TABLE crm.feed STORED AS CSV LOCATION 'feed.csv'",
    );
    create(
        &server,
        "crm.c",
        "CREATE CHECK crm.c AS SELECT id FROM crm.orders",
    );
    server
        .catalog
        .write(|transaction| {
            transaction.set_comment(orders, Some("what they bought".to_owned()))?;
            transaction.set_column_comment(orders, "price", Some("in euros".to_owned()))
        })
        .unwrap();
    server
}

fn create(server: &Server, name: &str, sql: &str) -> Oid {
    let (schema, name) = name.split_once('.').unwrap();
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let fields = vec![
        Field::new("id", DataType::Int64, false),
        Field::new("price", DataType::Decimal128(12, 2), true),
        Field::new("tags", DataType::new_list(DataType::Utf8, true), true),
        Field::new("at", time, true),
    ];
    let new = NewObject::new(QualifiedName::new(schema, name), parse_one(sql).unwrap())
        .with_columns(Arc::new(Schema::new(fields)));
    server
        .catalog
        .write(|transaction| transaction.create(new))
        .unwrap()
}

/// What a client would be answered.
async fn answer(sql: &str) -> String {
    let sources: Arc<dyn SystemSources> = Arc::new(server());
    let configuration = Configuration::load(None, |_| None, []).unwrap();
    let mut state = session_template(&configuration, Arc::default()).unwrap();
    let config = state.config_mut();
    *config = std::mem::take(config).with_option_extension(StatementCatalog(Arc::clone(&sources)));
    let context = SessionContext::new_with_state(state);
    let database = Arc::new(MemoryCatalogProvider::new());
    context.register_catalog(DATABASE, Arc::clone(&database) as Arc<dyn CatalogProvider>);
    let own = Arc::new(MemorySchemaProvider::new());
    for table in tables() {
        let provider = SystemTable::new(table, Arc::clone(&sources));
        own.register_table(table.name.to_owned(), Arc::new(provider))
            .unwrap();
    }
    database.register_schema(PG_CATALOG, own).unwrap();
    let Statement::Query(mut query) = parse_one(sql).unwrap() else {
        panic!("{sql} is no query");
    };
    rewrite(&mut query, &Snapshot::default(), EmptyQuery::NullTexts);
    let statement = DfStatement::Statement(Box::new(SqlStatement::Query(query)));
    let plan = context.state().statement_to_plan(statement).await;
    let plan = plan.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let plan = finish(plan, &context.state()).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let frame = context.execute_logical_plan(plan).await.unwrap();
    let rows = frame.collect().await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    pretty_format_batches(&rows).unwrap().to_string()
}

/// psql's own queries, as `psql -E` (version 15) shows them, with `16385` for the object.
mod psql {
    pub const LIST: &str = include_str!("psql/list.sql");
    pub const LIST_MORE: &str = include_str!("psql/list_more.sql");
    pub const SCHEMAS: &str = include_str!("psql/schemas.sql");
    pub const DATABASES: &str = include_str!("psql/databases.sql");
    pub const ROLES: &str = include_str!("psql/roles.sql");
    pub const FUNCTIONS: &str = include_str!("psql/functions.sql");
    pub const FIND: &str = include_str!("psql/describe_find.sql");
    pub const RELATION: &str = include_str!("psql/describe_relation.sql");
    pub const RELATION_MORE: &str = include_str!("psql/describe_relation_more.sql");
    pub const COLUMNS: &str = include_str!("psql/describe_columns.sql");
    pub const COLUMNS_MORE: &str = include_str!("psql/describe_columns_more.sql");
    pub const FOREIGN: &str = include_str!("psql/describe_foreign.sql");
    pub const FOREIGN_COLUMNS: &str = include_str!("psql/describe_foreign_columns.sql");
    pub const VIEW: &str = include_str!("psql/describe_view.sql");
    /// Those of what is not here: each answers no row.
    pub const NOTHING: [&str; 7] = [
        include_str!("psql/describe_indexes.sql"),
        include_str!("psql/describe_policies.sql"),
        include_str!("psql/describe_statistics.sql"),
        include_str!("psql/describe_publications.sql"),
        include_str!("psql/describe_rules.sql"),
        include_str!("psql/describe_parents.sql"),
        include_str!("psql/describe_children.sql"),
    ];
}

/// The cells of a printed answer, without its frame.
fn cells(answer: &str) -> Vec<Vec<&str>> {
    let rows = answer.lines().filter(|line| line.starts_with('|')).skip(1);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn rows_that_stay_with_the_catalog_follow_from_it_alone() {
    let alone = CatalogAlone(server());
    let snapshot = alone.snapshot();
    let mut kept = 0;
    for table in tables().filter(|table| table.follows_from(&snapshot)) {
        assert!(table.arrays_at_hand(&alone).is_none(), "{}", table.name);
        let made = table.arrays(&alone).unwrap();
        assert_eq!(table.arrays_at_hand(&alone), Some(made), "{}", table.name);
        kept += 1;
    }
    assert!(kept > 6);
    // Whether the materialized view has rows is another matter.
    let relations = table("pg_class").unwrap();
    assert!(!relations.follows_from(&snapshot));
    create(&alone.0, "crm.more", "CREATE TABLE crm.more (id bigint)");
    let columns = table("pg_attribute").unwrap();
    assert!(columns.arrays_at_hand(&alone).is_none());
}

#[tokio::test]
async fn psql_lists_what_the_search_path_shows() {
    let expected = "\
+--------+------+------+-----------+
| Schema | Name | Type | Owner     |
+--------+------+------+-----------+
| public | v    | view | tributary |
+--------+------+------+-----------+";
    assert_eq!(answer(psql::LIST).await, expected);
    // psql asks for another schema in the same words, but for the condition on it.
    let of_schema = psql::LIST_MORE.replace(
        "AND pg_catalog.pg_table_is_visible(c.oid)",
        "AND n.nspname OPERATOR(pg_catalog.~) '^(crm)$' COLLATE pg_catalog.default",
    );
    assert_eq!(
        cells(&answer(&of_schema).await),
        [
            [
                "crm",
                "feed",
                "foreign table",
                "tributary",
                "permanent",
                "",
                "0 bytes",
                ""
            ],
            [
                "crm",
                "m",
                "materialized view",
                "tributary",
                "permanent",
                "heap",
                "0 bytes",
                ""
            ],
            [
                "crm",
                "orders",
                "table",
                "tributary",
                "permanent",
                "heap",
                "0 bytes",
                "what they bought"
            ],
        ]
    );
}

#[tokio::test]
async fn psql_lists_schemas_databases_roles_and_functions() {
    assert_eq!(
        cells(&answer(psql::SCHEMAS).await),
        [
            ["crm", "tributary", "", "the customers"],
            [
                "public",
                "tributary",
                "tributary=UC/tributary",
                "standard public schema"
            ],
            ["", "", "=U/tributary", ""],
            [
                "tributary",
                "tributary",
                "",
                "what the server knows of itself"
            ],
        ]
    );
    let databases = answer(psql::DATABASES).await;
    assert_eq!(
        cells(&databases),
        [[
            "tributary",
            "tributary",
            "UTF8",
            "C.UTF-8",
            "C.UTF-8",
            "",
            "libc",
            ""
        ]]
    );
    let roles = answer(psql::ROLES).await;
    assert_eq!(cells(&roles).len(), 1, "{roles}");
    assert_eq!(cells(&answer(psql::FUNCTIONS).await).len(), 0);
}

#[tokio::test]
async fn psql_describes_a_table() {
    assert_eq!(
        cells(&answer(psql::FIND).await),
        [["16385", "crm", "orders"]]
    );
    for sql in [psql::RELATION, psql::RELATION_MORE] {
        let relation = answer(sql).await;
        let cells = cells(&relation);
        assert_eq!(cells.len(), 1);
        assert_eq!(cells[0][1], "r");
        assert_eq!(cells[0].last(), Some(&"heap"));
    }
    assert_eq!(
        cells(&answer(psql::COLUMNS).await),
        [
            ["id", "bigint", "", "true", "", "", ""],
            ["price", "numeric(12,2)", "", "false", "", "", ""],
            ["tags", "text[]", "", "false", "", "", ""],
            ["at", "timestamp with time zone", "", "false", "", "", ""],
        ]
    );
    let columns = answer(psql::COLUMNS_MORE).await;
    assert_eq!(cells(&columns)[1].last(), Some(&"in euros"));
    for sql in psql::NOTHING {
        assert_eq!(cells(&answer(sql).await).len(), 0, "{sql}");
    }
}

#[tokio::test]
async fn psql_describes_views_and_external_tables() {
    let view = psql::VIEW.replace("16385", "16386");
    assert_eq!(
        cells(&answer(&view).await),
        [["SELECT id FROM crm.orders;"]]
    );
    let feed = |sql: &str| sql.replace("16385", "16388");
    assert_eq!(cells(&answer(&feed(psql::FOREIGN)).await), [["csv", ""]]);
    let columns = answer(&feed(psql::FOREIGN_COLUMNS)).await;
    assert_eq!(cells(&columns).len(), 4);
}

#[tokio::test]
async fn the_tables_of_the_server_itself_are_described() {
    let columns = answer(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), \
                col_description(a.attrelid, a.attnum) \
         FROM pg_catalog.pg_attribute a \
         WHERE a.attrelid = 'tributary.lineage'::regclass AND a.attnum = 1",
    )
    .await;
    assert_eq!(
        cells(&columns),
        [[
            "schema",
            "text",
            "The schema of the view or materialized view."
        ]]
    );
    let name = "SELECT oid::regclass FROM pg_catalog.pg_class WHERE relname = 'orders'";
    assert_eq!(cells(&answer(name).await), [["crm.orders"]]);
}

#[tokio::test]
async fn every_table_has_its_columns() {
    let mut seen = BTreeSet::new();
    for table in tables() {
        assert!(seen.insert(table.oid), "{} has a number twice", table.name);
        let rows = SystemView::rows(table, &server()).unwrap();
        assert_eq!(rows.schema(), table.schema());
    }
    // Numbers of relations are unique over all schemas.
    let sources = server();
    let all = relation::relations(&sources);
    let oids: BTreeSet<i64> = all.iter().map(|relation| relation.oid).collect();
    assert_eq!(oids.len(), all.len());
    assert!(all.len() > VIEWS.len() + tables().count());
}

#[test]
fn a_query_of_something_else_stays_as_it_is() {
    for sql in [
        "SELECT count(*) FROM pg_index",
        "SELECT a FROM t LEFT JOIN pg_index ON true",
        "WITH pg_index AS (SELECT 1 AS a) SELECT a FROM pg_index",
        "SELECT x FROM unnest(make_array(1, 2)) AS u (x)",
        "SELECT a FROM other.pg_index",
    ] {
        let Statement::Query(before) = parse_one(sql).unwrap() else {
            panic!("{sql} is no query");
        };
        let mut after = before.clone();
        rewrite(&mut after, &Snapshot::default(), EmptyQuery::NullTexts);
        assert_eq!(before, after);
    }
}

#[test]
fn types_are_written_as_postgres_writes_them() {
    // SELECT format_type(1700, 786438), format_type(1700, 655366), format_type(1231, -1) ...
    assert_eq!(format_type(1700, 786_438), "numeric(12,2)");
    assert_eq!(
        format_type(1700, ((5 << 16) | (-3 & 0x7ff)) + 4),
        "numeric(5,-3)"
    );
    assert_eq!(format_type(1231, -1), "numeric[]");
    assert_eq!(format_type(1043, 14), "character varying(10)");
    assert_eq!(format_type(0, -1), "-");
    assert_eq!(format_type(4_000_000, -1), "???");
}
