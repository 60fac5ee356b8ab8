//! The types of parameters that are arguments of built-in functions, as PostgreSQL finds them: by the
//! functions of that name that it has.

use arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::scalar::ScalarValue;
use tributary_udfs::json::JsonKind;
use tributary_udfs::type_name;

use super::user_functions::{Given, Place, choose};
use crate::catalog::pg_catalog::argument_oids;
use crate::wire::types::{PostgresType, parameter_type};

/// Types whose values are read from what a client sends in one way alone. Others stay texts, which the
/// functions read themselves.
const PLAIN: [PostgresType; 11] = [
    PostgresType::BOOL,
    PostgresType::INT2,
    PostgresType::INT4,
    PostgresType::INT8,
    PostgresType::NUMERIC,
    PostgresType::FLOAT4,
    PostgresType::FLOAT8,
    PostgresType::DATE,
    PostgresType::TIMESTAMP,
    PostgresType::TIMESTAMPTZ,
    PostgresType::INTERVAL,
];

/// By argument of a call, the type that it has if it is a parameter.
pub(super) fn wanted(name: &str, arguments: &[Expr], schema: &DFSchema) -> Vec<Option<DataType>> {
    let none = vec![None; arguments.len()];
    let given: Vec<Given> = arguments.iter().map(|it| given(it, schema)).collect();
    let candidates = argument_oids(name, arguments.len());
    let places: Vec<Vec<Place>> = candidates
        .iter()
        .map(|oids| {
            let places = oids.iter().zip(&given).map(|(oid, given)| Place {
                wanted: wanted_name(*oid),
                given: given.clone(),
            });
            places.collect()
        })
        .collect();
    let left = choose(&places);
    let mut left = left.into_iter().filter_map(|index| candidates.get(index));
    let Some(first) = left.next() else {
        return none;
    };
    let others: Vec<&Vec<u32>> = left.collect();
    let types = first.iter().enumerate().map(|(place, oid)| {
        let is_agreed = others.iter().all(|other| other.get(place) == Some(oid));
        let is_plain = PLAIN.iter().any(|plain| plain.oid == *oid);
        (is_agreed && is_plain).then(|| parameter_type(*oid).ok().flatten())?
    });
    types.take(arguments.len()).collect()
}

/// What is known of the type of an argument.
fn given(argument: &Expr, schema: &DFSchema) -> Given {
    match argument {
        Expr::Placeholder(_) => Given::Unknown,
        Expr::Literal(ScalarValue::Utf8(_) | ScalarValue::Null, _) => Given::Unknown,
        other => match other.to_field(schema) {
            Ok((_, field)) => Given::Type(name_of(&field)),
            Err(_) => Given::Unknown,
        },
    }
}

/// The name of a type of PostgreSQL's, as candidates are compared by; one that is none here, as
/// `anyelement`, takes what it is given.
fn wanted_name(oid: u32) -> String {
    match oid {
        oid if oid == PostgresType::JSON.oid => "json".to_owned(),
        oid if oid == PostgresType::JSONB.oid => "jsonb".to_owned(),
        oid => match parameter_type(oid) {
            Ok(Some(data_type)) => name_of(&Field::new("", data_type, true)),
            Ok(None) | Err(_) => "any".to_owned(),
        },
    }
}

fn name_of(field: &Field) -> String {
    if let Some(kind) = JsonKind::of_field(field) {
        return kind.name().to_owned();
    }
    let name = type_name(field.data_type());
    let plain = name
        .split_once('(')
        .map_or(name.as_str(), |(plain, _)| plain);
    match plain {
        "timestamp" => "timestamp without time zone".to_owned(),
        "time" => "time without time zone".to_owned(),
        other => other.to_owned(),
    }
}
