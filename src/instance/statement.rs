//! What one statement sees.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;

use super::Instance;
use super::asker::Asker;
use super::relations::{Reading, Relations};
use crate::catalog::{Kind, Oid, Snapshot};
use crate::config::SessionSettings;
use crate::error::{Error, Result};
use crate::session::{plan, recorded_width};
use crate::sources::RejectedRows;
use crate::sql::{QualifiedName, Statement};

/// What one statement sees: the catalog as it is when the statement begins, and one version of each
/// table, however it is reached. Each view is planned once.
pub struct StatementContext {
    /// The objects.
    pub snapshot: Arc<Snapshot>,
    /// Where the statement is planned and run; its relations are those of the snapshot.
    pub state: SessionState,
    relations: Arc<Relations>,
}

impl StatementContext {
    pub(super) fn new(
        snapshot: Arc<Snapshot>,
        state: SessionState,
        relations: Arc<Relations>,
    ) -> Self {
        Self {
            snapshot,
            state,
            relations,
        }
    }

    /// The context, whose sources leave the rows that they cannot read with `rejected`, and whose other
    /// relations what they find.
    #[must_use]
    pub fn collecting(mut self, rejected: &Arc<RejectedRows>) -> Self {
        self.state.config_mut().set_extension(Arc::clone(rejected));
        self.relations.tell_to(rejected);
        self
    }

    /// The version of a table that the statement reads, where it does not name one; none of a table
    /// that it does not read.
    pub fn version_read(&self, table: Oid) -> Option<i64> {
        self.relations.version_read(table)
    }

    /// A relation as the statement reads it; none of a name that is none.
    ///
    /// # Errors
    /// What opening it says.
    pub async fn relation(&self, name: &QualifiedName) -> Result<Option<Arc<dyn TableProvider>>> {
        self.relations.find(&name.schema, &name.name).await
    }

    /// Shows this in the place of a relation, or as one more that only the server knows.
    pub fn show(&self, name: &QualifiedName, provider: Arc<dyn TableProvider>) {
        self.relations.show(name, provider);
    }

    /// Plans views, and those that they read, each once and after what it reads. DataFusion's
    /// planner finds them by their names from then on.
    ///
    /// # Errors
    /// What planning a view says, naming it; 54001 where views multiply into a plan too large.
    pub async fn plan_views(&self, roots: impl IntoIterator<Item = Oid>) -> Result<()> {
        if self.relations.reading == Reading::Shape {
            return Ok(());
        }
        let mut open: Vec<Oid> = roots.into_iter().collect();
        while let Some(oid) = open.last().copied() {
            let view = self
                .snapshot
                .object(oid)
                .filter(|object| object.kind == Kind::View && !self.relations.is_planned(oid));
            let Some(view) = view else {
                open.pop();
                continue;
            };
            let unplanned = view.depends_on.iter().filter(|input| {
                !self.relations.is_planned(**input)
                    && self
                        .snapshot
                        .object(**input)
                        .is_some_and(|object| object.kind == Kind::View)
            });
            let before = open.len();
            open.extend(unplanned);
            if open.len() > before {
                continue;
            }
            open.pop();
            let Statement::CreateView(definition) = &view.definition else {
                return Err(Error::internal(format!(
                    "{} is not defined as a view",
                    view.name
                )));
            };
            let plan =
                plan::definition_over_planned(&self.state, &definition.query, &definition.columns)
                    .await
                    .map_err(|error| error.within(format!("view {}", view.name)))?;
            let plan = recorded_width::keep(plan, &view.schema, &self.snapshot)?;
            self.relations.add_view(view, plan);
        }
        Ok(())
    }
}

impl Instance {
    /// What a statement of the server's own sees that begins now.
    pub fn statement(
        self: &Arc<Self>,
        settings: &SessionSettings,
        reading: Reading,
    ) -> StatementContext {
        self.statement_of(&Asker::server(), self.catalog.snapshot(), settings, reading)
    }

    /// What a statement of theirs sees that has begun with this snapshot of the catalog.
    pub fn statement_of(
        self: &Arc<Self>,
        asker: &Asker,
        snapshot: Arc<Snapshot>,
        settings: &SessionSettings,
        reading: Reading,
    ) -> StatementContext {
        let relations = Arc::new(Relations::new(
            Arc::clone(self),
            Arc::clone(&snapshot),
            settings.clone(),
            reading,
            asker.clone(),
        ));
        let state = self.state(settings, &relations, asker);
        StatementContext::new(snapshot, state, relations)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::physical_plan::common::collect;

    use super::*;
    use crate::execute::query;
    use crate::test_server::{begin, block_on, open, run};

    /// What a query answers within a statement that has begun.
    async fn answer(context: &StatementContext, sql: &str) -> String {
        let Statement::Query(text) = crate::sql::parse_one(sql).unwrap() else {
            panic!("{sql} is no query");
        };
        let plan = plan::query(context, &text).await.unwrap();
        let rows = query::stream(context.state.clone(), plan).await.unwrap();
        let shown = pretty_format_batches(&collect(rows).await.unwrap()).unwrap();
        shown.to_string()
    }

    #[test]
    fn a_statement_sees_one_catalog_and_one_version_of_each_table() {
        block_on(statements_see_one_moment);
    }

    async fn statements_see_one_moment() {
        let folder = tempfile::tempdir().unwrap();
        let session = begin(&open(folder.path()).await);
        run(
            &session,
            "CREATE TABLE t (id BIGINT); INSERT INTO t VALUES (1);
             CREATE VIEW v AS SELECT id FROM public.t; CREATE VIEW w AS SELECT id FROM public.v;",
        )
        .await;
        let context = session.statement();
        let first = answer(&context, "SELECT count(*) AS n FROM public.t").await;
        run(
            &session,
            "INSERT INTO t VALUES (2); CREATE OR REPLACE VIEW v AS SELECT -id AS id FROM public.t;",
        )
        .await;
        for relation in ["public.t", "public.v", "public.w"] {
            let sql = format!("SELECT count(*) AS n FROM {relation} WHERE id > 0");
            assert_eq!(answer(&context, &sql).await, first, "{relation}");
        }
        let next = session.statement();
        let negative = "SELECT min(id) AS n FROM public.w";
        let expected = answer(&next, "SELECT -2 AS n").await;
        assert_eq!(answer(&next, negative).await, expected);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn views_that_were_accepted_before_are_read_where_new_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let session = begin(&open(folder.path()).await);
        run(
            &session,
            "CREATE VIEW v AS SELECT v FROM (VALUES (1), (2)) s (v);",
        )
        .await;
        let query = "SELECT v FROM (VALUES (1), ('2'::text)) s (v)";
        let create = crate::sql::parse_one(&format!("CREATE VIEW public.v AS {query}")).unwrap();
        let catalog = &session.instance.catalog;
        let name = QualifiedName::new("public", "v");
        let view = catalog.snapshot().relation(&name).unwrap().oid;
        catalog
            .write(|transaction| transaction.reword(view, create.clone()))
            .unwrap();
        let context = session.statement();
        let expected = answer(&context, "SELECT 3 AS v").await;
        let read = answer(&context, "SELECT sum(v) AS v FROM public.v").await;
        assert_eq!(read, expected);
        let Statement::Query(text) = crate::sql::parse_one(query).unwrap() else {
            panic!("{query} is no query");
        };
        assert!(plan::query(&context, &text).await.is_err());
        let columns = [String::from("v")];
        let anew = plan::new_definition(&context, &text, &columns).await;
        assert!(anew.is_err());
    }
}
