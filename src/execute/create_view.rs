//! `CREATE VIEW`. What reads a temporary table is temporary too. A view that is replaced keeps its columns,
//! their order, names and types; more may come after them. A view reads with the rights of its owner, or
//! with `security_invoker` those of who asks; `security_barrier` is kept and without effect.

use super::create_table::make_temporary;
use super::define::create as create_object;
use crate::catalog::is_temporary_schema;
use crate::error::{Error, Result, SqlState};
use crate::models::view_options;
use crate::session::{Outcome, Session, plan};
use crate::sql::Statement;
use crate::sql::create_view::CreateView;

/// Creates or replaces the object.
///
/// # Errors
/// What its definition says; 42P07 or 42710 where the name is taken; 42P16 where a temporary view would
/// be in another schema, or a view that is replaced would lose, rename or retype a column.
pub async fn execute(session: &Session, create: &CreateView) -> Result<Outcome> {
    let mut create = create.clone();
    if create.is_temporary {
        make_temporary(session, &mut create.name)?;
    } else if reads_temporary(session, &create) {
        make_temporary(session, &mut create.name)?;
        let name = &create.name.name;
        session.notice(Error::new(
            SqlState::SUCCESSFUL_COMPLETION,
            format!("view \"{name}\" will be a temporary view"),
        ));
    }
    let (if_not_exists, or_replace) = (create.if_not_exists, create.or_replace);
    let notice = view_options::notice(&create);
    let statement = Statement::CreateView(create);
    create_object(session, statement, if_not_exists, or_replace).await?;
    if let Some(notice) = notice {
        session.notice(notice);
    }
    Ok(Outcome::Done("CREATE VIEW".to_owned()))
}

/// Whether a view, which is not said to be temporary, reads what is.
fn reads_temporary(session: &Session, create: &CreateView) -> bool {
    let snapshot = session.instance.catalog.snapshot();
    let path = session.settings().search_path.0;
    let mut query = create.query.as_ref().clone();
    // What cannot be resolved is told when it is created.
    let reads = plan::resolve_names(&mut query, &snapshot, &path).unwrap_or_default();
    let mut reads = reads.into_iter().filter_map(|oid| snapshot.object(oid));
    reads.any(|object| is_temporary_schema(&object.name.schema))
}
