//! The rows of `pg_type` and `pg_constraint` for domains, and how their defaults and conditions are written.

use datafusion::common::utils::list_ndims;

use super::data;
use super::expression_text;
use super::functions::without_visible_schemas;
use super::pg_attribute::type_among;
use super::pg_type::{ARRAY_ANALYZE, ARRAY_FUNCTIONS, ENUM_FUNCTIONS};
use super::table::{Row, Value, row};
use super::table_constraint::{label_number, with_part};
use super::types::Type;
use crate::catalog::system::SystemSources;
use crate::catalog::{Object, Oid, Snapshot};
use crate::session::{domains, own_types};
use crate::sql::create_domain::{CreateDomain, DomainCheck, VALUE};

/// PostgreSQL's numbers of the functions that read values of domains, in text and in binary.
const READING: [i64; 2] = [2597, 2598];
/// The places of fields in `pg_type`.
const OUTPUT: usize = 16;
const SEND: usize = 18;
const ANALYZE: usize = 21;
/// The numbers of collations.
const COLLATIONS: [(&str, i64); 4] = [
    ("default", 100),
    ("C", 950),
    ("POSIX", 951),
    ("ucs_basic", 12_340),
];

/// A condition of a domain.
pub struct DomainConstraint<'a> {
    /// Its number.
    pub oid: i64,
    /// Itself.
    pub check: &'a DomainCheck,
    /// The domain.
    pub domain: &'a Object,
    place: usize,
}

impl DomainConstraint<'_> {
    /// The condition, as PostgreSQL writes it.
    pub fn condition(&self, pretty: bool) -> String {
        expression_text::condition(self.domain, &self.check.condition, pretty)
    }

    /// As `ALTER DOMAIN ... ADD CONSTRAINT name` would take it.
    fn definition(&self, pretty: bool) -> String {
        let not_valid = if self.check.is_unproven {
            " NOT VALID"
        } else {
            ""
        };
        format!("CHECK ({}){not_valid}", self.condition(pretty))
    }

    /// What stands for the tree of its condition, which only `pg_get_expr` reads.
    fn tree(&self) -> String {
        format!("{{CHECK :type {} :place {}}}", self.domain.oid, self.place)
    }
}

/// The conditions of a domain.
pub fn constraints_of(domain: &Object) -> impl Iterator<Item = DomainConstraint<'_>> {
    let create = domains::definition(domain).into_iter();
    let checks = create.flat_map(|create| &create.checks);
    checks.enumerate().map(move |(place, check)| {
        let number = u32::try_from(place + 1).unwrap_or(u32::MAX);
        DomainConstraint {
            oid: label_number(domain, number),
            check,
            domain,
            place,
        }
    })
}

/// The definition of a domain's constraint of this number.
pub fn constraint_definition(
    sources: &dyn SystemSources,
    oid: i64,
    pretty: bool,
) -> Option<String> {
    let snapshot = sources.snapshot();
    let text = with_part(&snapshot, oid).find_map(|object| {
        let found = constraints_of(object).find(|it| it.oid == oid)?;
        Some(found.definition(pretty))
    });
    text.map(|text| without_visible_schemas(sources, text))
}

/// The expression of a tree that a domain has given.
pub fn expression_of(sources: &dyn SystemSources, tree: &str, pretty: bool) -> Option<String> {
    let text = tree.strip_prefix('{')?.strip_suffix('}')?;
    let snapshot = sources.snapshot();
    let domain = |number: &str| {
        let oid: Oid = number.parse().ok()?;
        domains::domain(&snapshot, oid).map(|(object, _)| object)
    };
    let text = match text.strip_prefix("CHECK :type ") {
        Some(rest) => {
            let (number, place) = rest.split_once(" :place ")?;
            let place: usize = place.parse().ok()?;
            let found = constraints_of(domain(number)?).nth(place);
            found?.condition(pretty)
        }
        None => default_of(domain(text.strip_prefix("DEFAULT :type ")?)?, pretty)?,
    };
    Some(without_visible_schemas(sources, text))
}

/// The default of a domain, as PostgreSQL writes it.
pub fn default_of(domain: &Object, pretty: bool) -> Option<String> {
    let default = domains::definition(domain)?.default.as_deref()?;
    // As in PostgreSQL, DEFAULT NULL is as good as none.
    let is_null = default.to_string() == "NULL";
    (!is_null).then(|| expression_text::default(domain, VALUE, default, pretty))
}

