//! The lengths of `varchar(n)` and `char(n)`.

use datafusion::sql::sqlparser::ast;
use tributary_udfs::postgres::CharacterLength;

use super::cursor::fold;

/// The length that a type gives to its texts; none where it gives no limit.
pub fn of(data_type: &ast::DataType) -> Option<CharacterLength> {
    let (is_fixed, length) = match data_type {
        ast::DataType::Character(length) | ast::DataType::Char(length) => (true, length),
        ast::DataType::CharacterVarying(length)
        | ast::DataType::CharVarying(length)
        | ast::DataType::Varchar(length) => (false, length),
        _ => return None,
    };
    let characters = match length {
        Some(ast::CharacterLength::IntegerLength { length, .. }) => {
            usize::try_from(*length).ok()?
        }
        Some(ast::CharacterLength::Max) => return None,
        // `char` alone is one character, `varchar` alone any number.
        None if is_fixed => 1,
        None => return None,
    };
    Some(CharacterLength {
        is_fixed,
        characters,
    })
}

/// The length of a declared column's texts.
pub fn of_column(columns: &[ast::ColumnDef], name: &str) -> Option<CharacterLength> {
    let column = columns
        .iter()
        .find(|column| fold(column.name.value.clone(), column.name.quote_style) == name)?;
    of(&column.data_type)
}
