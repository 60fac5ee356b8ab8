//! `information_schema.columns`.

use arrow::datatypes::Field;

use super::super::domains::{collation_of, over};
use super::super::functions::without_visible_schemas;
use super::super::pg_attribute::type_of;
use super::super::pg_type::array_name;
use super::super::relation::Relation;
use super::super::table::{Row, Rows, Value, row};
use super::super::table_constraint::defaults_of;
use super::super::types::{Type, internal_name, type_name};
use super::super::{PG_CATALOG, schema};
use super::type_figures::Figures;
use super::{may_see_column, shown, yes_or_no};
use crate::catalog::system::SystemSources;
use crate::models::constraints;
use crate::session::{domains, own_types};

pub static TABLE: Rows = Rows {
    of: "columns",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        let snapshot = sources.snapshot();
        let rights = sources.rights(&snapshot);
        for relation in shown(sources) {
            let fields = relation.columns.fields().iter().zip(1..);
            let fields =
                fields.filter(|(field, _)| may_see_column(&rights, &relation, field.name()));
            rows.extend(
                fields.map(|(field, number)| column(sources, &database, &relation, field, number)),
            );
        }
        Ok(rows)
    },
};

fn column(
    sources: &dyn SystemSources,
    database: &str,
    relation: &Relation,
    field: &Field,
    number: i64,
) -> Row {
    let (told, modifier) = type_of(relation, field);
    let snapshot = sources.snapshot();
    // A column of a domain has the type that this is over.
    let domain = domains::domain(&snapshot, told);
    let (oid, modifier) = match domain {
        Some((object, create)) => over(&snapshot, object, create),
        None => (told, modifier),
    };
    let collation = own_types::with_oid(&snapshot, told);
    let collation = collation.and_then(|(object, _)| collation_of(&snapshot, object.oid));
    let collation = collation.filter(|name| name != "default");
    let of_collation = |text: &str| match collation {
        Some(_) => Value::from(text),
        None => Value::Null,
    };
    let of_domain = |text: &str| match domain {
        Some(_) => Value::from(text),
        None => Value::Null,
    };
    let domain_name = domain.map(|(object, _)| &object.name);
    let object = relation.object.as_deref().filter(|_| relation.kind == "r");
    let default = object
        .and_then(|object| defaults_of(object).find(|default| default.column == number))
        .and_then(|default| default.expression(false))
        .map(|text| without_visible_schemas(sources, text));
    let is_generated =
        object.is_some_and(|object| constraints::generated_of(object, field.name()).is_some());
    let generation = default.clone().filter(|_| is_generated);
    let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    let names = type_names(sources, oid);
    let catalog = schema(&relation.schema).and_then(|it| it.get(&relation.name));
    let is_required = catalog.is_some_and(|it| it.requires(field.name()))
        || domain.is_some_and(|(_, create)| create.not_null);
    let figures = Figures::of(oid, modifier);
    let identity = object.and_then(|object| constraints::identity_of(object, field.name()));
    row![
        database,
        relation.schema.as_str(),
        relation.name.as_str(),
        field.name().as_str(),
        number,
        text(default.filter(|_| !is_generated)),
        yes_or_no(field.is_nullable() && !is_required),
        names.data_type,
        figures.characters,
        figures.octets,
        figures.precision,
        figures.radix,
        figures.scale,
        figures.datetime,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        of_collation(database),
        of_collation(PG_CATALOG),
        collation.clone().map_or(Value::Null, Value::Text),
        of_domain(database),
        domain_name.map_or(Value::Null, |name| Value::from(name.schema.as_str())),
        domain_name.map_or(Value::Null, |name| Value::from(name.name.as_str())),
        database,
        names.schema,
        names.name,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        number.to_string(),
        "NO",
        yes_or_no(identity.is_some()),
        identity.map(|it| if it.always { "ALWAYS" } else { "BY DEFAULT" }),
        identity.map(|it| it.start.to_string()),
        identity.map(|it| it.increment.to_string()),
        identity.map(|it| it.maximum.to_string()),
        identity.map(|it| it.minimum.to_string()),
        yes_or_no(identity.is_some_and(|it| it.cycles)),
        if is_generated { "ALWAYS" } else { "NEVER" },
        text(generation),
        yes_or_no(relation.kind == "r"),
    ]
}

/// What the standard's views call a type.
pub(super) struct TypeNames {
    /// `data_type`
    pub(super) data_type: String,
    /// The schema that it is of.
    pub(super) schema: String,
    /// Its name in `pg_type`.
    pub(super) name: String,
}

/// The names of the type of a number.
pub(super) fn type_names(sources: &dyn SystemSources, oid: u32) -> TypeNames {
    let snapshot = sources.snapshot();
    let own = own_types::with_oid(&snapshot, oid);
    let (schema, name) = match &own {
        Some((object, true)) => (object.name.schema.clone(), array_name(&object.name.name)),
        Some((object, _)) => (object.name.schema.clone(), object.name.name.clone()),
        None => (PG_CATALOG.to_owned(), internal_name(oid)),
    };
    let shown = type_name(oid);
    let data_type = match Type::is_any_array(&snapshot, oid) || shown.ends_with("[]") {
        true => "ARRAY".to_owned(),
        false if own.is_some() => "USER-DEFINED".to_owned(),
        false => shown,
    };
    TypeNames {
        data_type,
        schema,
        name,
    }
}
