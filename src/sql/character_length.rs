//! The types that limit texts: `varchar(n)`, `char(n)`, `name` and `uuid`.

use datafusion::sql::sqlparser::ast;
use tributary_udfs::postgres::{CharacterKind, CharacterLength};

use super::cursor::folded;

/// The type that a type's name gives to its texts, where that is another one than `text`.
pub fn of(data_type: &ast::DataType) -> Option<CharacterLength> {
    let (kind, length) = match data_type {
        ast::DataType::Custom(name, _) => return of_name(name),
        ast::DataType::Uuid => return Some(CharacterLength::UUID),
        ast::DataType::Character(length) | ast::DataType::Char(length) => {
            (CharacterKind::Fixed, length)
        }
        ast::DataType::CharacterVarying(length)
        | ast::DataType::CharVarying(length)
        | ast::DataType::Varchar(length) => (CharacterKind::Varying, length),
        _ => return None,
    };
    let characters = match length {
        Some(ast::CharacterLength::IntegerLength { length, .. }) => {
            usize::try_from(*length).ok()?
        }
        Some(ast::CharacterLength::Max) => CharacterLength::ANY,
        // `char` alone is one character, `varchar` alone any number.
        None if kind == CharacterKind::Fixed => 1,
        None => CharacterLength::ANY,
    };
    Some(CharacterLength { kind, characters })
}

/// Of a type that sqlparser has no word for.
fn of_name(name: &ast::ObjectName) -> Option<CharacterLength> {
    let name = match name.0.as_slice() {
        [name] => name.as_ident()?,
        [schema, name] if schema.as_ident()?.value == "pg_catalog" => name.as_ident()?,
        _ => return None,
    };
    Some(match folded(name).as_str() {
        "name" => CharacterLength::NAME,
        // Those that sqlparser has a word for come here with their schema.
        "varchar" => CharacterLength::VARYING,
        "bpchar" => CharacterLength::FIXED,
        "uuid" => CharacterLength::UUID,
        _ => return None,
    })
}

/// The type of the values of a declared column, where it is one that the planner has no word for.
pub fn stored(data_type: &ast::DataType) -> Option<ast::DataType> {
    let name = match data_type {
        ast::DataType::Uuid
        | ast::DataType::Character(_)
        | ast::DataType::CharacterVarying(_)
        | ast::DataType::CharVarying(_) => return Some(ast::DataType::Text),
        ast::DataType::Array(ast::ArrayElemTypeDef::SquareBracket(item, size)) => {
            let item = Box::new(stored(item)?);
            let array = ast::ArrayElemTypeDef::SquareBracket(item, *size);
            return Some(ast::DataType::Array(array));
        }
        ast::DataType::Custom(name, _) => name.0.last()?.as_ident()?,
        _ => return None,
    };
    match folded(name).as_str() {
        "name" | "bpchar" => Some(ast::DataType::Text),
        "oid" => Some(ast::DataType::BigInt(None)),
        // Those that sqlparser has a word for come here with their schema.
        "int8" => Some(ast::DataType::BigInt(None)),
        "int4" => Some(ast::DataType::Integer(None)),
        "int2" => Some(ast::DataType::SmallInt(None)),
        "float8" => Some(ast::DataType::DoublePrecision),
        "float4" => Some(ast::DataType::Real),
        "bool" => Some(ast::DataType::Boolean),
        "text" | "varchar" => Some(ast::DataType::Text),
        _ => None,
    }
}

/// What clients are told of arrays of a declared type whose items are texts, or numbers, that another type
/// is kept as: `uuid[]`, `character varying(3)[]`, `oid[]`.
pub fn of_items(data_type: &ast::DataType) -> Option<String> {
    let item = match data_type {
        ast::DataType::Array(
            ast::ArrayElemTypeDef::SquareBracket(item, _)
            | ast::ArrayElemTypeDef::AngleBracket(item),
        ) => item,
        _ => return None,
    };
    let told = match item.as_ref() {
        ast::DataType::Array(_) => of_items(item)?,
        ast::DataType::Custom(name, _) if name.to_string() == "oid" => "oid".to_owned(),
        item => of(item)?.sql(),
    };
    Some(format!("{told}[]"))
}

/// The type that limits the items of an array, by what clients are told of it.
pub fn of_told_items(told: &str) -> Option<CharacterLength> {
    told.ends_with("[]")
        .then(|| CharacterLength::from_sql(told.trim_end_matches("[]")))
        .flatten()
}

/// The length of a declared column's texts.
pub fn of_column(columns: &[ast::ColumnDef], name: &str) -> Option<CharacterLength> {
    let column = columns.iter().find(|column| folded(&column.name) == name)?;
    of(&column.data_type)
}
