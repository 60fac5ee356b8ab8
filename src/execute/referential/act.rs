//! `ON DELETE` and `ON UPDATE`: what becomes of rows whose row of another table goes, or gets another key.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::datasource::MemTable;

use super::{Effect, Involved, key_column, memory, named_keys};
use crate::catalog::Reference;
use crate::error::{Error, Result};
use crate::execute::modify::{self, Beside, Changing, Found, KEYS, Layout, Returning, keys_name};
use crate::execute::target::Change;
use crate::models::constraints::{self, KeyChanges, TableChanges};
use crate::session::Session;
use crate::sql::foreign_key::ReferentialAction;
use crate::sql::name::Quoted;
use crate::sql::returning::Target;
use crate::sql::shown::Shown;

/// Changes the rows that refer to these keys; behind the keys stand the new ones, where they have
/// others. Answers what is noted of that.
pub(super) async fn act(
    session: &Session,
    reference: &Reference,
    action: ReferentialAction,
    keys: RecordBatch,
) -> Result<Arc<TableChanges>> {
    let width = reference.key.columns.len();
    let has_new = keys.num_columns() > width;
    let goes = action == ReferentialAction::Cascade && !has_new;
    let effect = match goes {
        true => Effect::removing(),
        false => Effect::assigning(reference.key.columns.clone()),
    };
    let snapshot = session.instance.catalog.snapshot();
    let Some(object) = snapshot.object(reference.table.oid) else {
        return Err(Error::internal("a foreign key of no table"));
    };
    let noted = Involved::of(&snapshot, object, &effect).noted(session, object)?;
    let changes = Arc::new(KeyChanges::default());
    changes.watch(Arc::clone(&noted));
    let session = &session.noting(changes);
    let guard = modify::lock_object(session, object).await?;
    let context = session.statement();
    let path = session.settings().search_path.0;
    let target = Target {
        table: object.name.clone().into(),
        alias: None,
    };
    let change = if goes { Change::Delete } else { Change::Update };
    let instance = &session.instance;
    let changing = Changing::begin(instance, &context, &path, &target, None, change).await?;
    let pool = &session.instance.runtime().memory_pool;
    let _memory = memory(keys.get_array_memory_size(), pool)?;
    let keys = named_keys(&keys)?;
    let rows = MemTable::try_new(keys.schema(), vec![vec![keys]])?;
    context.show(&keys_name(&object.name), Arc::new(rows));
    let from = format!(
        "{}, {} AS \"{KEYS}\" WHERE {}",
        changing.from(),
        object.name,
        condition(&changing, reference)
    );
    let planned = if goes {
        let text = format!("SELECT {} FROM {from}", changing.places());
        changing.find(&context, &path, &text).await?
    } else {
        let values = changing.columns().fields().iter().map(|field| {
            let own = Quoted(field.name());
            let place = reference
                .key
                .columns
                .iter()
                .position(|it| it == field.name());
            let value = match (place, action) {
                (None, _) => changing.column(field),
                (Some(place), ReferentialAction::Cascade) => {
                    format!("\"{KEYS}\".{}", key_column(width + place))
                }
                (Some(_), ReferentialAction::SetDefault) => {
                    let default = constraints::given_default(&snapshot, object, field.name());
                    default.map_or_else(|| "NULL".to_owned(), |it| Shown(&it).to_string())
                }
                (Some(_), _) => "NULL".to_owned(),
            };
            format!("{value} AS {own}")
        });
        let values: Vec<String> = values.collect();
        let select = format!("{}, {}", changing.places(), values.join(", "));
        let returning = Returning {
            items: &[],
            beside: &Beside::default(),
            of_merge: false,
        };
        let found = Found { select, from };
        changing
            .change(&context, &path, found, Layout::ALL, returning)
            .await?
    };
    let command = if goes { "DELETE" } else { "UPDATE" };
    changing
        .run(session, context, planned, Vec::new(), command, guard)
        .await?;
    Ok(noted)
}

/// Where a row refers to one of the keys.
fn condition(changing: &Changing, reference: &Reference) -> String {
    let columns = reference.key.columns.iter().enumerate();
    let columns = columns.map(|(place, column)| {
        let (table, column) = (Quoted(&changing.name), Quoted(column));
        format!("{table}.{column} = \"{KEYS}\".{}", key_column(place))
    });
    columns.collect::<Vec<_>>().join(" AND ")
}
