//! What becomes of the rows of a table that gets another definition: they stay, or are written anew.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};

use super::versioned::GoingOn;
use crate::catalog::{Kind, NewObject, Object};
use crate::error::{Error, Result, SqlState};
use crate::execute::define::in_place_of;
use crate::execute::query;
use crate::instance::StatementContext;
use crate::models::constraints::{Constraints, Repeated};
use crate::models::replacement::{self, Replacement, replaced_meanwhile, same_columns};
use crate::models::replan::{self, Author};
use crate::models::{keyed, partitioned, recorded};
use crate::session::{Session, plan};
use crate::sql::name::Quoted;
use crate::sql::{Statement, parse_one};
use crate::warehouse::{At, CommitInfo, CommitMark, Keyed, Participant, Rewriting};

/// The operation that the table's history tells.
const OPERATION: &str = "ALTER TABLE";

/// What becomes of the rows.
pub(super) enum Rows {
    /// They stay as they are.
    Stay,
    /// They stay if they satisfy the new constraints.
    Checked,
    /// Each is made of the old one: these columns of something else than the column of their name.
    Made(Vec<Made>),
}

/// What the values of a column are made of.
pub(super) struct Made {
    /// The column, by its new name.
    pub column: String,
    /// The expression that gives them.
    pub value: String,
    /// The column, by its old name, that they are those of in another form.
    pub of: Option<String>,
}

/// Gives a table another definition.
///
/// # Errors
/// 23502, 23505 and 23514 for rows that do not satisfy a constraint; what stands on the table says;
/// 40001 where it was changed meanwhile.
pub(super) async fn redefine(
    session: &Session,
    object: &Arc<Object>,
    new: NewObject,
    rows: Rows,
) -> Result<()> {
    redefine_with(session, object, new, rows, CommitInfo::new(OPERATION)).await
}

/// [`redefine`], also for a materialized view, in a commit that tells this.
///
/// # Errors
/// Those of [`redefine`].
pub(super) async fn redefine_with(
    session: &Session,
    object: &Arc<Object>,
    new: NewObject,
    rows: Rows,
    mut info: CommitInfo,
) -> Result<()> {
    let instance = &session.instance;
    replacement::settle(&instance.catalog, &instance.warehouse, object.oid).await?;
    replan::check(instance, object.oid, &new, Author::Statement).await?;
    let (table, warehouse) = (object.table(), &instance.warehouse);
    let mut after = in_place_of(object, &new)?;
    let is_table = object.kind == Kind::Table;
    match is_table {
        true => info.definition = Some(recorded::record(&after, Some(object))?),
        false => {
            let stored = warehouse.schema(&table, At::Latest).await?;
            after.schema = as_stored(object, &after.schema, &stored)?;
        }
    }
    let after = Arc::new(after);
    let keyed = keyed::of(&after)?;
    let replacement = Replacement {
        instance: Arc::clone(instance),
        oid: object.oid,
        new,
        author: Author::Statement,
        keeps_rows: true,
    };
    let made = match rows {
        // The files of a table may have to have other names for its columns than they have.
        Rows::Stay if !warehouse.can_reshape(&table, &after.schema).await? => {
            let fields = after.schema.fields().iter();
            let added =
                fields.filter(|field| object.schema.column_with_name(field.name()).is_none());
            let none = |field: &Arc<Field>| Made {
                column: field.name().clone(),
                value: "NULL".to_owned(),
                of: None,
            };
            added.map(none).collect()
        }
        Rows::Stay | Rows::Checked => {
            let checks = matches!(rows, Rows::Checked);
            let columns = Arc::clone(&after.schema);
            let redefinition = Redefinition {
                replacement,
                checked: checks.then(|| (session.statement().state, after)),
            };
            let participant = Arc::new(redefinition);
            warehouse
                .reshape(&table, &columns, keyed, info, participant)
                .await?;
            return Ok(());
        }
        Rows::Made(made) => made,
    };
    let alone = warehouse.alone(&table).await;
    let version = warehouse.version(&table).await?;
    let context = session.statement();
    // The rows of a query are held against nothing that it does not say itself.
    let constraints = match is_table {
        true => {
            let refused = Repeated::Refused;
            Some(Constraints::new(&context.state, &after, refused, None)?)
        }
        false => None,
    };
    let (rows, versioned) = match keyed.as_ref().filter(|it| it.merges_by_version()) {
        None => {
            let living = warehouse.scan(&table, At::Version(version)).await?;
            let value = |field: &Field| value_of(&made, field);
            let rows = made_rows(context, object, living, &after, value).await?;
            (rows, Vec::new())
        }
        Some(keyed) => {
            let (living, columns) = warehouse.scan_with_column_versions(&table, version).await?;
            let going_on = GoingOn::new(object, keyed, &after.schema, &columns, &made)?;
            let rows = going_on
                .rows(context, object, living, &after, &made)
                .await?;
            (rows, going_on.names())
        }
    };
    let width = after.schema.fields().len();
    let given = rows.schema();
    let behind = given.fields().iter().skip(width);
    let fields = after.schema.fields().iter().chain(behind).cloned();
    let wide = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let check = Check {
        constraints,
        living: keyed.clone().filter(|keyed| tells_anew(keyed, &made)),
        table: after.name.name.clone(),
        width,
        wide: Arc::clone(&wide),
    };
    let rows = rows.map(move |batch| Ok(check.check(&batch?)?));
    let rows = RecordBatchStreamAdapter::new(wide, rows);
    let tombstones = match warehouse.tombstones(&table, version).await? {
        Some(gone) => {
            Some(made_tombstones(session.statement(), object, gone, &after, &made).await?)
        }
        None => None,
    };
    let rewriting = Rewriting {
        alone,
        version,
        rows: Box::pin(rows),
        versioned,
        tombstones,
        keyed,
        partitions: partitioned::of(&after)?,
    };
    warehouse
        .rewrite(&table, rewriting, info, Arc::new(replacement))
        .await?;
    Ok(())
}

