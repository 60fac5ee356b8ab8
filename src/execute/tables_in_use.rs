//! What a cursor of the session's transaction reads is not taken away or changed, as in PostgreSQL, nor
//! what a portal of the protocol reads that gives its rows in pieces. A cursor that outlives its
//! transaction has its rows for itself from then on.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::Query;

use crate::catalog::{Kind, Object, Oid};
use crate::error::{Error, Result, SqlState};
use crate::session::{Session, plan};
use crate::sql::references;

/// The relations with rows that a query reads, by views too. What functions read is read as they are
/// called, and is theirs.
///
/// # Errors
/// A name that cannot be one.
pub fn read_by(session: &Session, query: &Query) -> Result<BTreeSet<Oid>> {
    let snapshot = session.statement().snapshot;
    let path = session.settings().search_path.0;
    let mut open: Vec<Arc<Object>> = Vec::new();
    for name in references::of_query(query)? {
        // One of the server's own is no object.
        open.extend(plan::object(&name, &snapshot, &path).ok());
    }
    let (mut seen, mut read) = (BTreeSet::new(), BTreeSet::new());
    while let Some(object) = open.pop() {
        if !seen.insert(object.oid) {
            continue;
        }
        match object.kind {
            Kind::View => {
                let inputs = object.depends_on.iter();
                open.extend(inputs.filter_map(|oid| snapshot.object(*oid).cloned()));
            }
            Kind::Function | Kind::Type => {}
            _ => {
                read.insert(object.oid);
            }
        }
    }
    Ok(read)
}

/// That none of these objects is read by a cursor or portal of the transaction; `what` is done to them.
///
/// # Errors
/// 55006 naming one that is.
pub fn check<'a>(
    session: &Session,
    objects: impl IntoIterator<Item = &'a Arc<Object>>,
    what: &str,
) -> Result<()> {
    for object in objects {
        if let Some(reader) = session.cursors.reading(object.oid) {
            let name = &object.name.name;
            let message = format!(
                "cannot {what} \"{name}\" because it is being used by active queries in this session"
            );
            return Err(Error::new(SqlState::OBJECT_IN_USE, message)
                .with_hint(format!("Close the {reader} first.")));
        }
    }
    Ok(())
}
