use arrow::datatypes::DataType;
use arrow::util::pretty::pretty_format_batches;
use chrono::{DateTime, Utc};
use datafusion::prelude::SessionContext;
use serde_json::json;

use super::*;
use crate::catalog::journal::{CheckResult, CheckStatus, ModelState, RefreshRecord, RefreshStatus};
use crate::catalog::{Catalog, NewObject, Oid};
use crate::error::Error;
use crate::sql::{QualifiedName, parse_one};

#[derive(Debug)]
struct Server {
    _folder: tempfile::TempDir,
    catalog: Catalog,
    journal: Journal,
}

impl Server {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
        let journal = catalog.journal(100).unwrap();
        Self {
            _folder: folder,
            catalog,
            journal,
        }
    }

    fn create(&self, name: &str, sql: &str) -> Oid {
        let full = QualifiedName::new("public", name);
        let new = NewObject {
            project_file: Some(format!("public/{name}.sql")),
            ..NewObject::new(full, parse_one(sql).unwrap())
        };
        self.catalog
            .write(|transaction| transaction.create(new))
            .unwrap()
    }
}

impl SystemSources for Server {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.catalog.snapshot()
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }

    fn is_stale(&self, _object: &Object) -> Option<bool> {
        Some(true)
    }

    fn table_statistics(&self, _object: &Object) -> Option<TableStatistics> {
        Some(TableStatistics {
            version: 4,
            rows: Some(9),
        })
    }

    fn lineage(&self) -> Result<Vec<LineageEdge>> {
        Err(Error::unsupported("lineage here"))
    }

    fn settings(&self) -> Vec<SettingInfo> {
        vec![SettingInfo {
            name: "memory_limit".to_owned(),
            value: Some("1GB".to_owned()),
            default: None,
            source: "session".to_owned(),
            settable: true,
            description: "How much memory queries take.".to_owned(),
        }]
    }

    fn sessions(&self) -> Vec<SessionInfo> {
        vec![SessionInfo {
            backend_type: "client backend",
            encryption: None,
            is_shown: true,
            pid: 7,
            user: "ada".to_owned(),
            database: "tributary".to_owned(),
            application_name: "psql".to_owned(),
            client: None,
            state: "active",
            query: Some("SELECT 1".to_owned()),
            connected_at: DateTime::<Utc>::UNIX_EPOCH,
            query_started_at: None,
            transaction_started_at: None,
        }]
    }
}

/// What psql would show.
async fn query(server: Server, sql: &str) -> String {
    let context = SessionContext::new();
    let sources: Arc<dyn SystemSources> = Arc::new(server);
    for view in VIEWS {
        let table = SystemTable::new(view, Arc::clone(&sources));
        context
            .register_table(view.name(), Arc::new(table))
            .unwrap();
    }
    let rows = match context.sql(sql).await.unwrap().collect().await {
        Ok(rows) => rows,
        Err(error) => return Error::from(error).to_string(),
    };
    pretty_format_batches(&rows).unwrap().to_string()
}

#[tokio::test]
async fn every_view_answers_in_its_own_columns() {
    let empty = Server::new();
    for of in VIEWS {
        if of.name() == "lineage" {
            continue;
        }
        let rows = of.rows(&empty).unwrap();
        assert_eq!(rows.schema(), of.schema());
        assert!(std::ptr::eq(of.name(), view(of.name()).unwrap().name()));
    }
    assert!(view("nothing").is_none());
    // An error of a source is the error of the query.
    assert_eq!(
        query(empty, "SELECT * FROM lineage").await,
        "lineage here is not supported"
    );
}

