use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
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
use crate::error::Result;
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

    fn database(&self) -> String {
        "tributary".to_owned()
    }

    fn owner(&self) -> String {
        "tributary".to_owned()
    }

    fn search_path(&self) -> Vec<String> {
        vec!["public".to_owned()]
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
    let new = NewObject {
        oid: None,
        name: QualifiedName::new(schema, name),
        definition: parse_one(sql).unwrap(),
        schema: Arc::new(Schema::new(fields)),
        depends_on: BTreeSet::new(),
        comment: None,
        column_comments: BTreeMap::new(),
        project_file: None,
    };
    server
        .catalog
        .write(|transaction| transaction.create(new))
        .unwrap()
}

/// What a client would be answered.
async fn answer(sql: &str) -> String {
    let sources: Arc<dyn SystemSources> = Arc::new(server());
    let context = SessionContext::new();
    for udf in functions(&sources) {
        context.register_udf(udf);
    }
    let database = context.catalog("datafusion").unwrap();
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
    rewrite(&mut query);
    let statement = DfStatement::Statement(Box::new(SqlStatement::Query(query)));
    let plan = context.state().statement_to_plan(statement).await;
    let plan = plan.unwrap_or_else(|error| panic!("{sql}\n{error}"));
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

#[tokio::test]
async fn probe() {
    for sql in [
        psql::LIST,
        psql::LIST_MORE,
        psql::SCHEMAS,
        psql::DATABASES,
        psql::ROLES,
        psql::FUNCTIONS,
        psql::FIND,
        psql::RELATION,
        psql::RELATION_MORE,
        psql::COLUMNS,
        psql::COLUMNS_MORE,
        psql::FOREIGN,
        psql::FOREIGN_COLUMNS,
        psql::VIEW,
    ]
    .into_iter()
    .chain(psql::NOTHING)
    {
        let sql = sql.to_owned();
        match tokio::spawn(async move { answer(&sql).await }).await {
            Ok(text) => println!("{text}"),
            Err(_) => println!("PANIC"),
        }
    }
}
