//! `information_schema.routines` and `parameters`: functions, and what they take and give, as PostgreSQL's
//! views make them of `pg_proc`.

use super::super::pg_proc;
use super::super::relation::namespaces;
use super::super::table::{Row, Rows, Value, row, table};
use super::columns::type_names;
use super::yes_or_no;
use crate::catalog::privilege::Rights;
use crate::catalog::system::SystemSources;
use crate::error::Result;

pub static ROUTINES: Rows = Rows {
    of: "routines",
    make: |sources| {
        let functions = functions(sources)?;
        Ok(functions.iter().map(|it| routine(sources, it)).collect())
    },
};

pub static PARAMETERS: Rows = Rows {
    of: "parameters",
    make: |sources| {
        let functions = functions(sources)?;
        let all = functions.iter().flat_map(|it| parameters(sources, it));
        Ok(all.collect())
    },
};

/// A function, with the columns of `pg_proc` that its description is made of.
struct Function {
    oid: i64,
    name: String,
    schema: String,
    owns: bool,
    language: i64,
    kind: String,
    is_definers: bool,
    is_strict: bool,
    is_immutable: bool,
    answer: i64,
    types: Vec<i64>,
    modes: Option<Vec<String>>,
    names: Vec<String>,
    source: String,
}

/// The functions that whoever asks may call.
fn functions(sources: &dyn SystemSources) -> Result<Vec<Function>> {
    let Some(procedures) = table("pg_proc") else {
        return Ok(Vec::new());
    };
    let snapshot = sources.snapshot();
    let schemas = namespaces(&snapshot);
    let role = snapshot.role_of(&sources.user(), &sources.owner());
    let rights = Rights::of(&snapshot, role);
    let rows = procedures.rows(sources)?.into_iter();
    let functions = rows.filter_map(|row| {
        let number = |index: usize| row.get(index).and_then(Value::number);
        let text = |index: usize| Value::text(row.get(index)).map(str::to_owned);
        let truth = |index: usize| Value::boolean(row.get(index)) == Some(true);
        let texts = |index: usize| match row.get(index) {
            Some(Value::Texts(texts)) => Some(texts.clone()),
            _ => None,
        };
        let numbers = |index: usize| match row.get(index) {
            Some(Value::Numbers(numbers)) => Some(numbers.clone()),
            _ => None,
        };
        let oid = number(0)?;
        let object = u32::try_from(oid).ok().and_then(|oid| snapshot.object(oid));
        if object.is_some_and(|object| !rights.may_call(&object.access)) {
            return None;
        }
        let schema = schemas
            .iter()
            .find(|schema| Some(schema.oid) == number(2))?;
        Some(Function {
            oid,
            name: text(1)?,
            schema: schema.name.clone(),
            owns: match object {
                Some(object) => rights.owns(&object.access),
                None => rights.is_superuser(),
            },
            language: number(4)?,
            kind: text(9)?,
            is_definers: truth(10),
            is_strict: truth(12),
            is_immutable: text(14).as_deref() == Some("i"),
            answer: number(18)?,
            types: numbers(20).or_else(|| numbers(19)).unwrap_or_default(),
            modes: texts(21),
            names: texts(22).unwrap_or_default(),
            source: text(25)?,
        })
    });
    Ok(functions.collect())
}

impl Function {
    /// What tells it from others of its name: that with its number behind, of at most 63 bytes.
    fn specific_name(&self) -> String {
        let number = format!("_{}", self.oid);
        let end = self.name.floor_char_boundary(63 - number.len());
        format!("{}{number}", self.name.get(..end).unwrap_or(&self.name))
    }

    /// The name of its language in `pg_language`.
    fn language(&self) -> &'static str {
        match self.language {
            12 => "internal",
            13 => "c",
            14 => "sql",
            _ => "plpgsql",
        }
    }
}

fn routine(sources: &dyn SystemSources, function: &Function) -> Row {
    let database = sources.database();
    let kind = match function.kind.as_str() {
        "f" => Some("FUNCTION"),
        "p" => Some("PROCEDURE"),
        _ => None,
    };
    let answer = type_names(sources, u32::try_from(function.answer).unwrap_or_default());
    let language = function.language();
    let source = function.source.as_str();
    let mut routine = row![
        database.as_str(),
        function.schema.as_str(),
        function.specific_name(),
        database.as_str(),
        function.schema.as_str(),
        function.name.as_str(),
        kind,
    ];
    routine.extend(nulls(6));
    routine.push(Value::Text(answer.data_type));
    routine.extend(nulls(14));
    routine.extend(row![database.as_str(), answer.schema, answer.name]);
    routine.extend(nulls(4));
    routine.extend(row![
        "0",
        if language == "sql" { "SQL" } else { "EXTERNAL" },
        Some(source).filter(|_| function.owns),
        Some(source).filter(|_| language == "c"),
        language.to_uppercase(),
        "GENERAL",
        yes_or_no(function.is_immutable),
        "MODIFIES",
        yes_or_no(function.is_strict),
        Value::Null,
        "YES",
        0,
        Value::Null,
        Value::Null,
        if function.is_definers {
            "DEFINER"
        } else {
            "INVOKER"
        },
        Value::Null,
        Value::Null,
        Value::Null,
        "NO",
        Value::Null,
        Value::Null,
        Value::Null,
        "NO",
    ]);
    routine.extend(nulls(24));
    routine
}

fn parameters(sources: &dyn SystemSources, function: &Function) -> Vec<Row> {
    let database = sources.database();
    let types = function.types.iter().enumerate();
    let rows = types.map(|(index, oid)| {
        let place = i64::try_from(index + 1).unwrap_or(i64::MAX);
        let mode = match &function.modes {
            None => Some("IN"),
            Some(modes) => match modes.get(index).map(String::as_str) {
                Some("i" | "v") => Some("IN"),
                Some("o" | "t") => Some("OUT"),
                Some("b") => Some("INOUT"),
                _ => None,
            },
        };
        let name = function.names.get(index).filter(|name| !name.is_empty());
        let of_type = type_names(sources, u32::try_from(*oid).unwrap_or_default());
        let default = match function.owns {
            true => pg_proc::default_of(sources, function.oid, index),
            false => None,
        };
        let mut parameter = row![
            database.as_str(),
            function.schema.as_str(),
            function.specific_name(),
            place,
            mode,
            "NO",
            "NO",
            name.cloned(),
            of_type.data_type,
        ];
        parameter.extend(nulls(14));
        parameter.extend(row![database.as_str(), of_type.schema, of_type.name]);
        parameter.extend(nulls(4));
        parameter.extend(row![place.to_string(), default]);
        parameter
    });
    rows.collect()
}

fn nulls(count: usize) -> impl Iterator<Item = Value> {
    std::iter::repeat_n(Value::Null, count)
}
