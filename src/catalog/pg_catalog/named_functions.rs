//! Functions of users' by the names that statements and texts have for them.

use std::sync::Arc;

use super::types::is_built_in;
use crate::catalog::{Object, Snapshot};
use crate::session::enums;
use crate::sql::create_function::signature;
use crate::sql::drop_function::FunctionName;
use crate::sql::model_functions::parse_name;

/// The functions of a name, and of types where these are said, in the order of the path.
pub fn functions_named<'a>(
    snapshot: &'a Snapshot,
    function: &FunctionName,
    path: &[String],
) -> Vec<&'a Arc<Object>> {
    let name = &function.name;
    let schemas = match &name.schema {
        Some(schema) => std::slice::from_ref(schema),
        None => path,
    };
    let wanted = function.types.as_ref().map(|types| {
        let types = types.iter().map(|it| full_type(snapshot, it, path));
        signature(&name.name, types)
    });
    let mut found = Vec::new();
    for schema in schemas {
        let all = snapshot.functions_of(schema, &name.name).into_iter();
        let fitting = all.filter(|(_, create)| {
            let own = || create.signature();
            wanted.as_ref().is_none_or(|wanted| own() == *wanted)
        });
        found.extend(fitting.map(|(object, _)| object));
    }
    found
}

/// The function of a name, and of types where these are said: of several, that of the first schema of the
/// path that was made first, so that what a definition names stays what it was.
pub fn function_named<'a>(
    snapshot: &'a Snapshot,
    function: &FunctionName,
    path: &[String],
) -> Option<&'a Arc<Object>> {
    let found = functions_named(snapshot, function, path);
    let schema = &found.first()?.name.schema;
    let found = found.iter().copied();
    let found = found.filter(|object| object.name.schema == *schema);
    found.min_by_key(|object| object.oid)
}

/// Whether a name without a schema, as definitions keep none, is that of functions of several arguments.
pub fn is_ambiguous(snapshot: &Snapshot, function: &FunctionName, path: &[String]) -> bool {
    if function.name.schema.is_some() {
        return false;
    }
    let found = functions_named(snapshot, function, path);
    let mut signatures = found.iter().map(|object| &object.name.name);
    let first = signatures.next();
    signatures.any(|other| Some(other) != first)
}

/// A type as signatures have it, one that users have made by its full name.
fn full_type(snapshot: &Snapshot, text: &str, path: &[String]) -> String {
    let (item, array) = match text.strip_suffix("[]") {
        Some(item) => (item, "[]"),
        None => (text, ""),
    };
    let own = match is_built_in(item) {
        true => None,
        false => parse_name(item)
            .ok()
            .and_then(|name| enums::resolve(&name, snapshot, path)),
    };
    match own {
        Some(own) => format!("{}{array}", own.name).to_lowercase(),
        None => text.to_owned(),
    }
}
