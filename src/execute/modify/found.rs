//! The queries that find the rows to change, and what becomes of them.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::datasource::ViewTable;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr as Expression, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{Ident, ObjectNamePart, Query, SetExpr, TableFactor};

use super::put::{PutAnswer, PutRows};
use super::returning::{Answered, Returning, carried_name};
use super::{Changing, Fate, Twice};
use crate::catalog::Snapshot;
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::StatementContext;
use crate::models::constraints::{Repeated, assigned, check_columns};
use crate::models::rejected;
use crate::session::{declared, plan};
use crate::sql::changed_rows::{KEY_ROWS, NEW_ROWS, PROPOSED, PUT_ROWS, ROWS};
use crate::sql::cursor::folded;
use crate::sql::name::Quoted;
use crate::sql::{QualifiedName, Statement, column_names, parse_one};

/// The name by which expressions know the rows of an `INSERT`.
pub const EXCLUDED: &str = "excluded";

/// The name by which expressions know keys that were looked up.
pub const KEYS: &str = "tributary:keys";

/// The relation of keys that were looked up for a table.
pub fn keys_name(table: &QualifiedName) -> QualifiedName {
    with_suffix(table, KEY_ROWS)
}

/// The column that tells what becomes of a row.
pub const FATE: &str = "tributary:fate";

/// The number of a row among those that an `INSERT` proposes.
pub const POSITION: &str = "tributary:position";

/// The columns of the rows' places come first.
const PLACES: usize = 2;

/// A query that finds rows.
pub struct Found {
    /// What it selects.
    pub select: String,
    /// What stands behind its `FROM`.
    pub from: String,
}

/// What a query of [`Changing::change`] selects.
pub struct Layout {
    /// Whether each row has a [`Fate`]; else all change.
    pub has_fate: bool,
    /// The columns by which a row that is found twice is told; they are selected behind the
    /// table's.
    pub keys: Vec<String>,
    /// What becomes of a row that is found twice.
    pub twice: Twice,
    /// What becomes of a new row that has the key of another one.
    pub repeated: Repeated,
    /// The keys that this is for, by the names of their constraints; all where none are named.
    pub arbiters: Option<Vec<String>>,
    /// More names by which the table is read, with places.
    pub more: Vec<String>,
    /// Whether rows that are added are put into a keyed table, so that the latest of each key stays; else
    /// they go in as they are.
    pub puts: bool,
}

impl Layout {
    /// Where all rows that are found change, each once.
    pub const ALL: Self = Self {
        has_fate: false,
        keys: Vec::new(),
        twice: Twice::Once,
        repeated: Repeated::Refused,
        arbiters: None,
        more: Vec::new(),
        puts: false,
    };
}

/// A plan that finds rows to change.
pub struct Planned {
    /// The plan.
    pub plan: LogicalPlan,
    /// The columns that the statement answers with.
    pub returning: SchemaRef,
    /// How many columns the new rows have; none where rows only go.
    pub(super) width: usize,
    pub(super) layout: Layout,
    /// What is answered of rows that are put into a keyed table.
    pub(super) answered: Option<PutAnswer>,
    /// Writes the rows that sources reject, before the others.
    pub(super) rejections: Option<rejected::Writer>,
}

impl Planned {
    /// The plan, whose rejected rows are written before the others.
    #[must_use]
    pub fn preceded_by(self, writer: rejected::Writer) -> Self {
        Self {
            rejections: Some(writer),
            ..self
        }
    }
}

impl Changing {
    /// Reads a query that was put together of a statement's parts. The table that it changes is read
    /// by these names in its `FROM`, with places or in other forms.
    ///
    /// # Errors
    /// What the parts must not have; 42P01 for a relation that does not exist.
    fn query(
        &self,
        text: &str,
        context: &StatementContext,
        search_path: &[String],
        forms: &[(&str, &str)],
    ) -> Result<Query> {
        let text = format!("{}{text}", self.with);
        let Statement::Query(mut query) = parse_one(&text)? else {
            return Err(Error::internal("rows to change are found by a query"));
        };
        plan::resolve_names(&mut query, &context.snapshot, search_path)?;
        let SetExpr::Select(select) = query.body.as_mut() else {
            return Err(Error::internal("rows to change are not selected"));
        };
        let mut names: Vec<String> = Vec::new();
        for table in &mut select.from {
            let joined = table.joins.iter_mut().map(|join| &mut join.relation);
            for factor in std::iter::once(&mut table.relation).chain(joined) {
                if let Some(known) = known_name(factor) {
                    if names.contains(&known) {
                        return Err(named_twice(&known));
                    }
                    names.push(known);
                }
                if let TableFactor::Table {
                    name,
                    alias: Some(alias),
                    ..
                } = factor
                    && let Some(ObjectNamePart::Identifier(last)) = name.0.last_mut()
                    && let Some((_, suffix)) = forms
                        .iter()
                        .find(|(known, _)| *known == folded(&alias.name))
                    && folded(last) == self.object.name.name
                {
                    *last = Ident::with_quote('"', format!("{}{suffix}", self.object.name.name));
                }
            }
        }
        Ok(*query)
    }

