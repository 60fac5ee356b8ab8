//! `information_schema.columns`.

use arrow::datatypes::Field;

use super::super::PG_CATALOG;
use super::super::functions::without_visible_schemas;
use super::super::pg_attribute::type_of;
use super::super::pg_type::array_name;
use super::super::relation::Relation;
use super::super::table::{Row, Rows, Value, row};
use super::super::table_constraint::defaults_of;
use super::super::types::{Type, format_type, internal_name};
use super::{shown, yes_or_no};
use crate::catalog::system::SystemSources;
use crate::models::constraints;
use crate::session::enums;

pub static TABLE: Rows = Rows {
    of: "columns",
    make: |sources| {
        let database = sources.database();
        let mut rows = Vec::new();
        for relation in shown(sources) {
            let fields = relation.columns.fields().iter().zip(1..);
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
    let (oid, modifier) = type_of(relation, field);
    let object = relation.object.as_deref().filter(|_| relation.kind == "r");
    let default = object
        .and_then(|object| defaults_of(object).find(|default| default.column == number))
        .and_then(|default| default.expression(false))
        .map(|text| without_visible_schemas(sources, text));
    let is_generated =
        object.is_some_and(|object| constraints::generated_of(object, field.name()).is_some());
    let generation = default.clone().filter(|_| is_generated);
    let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    let snapshot = sources.snapshot();
    let own = enums::with_oid(&snapshot, oid);
    let (udt_schema, udt_name) = match &own {
        Some((object, kind)) if kind.is_array => {
            (object.name.schema.clone(), array_name(&object.name.name))
        }
        Some((object, _)) => (object.name.schema.clone(), object.name.name.clone()),
        None => (PG_CATALOG.to_owned(), internal_name(oid)),
    };
    let data_type = match Type::is_any_array(&snapshot, oid) {
        true => "ARRAY".to_owned(),
        false if own.is_some() => "USER-DEFINED".to_owned(),
        false => format_type(oid, -1),
    };
    let figures = Figures::of(oid, modifier);
    let identity = object.and_then(|object| constraints::identity_of(object, field.name()));
    row![
        database,
        relation.schema.as_str(),
        relation.name.as_str(),
        field.name().as_str(),
        number,
        text(default.filter(|_| !is_generated)),
        yes_or_no(field.is_nullable()),
        data_type,
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
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        database,
        udt_schema,
        udt_name,
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

/// What a type says of its values, as PostgreSQL's functions `_pg_char_max_length`,
/// `_pg_numeric_precision` and the like tell.
#[derive(Default)]
struct Figures {
    characters: Option<i64>,
    octets: Option<i64>,
    precision: Option<i64>,
    radix: Option<i64>,
    scale: Option<i64>,
    datetime: Option<i64>,
}

impl Figures {
    fn of(oid: u32, modifier: i32) -> Self {
        /// The most bytes of a text.
        const TEXT_OCTETS: i64 = 1 << 30;
        /// The most bytes of a character.
        const CHARACTER_OCTETS: i64 = 4;
        let digits = |precision, radix, scale| Self {
            precision,
            radix: Some(radix),
            scale,
            ..Self::default()
        };
        let moment = |digits| Self {
            datetime: Some(digits),
            ..Self::default()
        };
        let given = Some(i64::from(modifier)).filter(|digits| (0..=6).contains(digits));
        let modifier = Some(i64::from(modifier) - 4).filter(|modifier| *modifier >= 0);
        match internal_name(oid).as_str() {
            "int2" => digits(Some(16), 2, Some(0)),
            "int4" => digits(Some(32), 2, Some(0)),
            "int8" => digits(Some(64), 2, Some(0)),
            "float4" => digits(Some(24), 2, None),
            "float8" => digits(Some(53), 2, None),
            "numeric" => digits(
                modifier.map(|modifier| modifier >> 16 & 0xffff),
                10,
                modifier.map(|modifier| (modifier & 0x7ff ^ 1024) - 1024),
            ),
            "date" => moment(0),
            "time" | "timestamp" | "timestamptz" | "interval" => moment(given.unwrap_or(6)),
            "text" | "varchar" | "bpchar" => Self {
                characters: modifier,
                octets: Some(modifier.map_or(TEXT_OCTETS, |length| length * CHARACTER_OCTETS)),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}
