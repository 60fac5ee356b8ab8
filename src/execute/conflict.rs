//! `INSERT ... ON CONFLICT` and `INSERT ... RETURNING`: what becomes of the rows that are proposed.

mod refused;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::Expr;
use tributary_udfs::enums::EnumKind;
use tributary_udfs::json::JsonKind;
use tributary_udfs::type_name;

use super::modify::{
    Beside, Changing, EXCLUDED, FATE, Fate, Found, Layout, POSITION, Planned, Returning, Twice,
};
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::models::constraints::{self, Repeated};
use crate::models::keyed;
use crate::session::{composites, row_functions};
use crate::sql::constraint::{Constraint, Rule};
use crate::sql::cursor::folded;
use crate::sql::insert::Insert;
use crate::sql::name::Quoted;
use crate::sql::on_conflict::{ConflictKey, ConflictUpdate, OnConflict};
use crate::sql::shown::Shown;
use crate::sql::walk::visit_expressions;
use crate::warehouse::PLACE_COLUMN;

/// Plans what becomes of the rows that an INSERT proposes.
///
/// # Errors
/// What planning says; 42P10 where no key of the table is the one of the clause.
pub async fn plan(
    context: &StatementContext,
    search_path: &[String],
    changing: &Changing,
    insert: &Insert,
) -> Result<Planned> {
    let update = insert
        .on_conflict
        .as_ref()
        .and_then(|clause| clause.update.as_ref());
    if let Some(update) = update {
        for assignment in &update.assignments {
            row_functions::refuse(&context.state, &assignment.value, "UPDATE")?;
        }
        row_functions::refuse(&context.state, &update.condition, "WHERE")?;
    }
    let own = keyed::index(&changing.object);
    let keys = match &insert.on_conflict {
        Some(clause) => keys(changing, own.as_ref(), clause)?,
        None => Vec::new(),
    };
    // The table is read once for each key, under names of its own but for the first.
    let more: Vec<String> = (1..keys.len())
        .map(|number| format!("{}@{number}", changing.name))
        .collect();
    let names = std::iter::once(&changing.name).chain(&more);
    let mut select = match keys.is_empty() {
        true => "arrow_cast(NULL, 'UInt32') AS \"tributary:file\", arrow_cast(NULL, 'Int64') AS \"tributary:place\"".to_owned(),
        false => changing.places(),
    };
    // Rows that are refused in any case are added, for that to be told. Into a keyed table they would be
    // put, by their versions.
    let is_put = keyed::of(&changing.object)?.is_some();
    let refused = match keys.is_empty() || is_put {
        true => None,
        false => refused::condition(changing, &keys),
    };
    let or_refused = refused.map_or_else(String::new, |refused| format!(" OR {refused}"));
    let is_added =
        |name: &str| format!("({}.\"{PLACE_COLUMN}\" IS NULL{or_refused})", Quoted(name));
    let fate = fate(&is_added(&changing.name), update);
    let _ = write!(select, ", {fate} AS \"{FATE}\"");
    for column in columns(changing, &is_added(&changing.name), update)? {
        let _ = write!(select, ", {column}");
    }
    let mut from = format!("{} AS {EXCLUDED}", changing.object.name);
    let mut conditions = Vec::new();
    for (name, key) in names.zip(&keys) {
        let _ = write!(
            from,
            " LEFT JOIN {} AS {} ON {}",
            changing.object.name,
            Quoted(name),
            key.condition(name)
        );
        if update.is_none() {
            conditions.push(is_added(name));
        }
    }
    if update.is_some() {
        conditions.push(format!("{fate} IS NOT NULL"));
    }
    if !conditions.is_empty() {
        let _ = write!(from, " WHERE {}", conditions.join(" AND "));
    }
    if insert.on_conflict.is_some() && update.is_none() {
        let _ = write!(from, " ORDER BY {EXCLUDED}.\"{POSITION}\"");
    }
    let repeated = match (&insert.on_conflict, update) {
        (None, _) => Repeated::Refused,
        (Some(_), None) => Repeated::LeftOut,
        (Some(_), Some(_)) => Repeated::Conflicts,
    };
    let arbiters = insert.on_conflict.as_ref().map(|_| {
        let names = keys.iter().map(|key| key.constraint.clone());
        names.collect()
    });
    let layout = Layout {
        has_fate: true,
        twice: Twice::Refused(
            "ON CONFLICT DO UPDATE command cannot affect row a second time",
            "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.",
        ),
        repeated,
        arbiters,
        more,
        puts: is_put,
        ..Layout::ALL
    };
    let returning = Returning {
        items: &insert.returning,
        beside: &Beside::default(),
        of_merge: false,
    };
    changing
        .change(
            context,
            search_path,
            Found { select, from },
            layout,
            returning,
        )
        .await
}

/// What becomes of a proposed row, and where it is added; NULL where nothing does.
fn fate(is_added: &str, update: Option<&ConflictUpdate>) -> String {
    let (added, changed) = (Fate::Added as i32, Fate::Changed as i32);
    let Some(update) = update else {
        return format!("{added}");
    };
    let condition = match &update.condition {
        Some(condition) => format!("WHEN {} THEN {changed}", Shown(condition)),
        None => format!("ELSE {changed}"),
    };
    format!("CASE WHEN {is_added} THEN {added} {condition} END")
}

