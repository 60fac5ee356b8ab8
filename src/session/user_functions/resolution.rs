//! Which function a call means, as PostgreSQL chooses among those of a name by the types of the
//! arguments ("Function Type Resolution" in its documentation).

use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName as AstName,
    Value,
};
use tributary_udfs::json::JsonKind;
use tributary_udfs::type_name;

use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::create_function::{Argument, CreateFunction, type_text};
use crate::sql::cursor::object_name_from;

/// A function that a call may mean.
pub(super) struct Candidate<'a> {
    pub(super) function: &'a Arc<Object>,
    pub(super) create: &'a CreateFunction,
    /// By argument, its value.
    pub(super) values: Vec<Expr>,
    /// By argument, whether the call gives it; others have their defaults.
    pub(super) given: Vec<bool>,
}

impl Candidate<'_> {
    /// What there is to compare of each argument: the type that the function wants, and what is
    /// known of the type that is given.
    pub(super) fn places(&self) -> Vec<Place> {
        let arguments = self.create.arguments.iter().zip(&self.values);
        arguments
            .zip(&self.given)
            .filter(|(_, given)| **given)
            .map(|((argument, value), _)| Place {
                wanted: type_text(&argument.data_type),
                given: written_type(value),
            })
            .collect()
    }
}

/// An argument of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::session) struct Place {
    pub(in crate::session) wanted: String,
    pub(in crate::session) given: Given,
}

/// What is known of the type of a value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::session) enum Given {
    /// It is this one.
    Type(String),
    /// A literal in quotes, NULL or a parameter, which may be of any.
    Unknown,
    /// It is known once the query is planned.
    Open,
}

/// The functions that a call may mean, as far as the values tell that are written or cast; none for a
/// call of a function that no user has made.
///
/// # Errors
/// 42883 where no function of the name takes such arguments; 42725 where several do that nothing more
/// will tell apart.
pub(super) fn resolve<'a>(
    snapshot: &'a Snapshot,
    path: &[String],
    name: &AstName,
    given: &[(Option<String>, Expr)],
) -> Result<Vec<Candidate<'a>>> {
    let Ok(name) = object_name_from(name) else {
        return Ok(Vec::new());
    };
    let schemas = match &name.schema {
        Some(schema) => std::slice::from_ref(schema),
        None => path,
    };
    let all: Vec<_> = schemas
        .iter()
        .flat_map(|schema| snapshot.functions_of(schema, &name.name))
        .collect();
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let mut candidates: Vec<Candidate<'a>> = all
        .iter()
        .filter_map(|(function, create)| {
            let (values, given) = values(&create.arguments, given)?;
            Some(Candidate {
                function,
                create,
                values,
                given,
            })
        })
        .collect();
    let places: Vec<Vec<Place>> = candidates.iter().map(Candidate::places).collect();
    let left = choose(&places);
    if left.is_empty() {
        let types = given.iter().map(|(_, value)| match written_type(value) {
            Given::Type(name) => name,
            Given::Unknown | Given::Open => "unknown".to_owned(),
        });
        let signatures = all.iter().map(|(_, create)| create.signature());
        return Err(undefined(
            &name.name,
            &types.collect::<Vec<_>>(),
            &signatures.collect::<Vec<_>>(),
        ));
    }
    let mut place = 0;
    candidates.retain(|_| {
        place += 1;
        left.contains(&(place - 1))
    });
    let is_open = candidates.iter().any(|candidate| {
        let mut places = candidate.places().into_iter();
        places.any(|place| place.given == Given::Open)
    });
    match candidates.len() {
        1 => Ok(candidates),
        _ if is_open => Ok(candidates),
        _ => Err(ambiguous(&name.name)),
    }
}

/// The error of a call with arguments that no function of the name takes.
pub(super) fn undefined(name: &str, types: &[String], signatures: &[String]) -> Error {
    Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!("function {name}({}) does not exist", types.join(", ")),
    )
    .with_hint(format!(
        "No function matches the given name and argument types. There is {}.",
        signatures.join(", ")
    ))
}