/// The number of the type that a domain is over, and its modifier.
pub fn over(snapshot: &Snapshot, domain: &Object, create: &CreateDomain) -> (u32, i32) {
    if let Some(over) = domains::over(snapshot, create) {
        return (over.oid, -1);
    }
    match domain.schema.fields().first() {
        Some(field) => type_among(Some(domain), field),
        None => (0, -1),
    }
}

/// The number of the type that a domain is over, and its modifier, which is of no domain.
pub fn base(snapshot: &Snapshot, oid: Oid) -> (u32, i32) {
    match domains::chain(snapshot, oid).pop() {
        Some((last, create)) => over(snapshot, last, create),
        None => (oid, -1),
    }
}

/// The name of the collation of a domain's texts, where it is named.
pub fn collation_of(snapshot: &Snapshot, oid: Oid) -> Option<String> {
    let mut named = domains::chain(snapshot, oid).into_iter();
    let collation = named.find_map(|(_, create)| create.collation.as_ref())?;
    Some(collation.name.clone())
}

/// The number of the collation of a type, of domains too.
pub fn collation_number(snapshot: &Snapshot, oid: u32) -> i64 {
    let domain = own_types::with_oid(snapshot, oid);
    let named = domain.and_then(|(object, _)| collation_of(snapshot, object.oid));
    let number = |name: String| COLLATIONS.iter().find(|(known, _)| *known == name);
    match named.and_then(number) {
        Some((_, number)) => *number,
        None => Type::among(snapshot, oid).collation(),
    }
}

/// The row of `pg_type`.
pub fn type_row(
    sources: &dyn SystemSources,
    domain: &Object,
    namespace: i64,
    access: Value,
) -> Option<Row> {
    let snapshot = &sources.snapshot();
    let create = domains::definition(domain)?;
    let (oid, modifier) = over(snapshot, domain, create);
    let (base, _) = base(snapshot, domain.oid);
    let of = Type::among(snapshot, base);
    let declared = match domains::over(snapshot, create) {
        Some(_) => None,
        None => domain.schema.fields().first(),
    };
    let dimensions = match Type::is_any_array(snapshot, base) {
        true => declared.map_or(1, |field| list_ndims(field.data_type()).max(1)),
        false => 0,
    };
    let [read, receive] = READING;
    let [write, send, analyze] = functions_of(snapshot, base);
    let default = default_of(domain, false);
    let default = default.map(|text| without_visible_schemas(sources, text));
    let tree = format!("{{DEFAULT :type {}}}", domain.oid);
    let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    Some(row![
        i64::from(domain.oid),
        domain.name.name.as_str(),
        namespace,
        i64::from(domain.access.owner()),
        of.length(),
        of.by_value(),
        "d",
        of.category,
        false,
        true,
        ",",
        0,
        0,
        0,
        i64::from(create.array_oid),
        read,
        write,
        receive,
        send,
        0,
        0,
        analyze,
        of.align(),
        of.storage(),
        create.not_null,
        i64::from(oid),
        i64::from(modifier),
        i64::try_from(dimensions).unwrap_or(1),
        collation_number(snapshot, domain.oid),
        text(default.is_some().then_some(tree)),
        text(default),
        access,
    ])
}

/// The functions that write values of a type, in text and in binary, and the one that gathers statistics.
fn functions_of(snapshot: &Snapshot, oid: u32) -> [i64; 3] {
    if let Some((_, is_array)) = own_types::with_oid(snapshot, oid) {
        let [_, write, _, send] = match is_array {
            true => ARRAY_FUNCTIONS,
            false => ENUM_FUNCTIONS,
        };
        return [write, send, if is_array { ARRAY_ANALYZE } else { 0 }];
    }
    let start = format!("{oid}\t");
    let rows = data::rows_of("pg_type").unwrap_or_default();
    let row = rows.lines().find(|row| row.starts_with(&start));
    let fields: Vec<&str> = row.unwrap_or_default().split('\t').collect();
    let number = |place: usize| fields.get(place).and_then(|it| it.parse().ok());
    [OUTPUT, SEND, ANALYZE].map(|place| number(place).unwrap_or(0))
}

/// The rows of `pg_constraint`.
pub fn constraint_rows(domain: &Object, namespace: i64) -> Vec<Row> {
    let rows = constraints_of(domain).map(|constraint| {
        row![
            constraint.oid,
            constraint.check.name.as_str(),
            namespace,
            "c",
            false,
            false,
            !constraint.check.is_unproven,
            0,
            i64::from(domain.oid),
            0,
            0,
            0,
            " ",
            " ",
            " ",
            true,
            0,
            false,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Text(constraint.tree()),
        ]
    });
    rows.collect()
}