/// The columns that a materialized view is to have, NULL where its table may have NULL: what its query
/// proved of that when it was defined need not be so of rows that were made since.
fn as_stored(object: &Object, columns: &Schema, stored: &Schema) -> Result<SchemaRef> {
    if !same_columns(&object.schema, stored) {
        return Err(replaced_meanwhile(object));
    }
    let pairs = columns.fields().iter().zip(stored.fields());
    let fields = pairs.map(|(field, stored)| {
        let field = Field::clone(field);
        field.with_nullable(stored.is_nullable())
    });
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

/// What the values of a column are made of, if not of those of its name.
pub(super) fn value_of(made: &[Made], field: &Field) -> Option<String> {
    let made = made.iter().find(|made| made.column == *field.name());
    made.map(|made| made.value.clone())
}

/// Whether the column that tells of deletions gets other values than its own in another type.
fn tells_anew(keyed: &Keyed, made: &[Made]) -> bool {
    let mut made = made.iter();
    made.any(|made| {
        let own = made.of.as_ref().map(|own| Quoted(own).to_string());
        Some(&made.column) == keyed.deleted.as_ref() && own.as_ref() != Some(&made.value)
    })
}

/// That no row tells that it is deleted: it would be there, though the table shows none that do.
fn stay_living(keyed: &Keyed, rows: &RecordBatch, table: &str) -> Result<()> {
    let deletions = keyed.deletions(rows)?;
    match &keyed.deleted {
        Some(column) if deletions.is_some_and(|told| told.true_count() > 0) => {
            Err(Error::unsupported(format!(
                "ALTER TABLE that has rows of \"{table}\" tell by column \"{column}\" that they are deleted"
            ))
            .with_hint("Delete them first, or set the column by UPDATE, which deletes them."))
        }
        _ => Ok(()),
    }
}

/// Looks at rows whose first columns are those of a table.
struct Check {
    constraints: Option<Constraints>,
    /// By what rows would tell that they are deleted, where they might now and did not.
    living: Option<Keyed>,
    table: String,
    width: usize,
    /// All of their columns.
    wide: SchemaRef,
}

impl Check {
    /// The rows, which satisfy the constraints; what is behind the columns of the table stays as it is.
    fn check(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let own: Vec<usize> = (0..self.width).collect();
        let own = batch.project(&own)?;
        let checked = match &self.constraints {
            Some(constraints) => constraints
                .check(&own)
                .map_err(|error| violated(error.into(), &self.table))?,
            None => own,
        };
        if let Some(keyed) = &self.living {
            stay_living(keyed, &checked, &self.table)?;
        }
        let columns = checked.columns().iter();
        let columns = columns.chain(batch.columns().iter().skip(self.width));
        let columns = columns.cloned().collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.wide), columns)?)
    }
}