/// The error of a call that several functions fit as well.
pub(super) fn ambiguous(name: &str) -> Error {
    Error::new(
        SqlState::AMBIGUOUS_FUNCTION,
        format!("function {name} is not unique"),
    )
    .with_hint(
        "Could not choose a best candidate function. You might need to add explicit type casts.",
    )
}

/// The arguments of a call that is one of a plain function.
pub(super) fn plain_arguments(function: &Function) -> Option<Vec<(Option<String>, Expr)>> {
    let is_plain = function.over.is_none()
        && function.filter.is_none()
        && function.within_group.is_empty()
        && function.null_treatment.is_none();
    match &function.args {
        FunctionArguments::List(list)
            if is_plain && list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            unnamed(&list.args)
        }
        FunctionArguments::None if is_plain => Some(Vec::new()),
        _ => None,
    }
}

pub(super) fn unnamed(arguments: &[FunctionArg]) -> Option<Vec<(Option<String>, Expr)>> {
    let argument = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some((None, value.clone())),
        // All columns of a relation are its row.
        FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) => match name.0.as_slice() {
            [relation] => Some((None, Expr::Identifier(relation.as_ident()?.clone()))),
            _ => None,
        },
        FunctionArg::Named {
            name,
            arg: FunctionArgExpr::Expr(value),
            ..
        } => Some((Some(name.value.clone()), value.clone())),
        FunctionArg::ExprNamed {
            name: Expr::Identifier(name),
            arg: FunctionArgExpr::Expr(value),
            ..
        } => Some((Some(name.value.clone()), value.clone())),
        _ => None,
    };
    arguments.iter().map(argument).collect()
}

/// The values of a function's arguments, and which of them are given, where it can be called so.
fn values(
    arguments: &[Argument],
    given: &[(Option<String>, Expr)],
) -> Option<(Vec<Expr>, Vec<bool>)> {
    if given.len() > arguments.len() {
        return None;
    }
    let mut values: Vec<Option<Expr>> = vec![None; arguments.len()];
    for (place, (name, value)) in given.iter().enumerate() {
        let place = match name {
            Some(name) => arguments
                .iter()
                .position(|argument| argument.name.as_ref() == Some(name))?,
            None => place,
        };
        let slot = values.get_mut(place)?;
        if slot.is_some() {
            return None;
        }
        *slot = Some(value.clone());
    }
    let are_given = values.iter().map(Option::is_some).collect();
    let values = values.into_iter().zip(arguments);
    let values: Option<Vec<Expr>> = values
        .map(|(value, argument)| value.or_else(|| argument.default.clone()))
        .collect();
    Some((values?, are_given))
}

/// The candidates that fit best, by their places: one, or several that need to know more types.
pub(in crate::session) fn choose(candidates: &[Vec<Place>]) -> Vec<usize> {
    let fits = candidates.iter().enumerate().filter_map(|(index, places)| {
        let fits: Option<Vec<Fit>> = places.iter().map(Fit::of).collect();
        Some((index, fits?))
    });
    let mut left: Vec<(usize, Vec<Fit>)> = fits.collect();
    let has_open = |place: &Place| place.given == Given::Open;
    if candidates.iter().flatten().any(has_open) {
        // What is not known yet may decide otherwise than what is.
        return left.into_iter().map(|(index, _)| index).collect();
    }
    keep_best(&mut left, |fits| {
        usize::from(!fits.contains(&Fit::Narrowing))
    });
    keep_best(&mut left, |fits| {
        fits.iter().filter(|fit| **fit == Fit::Exact).count()
    });
    keep_best(&mut left, |fits| {
        let good = [Fit::Exact, Fit::Preferred];
        fits.iter().filter(|fit| good.contains(fit)).count()
    });
    let left: Vec<usize> = left.into_iter().map(|(index, _)| index).collect();
    if left.len() < 2 {
        return left;
    }
    by_unknown(candidates, left)
}

