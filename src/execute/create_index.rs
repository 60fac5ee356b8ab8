//! `CREATE INDEX`.
//!
//! No index is kept: scans prune by the statistics of files. A unique one is a constraint of its table,
//! whose index the catalog shows; of another one a notice tells that nothing is done.

use super::redefine;
use super::target::Change;
use crate::error::{Error, Result, SqlState, nearest};
use crate::models::constraints;
use crate::session::{Outcome, Session};
use crate::sql::alter::Action;
use crate::sql::constraint::{Declared, Rule};
use crate::sql::create_index::CreateIndex;

/// Makes a unique index.
///
/// # Errors
/// 42P07 for a name that is taken, 42703 for a column that is not there, 23505 where rows have the same
/// values.
pub async fn execute(session: &Session, create: &CreateIndex) -> Result<Outcome> {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let table = Change::Alter.target(&snapshot, &path, &create.table)?;
    for column in &create.columns {
        if table.schema.column_with_name(column).is_none() {
            let error = Error::new(
                SqlState::UNDEFINED_COLUMN,
                format!("column \"{column}\" does not exist"),
            );
            let fields = table.schema.fields().iter();
            return Err(
                match nearest(column, fields.map(|field| field.name().as_str())) {
                    Some(near) => {
                        error.with_hint(format!("Perhaps you meant the column \"{near}\"."))
                    }
                    None => error,
                },
            );
        }
    }
    let name = create.name.clone().unwrap_or_else(|| {
        let columns = create.columns.join("_");
        format!("{}_{columns}_idx", table.name.name)
    });
    let done = Ok(Outcome::Done("CREATE INDEX".to_owned()));
    let is_taken = snapshot.relations_in(&table.name.schema).any(|object| {
        let mut constraints = constraints::of(object).iter();
        object.name.name == name || constraints.any(|it| it.name == name)
    });
    if is_taken {
        let message = format!("relation \"{name}\" already exists");
        if create.if_not_exists {
            let notice = format!("{message}, skipping");
            session.notice(Error::new(SqlState::DUPLICATE_TABLE, notice));
            return done;
        }
        return Err(Error::new(SqlState::DUPLICATE_TABLE, message));
    }
    if !create.is_unique {
        let notice = Error::new(
            SqlState::SUCCESSFUL_COMPLETION,
            format!("index \"{name}\" is not kept"),
        );
        session
            .notice(notice.with_detail("Scans skip files by their statistics, without an index."));
        return done;
    }
    let constraint = Declared {
        name: Some(name),
        rule: Rule::Unique {
            columns: create.columns.clone(),
            primary: false,
            nulls_equal: create.nulls_equal,
        },
    };
    redefine::act(session, &table, &Action::AddConstraint(constraint)).await?;
    done
}
