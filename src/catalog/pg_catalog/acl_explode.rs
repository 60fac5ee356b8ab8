//! `aclexplode`: the grants of an array of `aclitem`, a row for each privilege; this gives the rows as one
//! array.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, BOOLEAN, TEXT};
use super::name_functions::role_oid;
use crate::catalog::system::SystemSources;

/// The columns of a row.
static COLUMNS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        Field::new("grantor", BIGINT, true),
        Field::new("grantee", BIGINT, true),
        Field::new("privilege_type", TEXT, true),
        Field::new("is_grantable", BOOLEAN, true),
    ])
});

/// The number of `PUBLIC`, which is no role.
const PUBLIC: i64 = 0;

/// A privilege that was granted.
#[derive(Debug, PartialEq, Eq)]
struct Granted<'a> {
    grantor: &'a str,
    grantee: &'a str,
    privilege: &'static str,
    is_grantable: bool,
}

/// The function.
pub fn function() -> ScalarUDF {
    let texts = DataType::new_list(TEXT, true);
    CatalogFunction::udf(
        "acl_explode",
        &[&[texts]],
        DataType::List(item()),
        Call::Look(|sources, values| {
            let items: Vec<String> = match values.first() {
                Some(ScalarValue::List(items)) if !values.iter().any(ScalarValue::is_null) => {
                    let items = items.value(0);
                    let items = items.as_string::<i32>().iter().flatten();
                    items.map(str::to_owned).collect()
                }
                _ => Vec::new(),
            };
            let granted: Vec<Granted<'_>> = items.iter().flat_map(|item| granted(item)).collect();
            Ok(ScalarValue::List(Arc::new(rows(sources, &granted)?)))
        }),
    )
}

fn item() -> FieldRef {
    Arc::new(Field::new_list_field(
        DataType::Struct(COLUMNS.clone()),
        true,
    ))
}

fn rows(sources: &dyn SystemSources, granted: &[Granted<'_>]) -> crate::error::Result<ListArray> {
    let oid = |name: &str| match name {
        "" => Some(PUBLIC),
        name => role_oid(sources, name),
    };
    let grantors: Int64Array = granted.iter().map(|it| oid(it.grantor)).collect();
    let grantees: Int64Array = granted.iter().map(|it| oid(it.grantee)).collect();
    let privileges: StringArray = granted.iter().map(|it| Some(it.privilege)).collect();
    let grantable: BooleanArray = granted.iter().map(|it| Some(it.is_grantable)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(grantors),
        Arc::new(grantees),
        Arc::new(privileges),
        Arc::new(grantable),
    ];
    let rows = StructArray::try_new(COLUMNS.clone(), columns, None)?;
    let offsets = OffsetBuffer::from_lengths([granted.len()]);
    Ok(ListArray::try_new(item(), offsets, Arc::new(rows), None)?)
}

/// The privileges of an item such as `reader=ar*/owner`, of which a `*` says that they may be passed on.
fn granted(item: &str) -> Vec<Granted<'_>> {
    let (grantee, rest) = split_name(item);
    let Some((letters, grantor)) = rest.strip_prefix('=').and_then(|rest| rest.split_once('/'))
    else {
        return Vec::new();
    };
    let mut all: Vec<Granted<'_>> = Vec::new();
    for letter in letters.chars() {
        match (letter, all.last_mut()) {
            ('*', Some(last)) => last.is_grantable = true,
            (letter, _) => all.extend(privilege(letter).map(|privilege| Granted {
                grantor,
                grantee,
                privilege,
                is_grantable: false,
            })),
        }
    }
    all
}

/// The name that an item begins with, which may be quoted, and the rest.
fn split_name(item: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let end = item.find(|character: char| {
        is_quoted ^= character == '"';
        character == '=' && !is_quoted
    });
    item.split_at(end.unwrap_or(item.len()))
}

fn privilege(letter: char) -> Option<&'static str> {
    Some(match letter {
        'a' => "INSERT",
        'r' => "SELECT",
        'w' => "UPDATE",
        'd' => "DELETE",
        'D' => "TRUNCATE",
        'x' => "REFERENCES",
        't' => "TRIGGER",
        'X' => "EXECUTE",
        'U' => "USAGE",
        'C' => "CREATE",
        'T' => "TEMPORARY",
        'c' => "CONNECT",
        's' => "SET",
        'A' => "ALTER SYSTEM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_taken_apart() {
        let shown = |item| -> Vec<String> {
            let all = granted(item).into_iter();
            let all = all.map(|it| {
                let star = if it.is_grantable { "*" } else { "" };
                format!("{} {}{star} {}", it.grantee, it.privilege, it.grantor)
            });
            all.collect()
        };
        assert_eq!(
            shown("reader=ar*/owner"),
            ["reader INSERT owner", "reader SELECT* owner"]
        );
        assert_eq!(shown("=r/owner"), [" SELECT owner"]);
        assert_eq!(shown("\"a=b\"=U/\"o/p\""), ["\"a=b\" USAGE \"o/p\""]);
        assert_eq!(shown("no item"), Vec::<String>::new());
    }
}