fn keep_best(candidates: &mut Vec<(usize, Vec<Fit>)>, rank: impl Fn(&[Fit]) -> usize) {
    let best = candidates.iter().map(|(_, fits)| rank(fits)).max();
    candidates.retain(|(_, fits)| Some(rank(fits)) == best);
}

/// What values of no known type decide: they are texts where some candidate takes texts there, else of
/// the one category that all take, and of the type that others are of.
fn by_unknown(candidates: &[Vec<Place>], mut left: Vec<usize>) -> Vec<usize> {
    let all = left.clone();
    let width = left.iter().filter_map(|index| candidates.get(*index));
    let width = width.map(Vec::len).max().unwrap_or(0);
    let place = |index: usize, column: usize| {
        let place = candidates.get(index)?.get(column)?;
        (place.given == Given::Unknown).then_some(place.wanted.as_str())
    };
    for column in 0..width {
        let wanted: Vec<&str> = left.iter().filter_map(|it| place(*it, column)).collect();
        let Some(first) = wanted.first() else {
            continue;
        };
        let has_texts = wanted.iter().any(|name| category(name) == Category::Text);
        let chosen = match has_texts {
            true => Category::Text,
            false => category(first),
        };
        if !has_texts && wanted.iter().any(|name| category(name) != chosen) {
            left.clear();
            break;
        }
        let is_preferred_there = wanted
            .iter()
            .any(|name| category(name) == chosen && is_preferred(name));
        left.retain(|index| {
            place(*index, column).is_some_and(|name| {
                category(name) == chosen && (!is_preferred_there || is_preferred(name))
            })
        });
    }
    if left.len() == 1 {
        return left;
    }
    // Where all known values are of one type, the others are taken for that, too.
    let known = all.iter().filter_map(|index| candidates.get(*index));
    let mut known = known.flatten().filter_map(|place| match &place.given {
        Given::Type(name) => Some(name.as_str()),
        Given::Unknown | Given::Open => None,
    });
    let Some(first) = known.next() else {
        return all;
    };
    if known.any(|name| name != first) {
        return all;
    }
    let is_of_it = |index: &usize| {
        candidates.get(*index).is_some_and(|places| {
            let mut unknown = places.iter().filter(|it| it.given == Given::Unknown);
            unknown.all(|place| place.wanted == first)
        })
    };
    let of_it: Vec<usize> = all.iter().copied().filter(is_of_it).collect();
    match of_it.len() {
        1 => of_it,
        _ => all,
    }
}

/// How a value fits an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Exact,
    /// It becomes one of the type that is preferred among those of its kind.
    Preferred,
    /// It becomes one without a word.
    Widening,
    /// Its type is not known.
    Open,
    /// A number that is computed, and may be of a narrower type in PostgreSQL: a plan has a wider one
    /// in some places.
    Narrowing,
}

impl Fit {
    fn of(place: &Place) -> Option<Self> {
        let wanted = place.wanted.as_str();
        let given = match &place.given {
            Given::Type(name) => name.as_str(),
            Given::Unknown | Given::Open => return Some(Self::Open),
        };
        let kind = category(wanted);
        if given == wanted {
            return Some(Self::Exact);
        }
        if kind == Category::Other {
            // Composite types, domains and what else has no name in a plan.
            let is_plain = ["boolean", "interval", "bytea", "json", "jsonb", "uuid"];
            let is_told = is_plain.contains(&wanted) || wanted.starts_with("time");
            // A plan loses in some places that a text is a document.
            let may_be_one = wanted.starts_with("json") && given == "text";
            return match may_be_one {
                true => Some(Self::Narrowing),
                false => (!is_told).then_some(Self::Widening),
            };
        }
        if kind != category(given) {
            return None;
        }
        if kind == Category::Array || kind == Category::Text || widens(given, wanted) {
            return Some(match is_preferred(wanted) {
                true => Self::Preferred,
                false => Self::Widening,
            });
        }
        let is_computed = given.ends_with(COMPUTED);
        let plain = given.trim_end_matches(COMPUTED);
        let are_alike = is_whole(plain) || !is_whole(wanted);
        match kind == Category::Number && is_computed {
            true if plain == wanted => Some(Self::Exact),
            true if widens(plain, wanted) => Some(Self::Widening),
            true if are_alike => Some(Self::Narrowing),
            _ => None,
        }
    }
}