/// The columns of the new rows; those that are added are as they were proposed.
fn columns(
    changing: &Changing,
    is_added: &str,
    update: Option<&ConflictUpdate>,
) -> Result<Vec<String>> {
    let updated = match update {
        Some(update) => Some(changing.new_values(&update.assignments)?),
        None => None,
    };
    let columns = changing.columns().fields().iter().enumerate();
    Ok(columns
        .map(|(index, field)| {
            let name = Quoted(field.name());
            let proposed = format!("{EXCLUDED}.{name}");
            let Some(value) = updated.as_ref().and_then(|values| values.get(index)) else {
                return format!("{proposed} AS {name}");
            };
            let value = match (composites::named(field.data_type()), field.data_type()) {
                (Some(own), _) => format!("CAST({value} AS {own})"),
                // A text beside a document that is proposed would be taken for one.
                (None, _) if let Some(kind) = JsonKind::of_field(field) => {
                    format!("CAST({value} AS {})", kind.name())
                }
                (None, DataType::List(item)) if let Some(kind) = JsonKind::of_field(item) => {
                    format!("CAST({value} AS {}[])", kind.name())
                }
                (None, DataType::Struct(_) | DataType::Map(..)) => value.clone(),
                // What is proposed beside it tells of which type it is, which no cast to text[] would.
                (None, DataType::List(_)) if EnumKind::of_field(field).is_some() => value.clone(),
                (None, data_type) => format!("CAST({value} AS {})", type_name(data_type)),
            };
            format!("CASE WHEN {is_added} THEN {proposed} ELSE {value} END AS {name}")
        })
        .collect())
}

/// A key of the table.
struct Key<'a> {
    constraint: &'a String,
    columns: &'a [String],
    nulls_equal: bool,
}

impl Key<'_> {
    /// Where a row of the table, read by this name, has the key of a proposed one.
    fn condition(&self, name: &str) -> String {
        let equals = match self.nulls_equal {
            true => "IS NOT DISTINCT FROM",
            false => "=",
        };
        let columns = self.columns.iter().map(|column| {
            let column = Quoted(column);
            format!("({}.{column} {equals} {EXCLUDED}.{column})", Quoted(name))
        });
        columns.collect::<Vec<_>>().join(" AND ")
    }
}

/// The keys that a clause is about; `own` is that of a keyed table, where no constraint stands for it.
fn keys<'a>(
    changing: &'a Changing,
    own: Option<&'a Constraint>,
    clause: &OnConflict,
) -> Result<Vec<Key<'a>>> {
    let table = &changing.object.name.name;
    if let Some(rows) = &clause.rows {
        super::copy::positions(changing.columns(), &names(rows), table)?;
    }
    let all = constraints::of(&changing.object).iter().chain(own);
    let keys = all.filter_map(|constraint| match &constraint.rule {
        Rule::Unique {
            columns,
            nulls_equal,
            ..
        } => Some((
            &constraint.name,
            Key {
                constraint: &constraint.name,
                columns,
                nulls_equal: *nulls_equal,
            },
        )),
        Rule::Check(_) | Rule::ForeignKey(_) => None,
    });
    let found: Vec<Key<'a>> = match &clause.key {
        ConflictKey::Any => return Ok(keys.map(|(_, key)| key).collect()),
        ConflictKey::Columns(wanted) => {
            super::copy::positions(changing.columns(), wanted, table)?;
            keys.filter(|(_, key)| {
                key.columns.len() == wanted.len()
                    && wanted.iter().all(|column| key.columns.contains(column))
            })
            .map(|(_, key)| key)
            .take(1)
            .collect()
        }
        ConflictKey::Expressions(values) => {
            let read: BTreeSet<String> = values.iter().flat_map(names).collect();
            let read: Vec<String> = read.into_iter().collect();
            super::copy::positions(changing.columns(), &read, table)?;
            Vec::new()
        }
        ConflictKey::Constraint(wanted) => {
            let found: Vec<Key<'a>> = keys
                .filter(|(name, _)| *name == wanted)
                .map(|(_, key)| key)
                .collect();
            if found.is_empty() {
                return Err(Error::new(
                    SqlState::UNDEFINED_OBJECT,
                    format!("constraint \"{wanted}\" for table \"{table}\" does not exist"),
                ));
            }
            found
        }
    };
    if found.is_empty() {
        return Err(Error::new(
            SqlState::INVALID_COLUMN_REFERENCE,
            "there is no unique or exclusion constraint matching the ON CONFLICT specification",
        )
        .with_hint(format!(
            "Create \"{table}\" with UNIQUE or PRIMARY KEY on these columns."
        )));
    }
    Ok(found)
}

/// The columns that an expression names, each once.
fn names(expression: &Expr) -> Vec<String> {
    let mut names = BTreeSet::new();
    let _ = visit_expressions(expression, |part| {
        let name = match part {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        names.extend(name.map(folded));
        ControlFlow::<()>::Continue(())
    });
    names.into_iter().collect()
}