#[tokio::test]
async fn models_show_where_each_stands() {
    let server = Server::new();
    server.create("a_table", "CREATE TABLE public.a_table (id bigint)");
    server.create("a_view", "CREATE VIEW public.a_view AS SELECT 1 AS one");
    server.create(
        "fresh",
        "CREATE MATERIALIZED VIEW public.fresh AS SELECT 1 AS one",
    );
    let built = server.create(
        "built",
        "CREATE MATERIALIZED VIEW public.built AS SELECT 1 AS one",
    );
    let mut refresh = RefreshRecord::start(QualifiedName::new("public", "built"), built, "stale");
    server.journal.add_refresh(&mut refresh).unwrap();
    refresh.fail(&Error::unsupported("this"));
    let state = ModelState {
        last_refresh_id: refresh.id,
        version: Some(2),
        rows: Some(5),
        status: RefreshStatus::Failed,
        error: refresh.error.clone(),
        ..ModelState::default()
    };
    server.journal.finish_refresh(&refresh, Some(&state));
    let shown = query(
        server,
        "SELECT name, kind, status, stale, rows, version, last_refresh_id AS refresh, error \
         FROM models ORDER BY name",
    )
    .await;
    let expected = "\
+---------+-------------------+--------+-------+------+---------+---------+-----------------------+
| name    | kind              | status | stale | rows | version | refresh | error                 |
+---------+-------------------+--------+-------+------+---------+---------+-----------------------+
| a_table | table             |        |       | 9    | 4       |         |                       |
| a_view  | view              |        |       |      |         |         |                       |
| built   | materialized view | failed | true  | 5    | 2       | 1       | this is not supported |
| fresh   | materialized view | new    | true  |      |         |         |                       |
+---------+-------------------+--------+-------+------+---------+---------+-----------------------+";
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn checks_show_what_each_found_last() {
    let server = Server::new();
    let oid = server.create(
        "one_each",
        "CREATE CHECK public.one_each AS SELECT 1 AS one",
    );
    server.create("never", "CREATE CHECK public.never AS SELECT 1 AS one");
    for failing in [3, 0] {
        let mut result = CheckResult {
            id: 0,
            check: QualifiedName::new("public", "one_each"),
            oid,
            checked_at: DateTime::<Utc>::UNIX_EPOCH,
            status: if failing > 0 {
                CheckStatus::Failed
            } else {
                CheckStatus::Passed
            },
            failing_rows: Some(failing),
            sample: vec![json!({ "one": 1 }); usize::from(failing > 0)],
            rows_rejected: 0,
            definition_hash: String::new(),
            inputs: Vec::new(),
            duration_ms: 1,
            sqlstate: None,
            error: None,
        };
        server.journal.add_check_result(&mut result).unwrap();
    }
    let shown = query(
        server,
        "SELECT r.id, c.name, c.severity, c.status AS now, r.status, r.sample \
         FROM checks c LEFT JOIN check_results r ON r.name = c.name ORDER BY c.name, r.id",
    )
    .await;
    let expected = "\
+----+----------+----------+--------+--------+-------------+
| id | name     | severity | now    | status | sample      |
+----+----------+----------+--------+--------+-------------+
|    | never    | error    |        |        |             |
| 1  | one_each | error    | passed | failed | [{\"one\":1}] |
| 2  | one_each | error    | passed | passed |             |
+----+----------+----------+--------+--------+-------------+";
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn sources_do_not_show_passwords() {
    let server = Server::new();
    server.create(
        "orders",
        "CREATE EXTERNAL TABLE public.orders STORED AS CSV \
         LOCATION 'https://ada:secret@example.org/orders.csv' \
         OPTIONS (on_error 'quarantine')",
    );
    let shown = query(
        server,
        "SELECT name, format, location, on_error FROM sources",
    )
    .await;
    let expected = "\
+--------+--------+----------------------------------------+------------+
| name   | format | location                               | on_error   |
+--------+--------+----------------------------------------+------------+
| orders | CSV    | https://ada:***@example.org/orders.csv | quarantine |
+--------+--------+----------------------------------------+------------+";
    assert_eq!(shown, expected);
}

#[test]
fn the_reference_has_every_view_and_column() {
    let page = reference();
    for view in VIEWS {
        assert!(page.contains(&format!("## tributary.{}\n", view.name())));
        for column in view.columns() {
            assert!(page.contains(&format!("| `{}` | ", column.name)));
            assert!(column.description.ends_with('.'), "{}", column.description);
        }
    }
    assert!(page.contains("## tributary.rejected_rows\n"));
    let schema = rejected_rows_schema();
    assert_eq!(schema.field(4).data_type(), &DataType::Int64);
}
