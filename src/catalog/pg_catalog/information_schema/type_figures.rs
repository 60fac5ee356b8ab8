//! What a type with its modifier says of its values: the functions that the standard's views are made of,
//! `information_schema._pg_char_max_length` and the like, which programs call themselves. `_pg_truetypid`
//! and `_pg_truetypmod`, which take whole rows, are said in the syntax tree.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectNamePart,
};

use super::super::function::{Call, CatalogFunction};
use super::super::functions::{BIGINT, number};
use super::super::rewrite::{named, parse};
use super::super::types::internal_name;
use crate::catalog::system::SystemSources;

/// The figures.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) characters: Option<i64>,
    pub(super) octets: Option<i64>,
    pub(super) precision: Option<i64>,
    pub(super) radix: Option<i64>,
    pub(super) scale: Option<i64>,
    pub(super) datetime: Option<i64>,
}

impl Figures {
    pub(super) fn of(oid: u32, modifier: i32) -> Self {
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

/// A function, by its name without the schema.
type FigureFunction = (
    &'static str,
    fn(&dyn SystemSources, &[ScalarValue]) -> ScalarValue,
);

const FUNCTIONS: [FigureFunction; 6] = [
    ("_pg_char_max_length", |_, values| {
        figure(values, |figures| figures.characters)
    }),
    ("_pg_char_octet_length", |_, values| {
        figure(values, |figures| figures.octets)
    }),
    ("_pg_datetime_precision", |_, values| {
        figure(values, |figures| figures.datetime)
    }),
    ("_pg_numeric_precision", |_, values| {
        figure(values, |figures| figures.precision)
    }),
    ("_pg_numeric_precision_radix", |_, values| {
        figure(values, |figures| figures.radix)
    }),
    ("_pg_numeric_scale", |_, values| {
        figure(values, |figures| figures.scale)
    }),
];

/// The functions.
pub fn functions() -> impl Iterator<Item = ScalarUDF> {
    FUNCTIONS.into_iter().map(|(name, call)| {
        let arguments: &[&[DataType]] = &[&[BIGINT, DataType::Int32]];
        CatalogFunction::udf(name, arguments, DataType::Int32, Call::Answer(call))
    })
}

/// One of the figures of a type and a modifier.
fn figure(values: &[ScalarValue], of: fn(Figures) -> Option<i64>) -> ScalarValue {
    let oid = number(values, 0).and_then(|oid| u32::try_from(oid).ok());
    let figure = match (oid, values.get(1)) {
        (Some(oid), Some(ScalarValue::Int32(Some(modifier)))) => of(Figures::of(oid, *modifier)),
        _ => None,
    };
    ScalarValue::Int32(figure.and_then(|figure| i32::try_from(figure).ok()))
}

/// Takes the schema off the name of such a function, and says one that takes the rows of a column and of
/// its type by their columns.
pub fn say_plainly(function: &mut Function) -> Option<Expr> {
    let [ObjectNamePart::Identifier(schema), last] = function.name.0.as_slice() else {
        return None;
    };
    if !schema.value.eq_ignore_ascii_case(super::INFORMATION_SCHEMA) {
        return None;
    }
    let name = named(&function.name)?.to_lowercase();
    if FUNCTIONS.iter().any(|(known, _)| *known == name) {
        function.name.0 = vec![last.clone()];
        return None;
    }
    let (of_domain, of_column) = match name.as_str() {
        "_pg_truetypid" => ("typbasetype", "atttypid"),
        "_pg_truetypmod" => ("typtypmod", "atttypmod"),
        _ => return None,
    };
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let [column, of_type] = list.args.as_slice() else {
        return None;
    };
    let (column, of_type) = (row_name(column)?, row_name(of_type)?);
    parse(&format!(
        "CASE WHEN {of_type}.typtype = 'd' THEN {of_type}.{of_domain} ELSE {column}.{of_column} END"
    ))
}

/// The name of the table whose row an argument is: `a.*`, or `a`.
fn row_name(argument: &FunctionArg) -> Option<&Ident> {
    let FunctionArg::Unnamed(argument) = argument else {
        return None;
    };
    match argument {
        FunctionArgExpr::QualifiedWildcard(name) => match name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => Some(name),
            _ => None,
        },
        FunctionArgExpr::Expr(Expr::Identifier(name)) => Some(name),
        _ => None,
    }
}