/// The rows of a relation, which is one of the table's, as the new definition has them: each column is
/// what `value` says, or the column of the same name.
async fn made_rows(
    context: StatementContext,
    object: &Object,
    relation: Arc<dyn TableProvider>,
    after: &Object,
    value: impl Fn(&Field) -> Option<String>,
) -> Result<SendableRecordBatchStream> {
    let plan = made_plan(&context, object, relation, after, value, &[]).await?;
    let plan = plan::cast_to(plan, &after.schema)?;
    query::stream(context.state, plan).await
}

/// The plan of these rows, and behind them these columns of the relation, before they have their types.
pub(super) async fn made_plan(
    context: &StatementContext,
    object: &Object,
    relation: Arc<dyn TableProvider>,
    after: &Object,
    value: impl Fn(&Field) -> Option<String>,
    behind: &[String],
) -> Result<LogicalPlan> {
    let values = after.schema.fields().iter().map(|field| {
        let own = Quoted(field.name()).to_string();
        format!("{} AS {own}", value(field).as_ref().unwrap_or(&own))
    });
    let behind = behind.iter().map(|column| Quoted(column).to_string());
    let values: Vec<String> = values.chain(behind).collect();
    let text = format!("SELECT {} FROM {}", values.join(", "), object.name);
    let Statement::Query(mut text) = parse_one(&text)? else {
        return Err(Error::internal("SELECT is no query"));
    };
    context.show(&object.name, relation);
    plan::resolve_names(&mut text, &context.snapshot, &[])?;
    plan::query(context, &text).await
}

/// The tombstones in the new columns. Nobody reads more of them than the key, the version and that they
/// tell of a deletion: what else would be made of other columns is left out, since rows that nobody sees
/// must not make the statement fail.
async fn made_tombstones(
    context: StatementContext,
    object: &Object,
    tombstones: Arc<dyn TableProvider>,
    after: &Object,
    made: &[Made],
) -> Result<SendableRecordBatchStream> {
    let options = keyed::options(after).cloned().unwrap_or_default();
    made_rows(context, object, tombstones, after, |field| {
        let value = value_of(made, field)?;
        let is_read = keyed::naming(&options, field.name()).is_some();
        let left_out = field.is_nullable() && !is_read;
        Some(if left_out { "NULL".to_owned() } else { value })
    })
    .await
}

/// The catalog's part in the commit, and the rows' that are there.
struct Redefinition {
    replacement: Replacement,
    /// Where rows are looked at, and what they must satisfy.
    checked: Option<(SessionState, Arc<Object>)>,
}

impl Participant for Redefinition {
    fn prepare<'a>(&'a self, mark: &'a CommitMark) -> BoxFuture<'a, Result<()>> {
        async move {
            if let Some((state, object)) = &self.checked {
                self.check(state, object).await?;
            }
            self.replacement.prepare(mark).await
        }
        .boxed()
    }

    fn committed(&self, mark: &CommitMark) {
        self.replacement.committed(mark);
    }

    fn aborted(&self, mark: &CommitMark) {
        self.replacement.aborted(mark);
    }
}

impl Redefinition {
    async fn check(&self, state: &SessionState, object: &Arc<Object>) -> Result<()> {
        let constraints = Constraints::new(state, object, Repeated::Refused, None)?;
        let warehouse = &self.replacement.instance.warehouse;
        let rows = warehouse.scan(&object.table(), At::Latest).await?;
        let plan = rows.scan(state, None, &[], None).await?;
        let mut rows = execute_stream(plan, state.task_ctx())?;
        while let Some(batch) = rows.next().await {
            let checked = constraints.check(&batch?);
            checked.map_err(|error| violated(error.into(), &object.name.name))?;
        }
        Ok(())
    }
}

/// As Postgres tells of rows that are there and do not satisfy a new constraint.
fn violated(error: Error, table: &str) -> Error {
    let named = |error: &Error| error.constraint().map(|place| place.constraint.clone());
    let message = match (error.sqlstate(), named(&error)) {
        (SqlState::UNIQUE_VIOLATION, Some(name)) => {
            format!("could not create unique index \"{name}\"")
        }
        (SqlState::CHECK_VIOLATION, Some(name)) => {
            format!("check constraint \"{name}\" of relation \"{table}\" is violated by some row")
        }
        (SqlState::NOT_NULL_VIOLATION, _) => match error.column() {
            Some(place) => format!(
                "column \"{}\" of relation \"{table}\" contains null values",
                place.column
            ),
            None => return error,
        },
        _ => return error,
    };
    error.with_message(message)
}
