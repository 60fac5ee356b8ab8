//! `ALTER FUNCTION`.

use std::sync::Arc;

use crate::catalog::privilege::Rights;
use crate::catalog::{Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::execute::alter::new_owner;
use crate::execute::create_function::new_function;
use crate::execute::drop_function::{defaults_that_call, named};
use crate::models;
use crate::session::{Outcome, Session, named_alone};
use crate::sql::Statement;
use crate::sql::alter_function::{Action, AlterFunction};
use crate::sql::create_function::{Body, CreateFunction, Returns};
use crate::sql::function_settings::FunctionSetting;

/// Changes a function.
///
/// # Errors
/// 42883 for a function that does not exist, 42725 for a name that several have; 42723 for a name that is
/// taken, 3F000 for a schema that does not exist; 0A000 for another name of a function that something
/// calls; what is said to planners and is not true of it.
pub async fn execute(session: &Session, alter: &AlterFunction) -> Result<Outcome> {
    let catalog = &session.instance.catalog;
    let snapshot = catalog.snapshot();
    let path = session.settings().search_path.0;
    let oid = named(&snapshot, &alter.function, &path)?;
    let function = snapshot.object(oid).cloned();
    let function = function.ok_or_else(|| Error::internal("a function is no object"))?;
    match &alter.action {
        Action::RenameTo(name) => {
            is_called_by_nothing(&snapshot, &function, &path)?;
            let schema = &function.name.schema;
            catalog.write(|transaction| transaction.rename_function(oid, schema, name))?;
        }
        Action::SetSchema(schema) if *schema == function.name.schema => {}
        Action::SetSchema(schema) => {
            is_called_by_nothing(&snapshot, &function, &path)?;
            let Statement::CreateFunction(create) = &function.definition else {
                return Err(Error::internal("a function is not defined as one"));
            };
            let name = &create.name.name;
            catalog.write(|transaction| transaction.rename_function(oid, schema, name))?;
        }
        Action::OwnerTo(role) => {
            let owner = new_owner(session, role)?;
            let access = function.access.with_owner(owner);
            catalog.write(|transaction| transaction.set_access(oid, access))?;
        }
        Action::Options(changes) => {
            let Statement::CreateFunction(create) = &function.definition else {
                return Err(Error::internal("a function is not defined as one"));
            };
            let mut create = create.as_ref().clone();
            let returns_set = !matches!(create.returns, Returns::Type(_));
            let rights = Rights::of(&snapshot, session.role_oid(&snapshot));
            changes.hints.check(returns_set, rights.is_superuser())?;
            changes.apply(&mut create);
            if changes.settings.is_empty() {
                let definition = Statement::CreateFunction(Box::new(create));
                catalog.write(|transaction| transaction.reword(oid, definition))?;
            } else {
                change_settings(session, &function, create, &changes.settings).await?;
            }
        }
    }
    Ok(Outcome::Done("ALTER FUNCTION".to_owned()))
}

/// Changes what settings are while a function runs; where that is the search path, a text is read anew by it.
async fn change_settings(
    session: &Session,
    function: &Object,
    mut create: CreateFunction,
    changes: &[FunctionSetting],
) -> Result<()> {
    let context = session.statement();
    let path_before = create.search_path();
    create.settings = FunctionSetting::changed(&create.settings, changes, &session.own_settings())?;
    let mut depends_on = function.depends_on.clone();
    if create.search_path() != path_before
        && let Body::Text(_, resolved) = &mut create.body
    {
        *resolved = None;
        let path = session.settings().search_path.0;
        depends_on = models::function::resolve(&mut create, &context.snapshot, &path)?;
    }
    models::function::check(&context, &create).await?;
    let owner = function.access.owner();
    let mut new = new_function(&create, function.name.clone(), depends_on, owner);
    new.project_file.clone_from(&function.project_file);
    new.kept_literals.clone_from(&function.kept_literals);
    let catalog = &session.instance.catalog;
    catalog.write(|transaction| transaction.replace(function.oid, new))
}

/// Calls are kept by the name of what they call. What names a function in literals alone follows.
fn is_called_by_nothing(
    snapshot: &Snapshot,
    function: &Arc<Object>,
    path: &[String],
) -> Result<()> {
    let oids: [Oid; 1] = [function.oid];
    let readers = snapshot.direct_dependents(function.oid).into_iter();
    let readers = readers.filter(|it| !named_alone::of(snapshot, it).contains(&function.oid));
    let mut callers: Vec<String> = readers.map(|reader| reader.described()).collect();
    let defaults = defaults_that_call(snapshot, &oids, path)?;
    callers.extend(defaults.iter().map(|it| it.described()));
    if callers.is_empty() {
        return Ok(());
    }
    let what = function.described();
    Err(Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("another name for {what}, which is called, is not supported"),
    )
    .with_detail(format!("It is called by {}.", callers.join(", ")))
    .with_hint("Create the function by its new name, and have what calls it call that one."))
}
