//! `CREATE FUNCTION`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::privilege::Rights;
use crate::catalog::{NewObject, Oid};
use crate::error::{Error, Result, SqlState};
use crate::models::define::creation_schema;
use crate::models::function;
use crate::session::{Outcome, Session};
use crate::sql::create_function::{CreateFunction, Returns, signature, type_text};
use crate::sql::function_settings::FunctionSetting;
use crate::sql::{QualifiedName, Statement};

/// Makes a function, or replaces one of the same arguments. What its body names is resolved now.
///
/// # Errors
/// 42723 where it exists; 42P13 for a body that does not answer what is declared, and for a
/// replacement that answers something else; what planning the body says.
pub async fn execute(session: &Session, create: &CreateFunction) -> Result<Outcome> {
    let settings = session.settings();
    let context = session.statement();
    let snapshot = Arc::clone(&context.snapshot);
    let own = &create.name.name;
    let functions = &context.state;
    let is_own = functions.scalar_functions().contains_key(own)
        || functions.aggregate_functions().contains_key(own)
        || functions.window_functions().contains_key(own);
    if is_own {
        return Err(
            Error::unsupported(format!("a function of the name of a built-in one, {own}"))
                .with_hint("Give it another name."),
        );
    }
    let full = create.name.qualify(creation_schema(&settings));
    let mut create = create.clone();
    let or_replace = std::mem::take(&mut create.or_replace);
    create.name = full.clone().into();
    create.settings = FunctionSetting::changed(&[], &create.settings, &session.own_settings())?;
    let returns_set = !matches!(create.returns, Returns::Type(_));
    let rights = Rights::of(&snapshot, session.role_oid(&snapshot));
    create.hints.check(returns_set, rights.is_superuser())?;
    let depends_on = function::resolve(&mut create, &snapshot, &settings.search_path.0)?;
    function::gather_row(&context, &mut create).await?;
    function::check(&context, &create).await?;
    let signed = QualifiedName::new(&full.schema, create.signature());
    let owner = session.role_oid(&snapshot);
    let new = new_function(&create, signed.clone(), depends_on, owner);
    let existing = snapshot.function(&signed).cloned();
    session
        .instance
        .catalog
        .write(|transaction| match &existing {
            None => transaction.create(new.clone()).map(drop),
            Some(existing) if or_replace => {
                check_replacement(&existing.definition, &create)?;
                transaction.replace(existing.oid, new.clone())
            }
            Some(_) => Err(Error::new(
                SqlState::DUPLICATE_FUNCTION,
                format!("function \"{own}\" already exists with same argument types"),
            )),
        })?;
    Ok(Outcome::Done("CREATE FUNCTION".to_owned()))
}

/// A function as an object.
pub(super) fn new_function(
    create: &CreateFunction,
    name: QualifiedName,
    depends_on: BTreeSet<Oid>,
    owner: Oid,
) -> NewObject {
    NewObject::new(name, Statement::CreateFunction(Box::new(create.clone())))
        .reading(depends_on)
        .owned_by(owner)
}

/// That a replacement answers what the function before it did.
fn check_replacement(before: &Statement, create: &CreateFunction) -> Result<()> {
    let Statement::CreateFunction(before) = before else {
        return Err(Error::internal("a function is not defined as one"));
    };
    if before.returns == create.returns {
        return Ok(());
    }
    let types = before.arguments.iter().map(|it| type_text(&it.data_type));
    let dropped = signature(&before.name.name, types);
    Err(Error::new(
        SqlState::INVALID_FUNCTION_DEFINITION,
        "cannot change return type of existing function",
    )
    .with_hint(format!("Use DROP FUNCTION {dropped} first.")))
}