    /// Plans how rows that only go are found: `found` selects their places, and what is answered
    /// of them.
    ///
    /// # Errors
    /// What planning says.
    pub async fn find(
        &self,
        context: &StatementContext,
        search_path: &[String],
        found: &str,
    ) -> Result<Planned> {
        let forms = [(self.name.as_str(), ROWS), (KEYS, KEY_ROWS)];
        let query = self.query(found, context, search_path, &forms)?;
        let plan = query::plan(context, &query).await?;
        let answered = plan.schema().fields().len() - PLACES;
        Ok(Planned {
            returning: answer(&plan, &query, answered, &context.snapshot),
            plan,
            width: 0,
            layout: Layout::ALL,
            answered: None,
            rejections: None,
        })
    }

    /// Shows the rows that an `INSERT` proposes to the statement, each with its number
    /// ([`POSITION`]) where they are wanted in order.
    ///
    /// # Errors
    /// What planning says.
    pub fn propose(
        &self,
        context: &StatementContext,
        rows: LogicalPlan,
        numbered: bool,
    ) -> Result<()> {
        let rows = match numbered {
            true => with_position(rows)?,
            false => rows,
        };
        let view = ViewTable::new(rows, None);
        context.show(&with_suffix(&self.object.name, PROPOSED), Arc::new(view));
        Ok(())
    }

    /// Plans how rows are found and what becomes of them: `found` selects their places, their
    /// [`Fate`] where it is not that all change, the columns of the new rows, and those of `keys`.
    ///
    /// # Errors
    /// What planning says; 42804 for a value that does not fit its column.
    pub async fn change(
        &self,
        context: &StatementContext,
        search_path: &[String],
        found: Found,
        layout: Layout,
        returning: Returning<'_>,
    ) -> Result<Planned> {
        let name = Quoted(&self.name);
        let action = format!(
            "CASE {name}.\"{FATE}\" WHEN {} THEN 'DELETE' WHEN {} THEN 'UPDATE' ELSE 'INSERT' END",
            Fate::Gone as i32,
            Fate::Changed as i32
        );
        let answered = self.answered_later(&context.state, &returning, &action)?;
        let answered_put = match layout.puts {
            true => Some(self.answered_later(&context.state, &returning, "'INSERT'")?),
            false => None,
        };
        let mut select = found.select;
        for place in &answered.carried {
            let (column, name) = (returning.beside.column(*place), carried_name(*place));
            let _ = write!(select, ", {column} AS {}", Quoted(&name));
        }
        let text = format!("SELECT {select} FROM {}", found.from);
        let mut forms = vec![
            (self.name.as_str(), ROWS),
            (EXCLUDED, PROPOSED),
            (KEYS, KEY_ROWS),
        ];
        forms.extend(layout.more.iter().map(|name| (name.as_str(), ROWS)));
        let first = leading(layout.has_fate);
        let given = self.take_assigned();
        if layout.has_fate {
            self.check_assigned(context, search_path, &given, &found.from, &forms)
                .await?;
        }
        let query = self.query(&text, context, search_path, &forms)?;
        let plan = plan::query(context, &query).await?;
        if !layout.has_fate {
            let columns = given.iter();
            let columns = columns.map(|(place, _)| (first + place, self.columns().field(*place)));
            check_columns(&plan, columns, &self.object, &context.state)?;
        }
        let plan = assigned(plan, &self.object, first, &context.state)?;
        let own = plan.schema().fields().to_vec();
        let planned = Planned {
            plan,
            returning: Arc::new(Schema::empty()),
            width: self.object.schema.fields().len(),
            layout,
            answered: None,
            rejections: None,
        };
        if returning.items.is_empty() {
            return Ok(planned);
        }
        let columns = own.iter().map(|field| Quoted(field.name()).to_string());
        let columns: Vec<String> = columns.collect();
        let name = &self.object.name;
        let view = ViewTable::new(planned.plan, None);
        context.show(&with_suffix(name, NEW_ROWS), Arc::new(view));
        let text = format!(
            "SELECT {}{} FROM {}",
            columns.join(", "),
            answered.items,
            self.from()
        );
        let forms = [(self.name.as_str(), NEW_ROWS)];
        let query = self.query(&text, context, search_path, &forms)?;
        let plan = query::plan(context, &query).await?;
        let width = plan.schema().fields().len() - own.len();
        let returning = answer(&plan, &query, width, &context.snapshot);
        let answered = match answered_put {
            Some(answered) => Some(self.answer_put(context, search_path, &answered).await?),
            None => None,
        };
        Ok(Planned {
            returning,
            plan,
            answered,
            ..planned
        })
    }