/// Behind the name of a number's type that a plan computes with.
const COMPUTED: &str = " (computed)";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Category {
    Number,
    Text,
    Moment,
    Array,
    Other,
}

fn category(name: &str) -> Category {
    let name = name.trim_end_matches(COMPUTED);
    if name.ends_with("[]") {
        Category::Array
    } else if NUMBERS.contains(&name) {
        Category::Number
    } else if TEXTS.contains(&name) {
        Category::Text
    } else if MOMENTS.contains(&name) {
        Category::Moment
    } else {
        Category::Other
    }
}

fn is_whole(name: &str) -> bool {
    ["smallint", "integer", "bigint"].contains(&name)
}

fn is_preferred(name: &str) -> bool {
    ["double precision", "text", "timestamp with time zone"].contains(&name)
}

const NUMBERS: [&str; 6] = [
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "real",
    "double precision",
];
const TEXTS: [&str; 6] = [
    "character",
    "character varying",
    "text",
    "name",
    "bpchar",
    "uuid",
];
const MOMENTS: [&str; 3] = [
    "date",
    "timestamp without time zone",
    "timestamp with time zone",
];

/// The type of a value that is written, or cast.
fn written_type(value: &Expr) -> Given {
    let named = |name: &str| Given::Type(name.to_owned());
    match value {
        Expr::Nested(inner) => written_type(inner),
        Expr::Cast { data_type, .. } => Given::Type(type_text(data_type)),
        Expr::TypedString(typed) => Given::Type(type_text(&typed.data_type)),
        Expr::UnaryOp { expr, .. } => match written_type(expr) {
            Given::Unknown => Given::Open,
            known => known,
        },
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) if digits.contains(['.', 'e', 'E']) => named("numeric"),
            Value::Number(digits, _) if digits.parse::<i32>().is_ok() => named("integer"),
            Value::Number(digits, _) if digits.parse::<i64>().is_ok() => named("bigint"),
            Value::Number(..) => named("numeric"),
            Value::Boolean(_) => named("boolean"),
            _ => Given::Unknown,
        },
        _ => Given::Open,
    }
}

/// The type of a value that is planned.
pub(super) fn planned_type(field: &Field) -> Given {
    if let Some(kind) = JsonKind::of_field(field) {
        return Given::Type(kind.name().to_owned());
    }
    let name = type_name(field.data_type());
    let name = match name.split_once('(') {
        Some((plain, _)) => plain,
        None => name.as_str(),
    };
    Given::Type(match name {
        "unknown" => return Given::Unknown,
        "timestamp" => "timestamp without time zone".to_owned(),
        number if NUMBERS.contains(&number) => format!("{number}{COMPUTED}"),
        other => other.to_owned(),
    })
}

/// Whether values of a type become those of another without a word.
fn widens(from: &str, to: &str) -> bool {
    [NUMBERS.as_slice(), &MOMENTS].iter().any(|order| {
        let place = |name: &str| order.iter().position(|known| *known == name);
        place(from)
            .zip(place(to))
            .is_some_and(|(from, to)| from < to)
    })
}

pub(super) fn full_name(object: &Object, create: &CreateFunction) -> AstName {
    AstName::from(vec![
        Ident::with_quote('"', &object.name.schema),
        Ident::with_quote('"', &create.name.name),
    ])
}
