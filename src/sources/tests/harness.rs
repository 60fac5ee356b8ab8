//! A folder of files, and queries over them.

use std::path::Path;
use std::sync::Arc;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::SchemaProvider;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast;
use tempfile::TempDir;

use crate::error::Result;
use crate::sources::type_name;
use crate::sources::{RejectedRows, fingerprint, infer_schema, provider};
use crate::sql::create_external_table::CreateExternalTable;
use crate::sql::{Statement, hidden_columns, parser};

pub struct Project {
    folder: TempDir,
    context: SessionContext,
}

impl Project {
    pub fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            context: SessionContext::new_with_config(
                SessionConfig::new()
                    .with_target_partitions(2)
                    .set_str("datafusion.sql_parser.dialect", "PostgreSQL"),
            ),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// The same tables, read in batches of at most so many rows.
    pub fn batches_of(&self, size: usize) -> Self {
        let state = self.context.state();
        let config = state.config().clone().with_batch_size(size);
        self.with_config(config)
    }

    /// The same tables, whose bad rows go to `collector`.
    pub fn rejecting_to(&self, collector: &Arc<RejectedRows>) -> Self {
        let state = self.context.state();
        self.with_config(state.config().clone().with_extension(Arc::clone(collector)))
    }

    fn with_config(&self, config: SessionConfig) -> Self {
        let context = SessionContext::new_with_config_rt(config, self.context.runtime_env());
        let (from, to) = (schema_of(&self.context), schema_of(&context));
        for name in from.table_names() {
            let table = futures::executor::block_on(from.table(&name))
                .unwrap()
                .unwrap();
            to.register_table(name, table).unwrap();
        }
        Self {
            // The files stay with the first project.
            folder: TempDir::new().unwrap(),
            context,
        }
    }

    fn definition(&self, sql: &str) -> CreateExternalTable {
        match parser::parse_one(sql).unwrap() {
            Statement::CreateExternalTable(definition) => definition,
            other => panic!("{other:?}"),
        }
    }

    /// Creates a table, and tells its columns.
    pub async fn create(&self, sql: &str) -> Result<String> {
        let definition = self.definition(sql);
        let state = self.context.state();
        let schema = infer_schema(&definition, self.path(), &state).await?;
        let runtime = self.context.runtime_env();
        let table = provider(&definition, Arc::clone(&schema), self.path(), &runtime)?;
        let name = &definition.name.name;
        let tables = schema_of(&self.context);
        for name in [name.clone(), format!("{name}@hidden")] {
            tables.deregister_table(&name)?;
        }
        let hidden = Arc::new(table.with_hidden_columns());
        tables.register_table(format!("{name}@hidden"), hidden)?;
        tables.register_table(name.clone(), Arc::new(table))?;
        let columns: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| format!("{} {}", field.name(), type_name(field.data_type())))
            .collect();
        Ok(columns.join(", "))
    }

    pub async fn fingerprint(&self, sql: &str) -> Result<String> {
        let definition = self.definition(sql);
        fingerprint(&definition, self.path(), &self.context.runtime_env()).await
    }

    /// A query's rows, their values between bars.
    pub async fn rows(&self, sql: &str) -> Result<Vec<String>> {
        let Statement::Query(mut query) = parser::parse_one(sql).unwrap() else {
            panic!("not a query: {sql}");
        };
        let state = self.context.state();
        hidden_columns::expose(&mut query, &state).await?;
        let statement = PlannerStatement::Statement(Box::new(ast::Statement::Query(query)));
        let plan = state.statement_to_plan(statement).await?;
        let batches = self
            .context
            .execute_logical_plan(plan)
            .await?
            .collect()
            .await?;
        let options = FormatOptions::default();
        let mut rows = Vec::new();
        for batch in &batches {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                let values: Vec<_> = columns
                    .iter()
                    .map(|column| column.value(row).to_string())
                    .collect();
                rows.push(values.join("|"));
            }
        }
        Ok(rows)
    }
}

fn schema_of(context: &SessionContext) -> Arc<dyn SchemaProvider> {
    context
        .catalog("datafusion")
        .unwrap()
        .schema("public")
        .unwrap()
}
