//! Domains: what is looked at when one is defined.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::{ColumnDef, Ident};

use super::constraints::{self, DefaultValue};
use super::define::{declared_columns, qualify_sequences};
use crate::catalog::Snapshot;
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::session::{composites, domains, enums};
use crate::sql::create_domain::{CreateDomain, VALUE};
use crate::sql::{collation, type_names};

/// The column that the conditions of a domain are of, whose names are full; those of its default become so.
///
/// # Errors
/// 42704 for a type that does not exist; 0A000 for a condition with a subquery; what planning a condition or
/// the default says.
pub async fn resolve(
    context: &StatementContext,
    create: &mut CreateDomain,
    path: &[String],
) -> Result<SchemaRef> {
    let snapshot = &context.snapshot;
    let columns = value_column(create, snapshot)?;
    if let Some(default) = &mut create.default {
        qualify_sequences(default, snapshot, path)?;
    }
    for check in &create.checks {
        constraints::refuse_subqueries(&check.condition)?;
        constraints::check_condition(&context.state, &columns, &check.condition)?;
    }
    if let (Some(default), Some(field)) = (&create.default, columns.fields().first()) {
        DefaultValue::new(context, field, default).await?;
    }
    Ok(columns)
}

/// A column of the type that a domain is over.
fn value_column(create: &CreateDomain, snapshot: &Snapshot) -> Result<SchemaRef> {
    let mut data_type = create.data_type.clone();
    if domains::replace(&mut data_type, snapshot, &[])?.is_some_and(|(kind, _)| kind.is_array) {
        let what = format!("domain {} over arrays of a domain", create.name.name);
        return Err(Error::unsupported(what));
    }
    let named = type_names::named(&mut data_type);
    let of = named.and_then(|name| enums::meant(name, snapshot, &[]));
    if let Some(of) = of.filter(|of| composites::composite_type(of).is_some()) {
        let (domain, of) = (&create.name.name, &of.name.name);
        let what = format!("domain {domain} over {of}, which is a composite type");
        return Err(Error::unsupported(what));
    }
    if let Some(named) = &create.collation {
        collation::check(named, &data_type)?;
    }
    let column = ColumnDef {
        name: Ident::new(VALUE),
        data_type: data_type.clone(),
        options: Vec::new(),
    };
    let numbered = enums::number_columns(&[column], snapshot, &[]);
    let columns = declared_columns(&numbered).map_err(|error| match error.sqlstate() {
        SqlState::UNDEFINED_OBJECT => {
            let message = format!("type \"{}\" does not exist", create.data_type);
            let hint = error.hint().map(str::to_owned);
            let told = Error::new(SqlState::UNDEFINED_OBJECT, message);
            match hint {
                Some(hint) => told.with_hint(hint),
                None => told,
            }
        }
        _ => error,
    })?;
    let fields = columns.fields().iter();
    let fields = fields.map(|field| domains::with_limits(field, &data_type));
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}
