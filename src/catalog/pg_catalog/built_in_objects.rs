//! What every PostgreSQL has of kinds of objects that nobody can create here.

use super::data::rows_of;
use super::types::type_oid;

/// Whether there is an object of a kind, in lower case, by this name.
pub fn is_named(kind: &str, name: &str) -> bool {
    let table = match kind {
        "access method" => "pg_am",
        "collation" => "pg_collation",
        "conversion" => "pg_conversion",
        "language" => "pg_language",
        "tablespace" => "pg_tablespace",
        "text search configuration" => "pg_ts_config",
        "text search dictionary" => "pg_ts_dict",
        "text search parser" => "pg_ts_parser",
        "text search template" => "pg_ts_template",
        _ => return false,
    };
    has_row(table, &[(1, name)])
}

/// Whether an operator class or family of this name is there for an access method.
pub fn is_of_method(kind: &str, name: &str, method: &str) -> bool {
    let table = match kind {
        "operator class" => "pg_opclass",
        _ => "pg_opfamily",
    };
    let method = fields_of("pg_am").find(|fields| fields.get(1) == Some(&method));
    let number = method.and_then(|fields| fields.first().copied());
    number.is_some_and(|number| has_row(table, &[(1, number), (2, name)]))
}

/// Whether there is an aggregate or an operator of this name for these types.
pub fn is_typed(kind: &str, name: &str, types: &[String]) -> bool {
    let number = |name: &String| match name.as_str() {
        "NONE" => Some("0".to_owned()),
        name => type_oid(name).map(|oid| oid.to_string()),
    };
    let numbers: Option<Vec<String>> = types.iter().filter(|it| *it != "*").map(number).collect();
    match (kind, numbers.as_deref()) {
        ("operator", Some([left, right])) => has_row(
            "pg_operator",
            &[(1, name), (7, left.as_str()), (8, right.as_str())],
        ),
        // `proargtypes` and, of `prokind`, that of aggregates.
        ("aggregate", Some(numbers)) => {
            let numbers = numbers.join(" ");
            has_row("pg_proc", &[(1, name), (9, "a"), (19, numbers.as_str())])
        }
        _ => false,
    }
}

/// Whether there is a cast from a type to another one.
pub fn is_cast(from: &str, to: &str) -> bool {
    let Some((from, to)) = type_oid(from).zip(type_oid(to)) else {
        return false;
    };
    let (from, to) = (from.to_string(), to.to_string());
    has_row("pg_cast", &[(1, from.as_str()), (2, to.as_str())])
}

/// Whether a table has a row with these values at these places.
fn has_row(table: &str, values: &[(usize, &str)]) -> bool {
    fields_of(table).any(|fields| {
        let mut values = values.iter();
        values.all(|(place, value)| fields.get(*place) == Some(value))
    })
}

fn fields_of(table: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let rows = rows_of(table).unwrap_or_default().lines();
    rows.map(|line| line.split('\t').collect())
}

#[cfg(test)]
mod tests {
    use super::{is_cast, is_named, is_of_method, is_typed};

    #[test]
    fn what_every_postgresql_has_is_there() {
        let types =
            |types: &[&str]| -> Vec<String> { types.iter().map(|it| (*it).to_owned()).collect() };
        assert!(is_named("collation", "C"));
        assert!(!is_named("collation", "D"));
        assert!(!is_named("publication", "C"));
        assert!(is_of_method("operator class", "int4_ops", "btree"));
        assert!(!is_of_method("operator class", "int4_ops", "gist"));
        assert!(is_typed("operator", "+", &types(&["integer", "integer"])));
        assert!(is_typed("operator", "-", &types(&["NONE", "integer"])));
        assert!(!is_typed(
            "operator",
            "@#@",
            &types(&["integer", "integer"])
        ));
        assert!(is_typed("aggregate", "count", &types(&["*"])));
        assert!(!is_typed("aggregate", "abs", &types(&["integer"])));
        assert!(is_cast("integer", "bigint"));
        assert!(!is_cast("text", "text"));
    }
}