    /// That what is assigned to columns may be. Among what else becomes of its column, and cast to that one's
    /// type, a value does not tell of which type it is; so all are planned by themselves.
    ///
    /// # Errors
    /// What planning says; 42804 for a value that its column does not take.
    async fn check_assigned(
        &self,
        context: &StatementContext,
        search_path: &[String],
        values: &[(usize, String)],
        from: &str,
        forms: &[(&str, &str)],
    ) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let mut items = String::new();
        for (number, (_, value)) in values.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            let _ = write!(items, "{comma}{value} AS \"tributary:assigned{number}\"");
        }
        let query = self.query(
            &format!("SELECT {items} FROM {from}"),
            context,
            search_path,
            forms,
        )?;
        let plan = plan::query(context, &query).await?;
        let columns = values.iter().enumerate();
        let columns = columns.map(|(number, (place, _))| (number, self.columns().field(*place)));
        check_columns(&plan, columns, &self.object, &context.state)
    }

    /// Plans what is answered of rows that are put into a keyed table, once it is known which go in.
    async fn answer_put(
        &self,
        context: &StatementContext,
        search_path: &[String],
        answered: &Answered,
    ) -> Result<PutAnswer> {
        if !answered.carried.is_empty() {
            return Err(Error::unsupported(
                "RETURNING of columns of the source by a MERGE that inserts into a keyed table",
            )
            .with_hint(format!(
                "Return columns of the table, such as {}.*: of rows with one key the latest goes in, whichever row of the source it comes from.",
                Quoted(&self.name)
            )));
        }
        let rows = PutRows::default();
        let name = with_suffix(&self.object.name, PUT_ROWS);
        context.show(&name, rows.relation(&self.object.schema)?);
        let items = answered.items.trim_start_matches(", ");
        let text = format!("SELECT {items} FROM {}", self.from());
        let forms = [(self.name.as_str(), PUT_ROWS)];
        let query = self.query(&text, context, search_path, &forms)?;
        let plan = query::plan(context, &query).await?;
        Ok(PutAnswer { plan, rows })
    }
}

/// The name by which expressions know a relation.
fn known_name(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        }
        | TableFactor::UNNEST {
            alias: Some(alias), ..
        }
        | TableFactor::Function {
            alias: Some(alias), ..
        }
        | TableFactor::TableFunction {
            alias: Some(alias), ..
        }
        | TableFactor::NestedJoin {
            alias: Some(alias), ..
        } => Some(folded(&alias.name)),
        TableFactor::Table { name, .. } | TableFactor::Function { name, .. } => {
            name.0.last().and_then(|part| part.as_ident()).map(folded)
        }
        TableFactor::UNNEST { .. } => Some("unnest".to_owned()),
        _ => None,
    }
}

/// The names by which expressions know a relation, or those of a join.
///
/// # Errors
/// 42712 for a name that two of them have.
pub fn names_of(factor: &TableFactor, names: &mut Vec<String>) -> Result<()> {
    if let Some(name) = known_name(factor) {
        if names.contains(&name) {
            return Err(named_twice(&name));
        }
        names.push(name);
    } else if let TableFactor::NestedJoin {
        table_with_joins, ..
    } = factor
    {
        names_of(&table_with_joins.relation, names)?;
        for join in &table_with_joins.joins {
            names_of(&join.relation, names)?;
        }
    }
    Ok(())
}

/// The names by which the expressions of a query know its relations.
pub(super) fn known_names(body: &SetExpr) -> Vec<String> {
    match body {
        SetExpr::Select(select) => {
            let tables = select.from.iter().flat_map(|table| {
                let joined = table.joins.iter().map(|join| &join.relation);
                std::iter::once(&table.relation).chain(joined)
            });
            tables.filter_map(known_name).collect()
        }
        SetExpr::SetOperation { left, right, .. } => {
            let mut names = known_names(left);
            names.append(&mut known_names(right));
            names
        }
        SetExpr::Query(query) => known_names(&query.body),
        _ => Vec::new(),
    }
}

/// The error of two relations that expressions would know by one name.
pub fn named_twice(name: &str) -> Error {
    Error::new(
        SqlState::DUPLICATE_ALIAS,
        format!("table name \"{name}\" specified more than once"),
    )
    .with_hint("Give one of them another name with AS.")
}

/// The last columns of a plan, as Postgres names them.
fn answer(plan: &LogicalPlan, query: &Query, last: usize, snapshot: &Snapshot) -> SchemaRef {
    let schema = column_names::rename(plan::columns(plan), query);
    let schema = declared::declare(schema, plan, snapshot);
    let skipped = schema.fields().len() - last;
    Arc::new(Schema::new(schema.fields()[skipped..].to_vec()))
}

/// Rows with their numbers as one more column.
fn with_position(rows: LogicalPlan) -> Result<LogicalPlan> {
    let own = rows.schema().columns();
    let numbered = LogicalPlanBuilder::from(rows).window([row_number()])?;
    let Some(number) = numbered.schema().columns().pop() else {
        return Err(Error::internal("rows are numbered in no column"));
    };
    let columns = own.into_iter().map(Expression::Column);
    let number = Expression::Column(number).alias(POSITION);
    Ok(numbered
        .project(columns.chain(std::iter::once(number)))?
        .build()?)
}

pub(super) fn with_suffix(name: &QualifiedName, suffix: &str) -> QualifiedName {
    QualifiedName::new(&name.schema, format!("{}{suffix}", name.name))
}

/// How many columns come before those of the table.
pub(super) fn leading(has_fate: bool) -> usize {
    PLACES + usize::from(has_fate)
}
