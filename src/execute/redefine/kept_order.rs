//! What `ALTER TABLE ... ALTER COLUMN ... TYPE` leaves to keyed tables: a column of the version gets a
//! type alone whose values come in the order of those before. Which rows were left out as stale followed
//! from that order, and they are not there any more to be looked at by another one. A column of the key
//! gets one that tells keys apart as before, where the table knows more of keys than its rows.

use arrow::datatypes::{DataType, Field};
use datafusion::sql::sqlparser::ast::{self, ColumnDef, Expr};
use tributary_udfs::json::JsonKind;
use tributary_udfs::postgres::{CharacterKind, CharacterLength};

use crate::catalog::{NewObject, Object};
use crate::error::{Error, Result};
use crate::execute::define::in_place_of;
use crate::models::keyed;
use crate::session::Session;
use crate::sql::Statement;
use crate::sql::alter::Action;
use crate::sql::name::Quoted;
use crate::sql::shown::Shown;

/// That a column gets no type by which the table knows other things than before.
///
/// # Errors
/// 0A000 where it would; what the store says.
pub(super) async fn keep(
    session: &Session,
    object: &Object,
    new: &NewObject,
    action: &Action,
) -> Result<()> {
    let (Some(keyed), Action::SetType { column, using, .. }) = (keyed::of(object)?, action) else {
        return Ok(());
    };
    let is_version = keyed.versions.contains(column);
    if !is_version && !keyed.key.contains(column) {
        return Ok(());
    }
    let after = in_place_of(object, new)?;
    let (before, after) = (Kind::of(object, column)?, Kind::of(&after, column)?);
    let zone = session.settings().time_zone.0;
    let is_utc = ["UTC", "Etc/UTC"].contains(&zone.as_str());
    let using = match using.as_deref() {
        None => Using::Nothing,
        Some(value) => Using::of(value, column, new),
    };
    let keeps = match using {
        Using::Nothing => before.keeps_order(&after, is_utc),
        Using::Cast => !after.is_cut() && before.keeps_order(&after, is_utc),
        Using::AtUtc => before.is_moment() && before.keeps_order(&after, true),
        Using::Other => false,
    };
    let is_cast = matches!(using, Using::Nothing | Using::Cast);
    let tells_apart = !is_version && is_cast && before.is_integer() && after.is_any_text();
    let table = object.table();
    let warehouse = &session.instance.warehouse;
    if keeps || tells_apart || warehouse.is_empty(&table).await? {
        return Ok(());
    }
    let what = object.described();
    if is_version {
        return Err(Error::unsupported(format!(
            "another type of column \"{column}\", whose order tells which rows of {what} are the latest,"
        ))
        .with_detail("Its values may come in another order, and rows that were stale are not there any more to be compared.")
        .with_hint("Types that keep all values, and their order, are fine, such as bigint for integer. Otherwise define another table, and insert the rows there."));
    }
    if keyed.has_history() {
        return Err(Error::unsupported(format!(
            "another type of column \"{column}\", which tells the histories of {what} apart,"
        ))
        .with_detail("Values that differ may be the same in the new type.")
        .with_hint("Define another table, and insert the rows there."));
    }
    let version = warehouse.version(&table).await?;
    if warehouse.tombstones(&table, version).await?.is_some() {
        return Err(Error::unsupported(format!(
            "another type of column \"{column}\", by which {what} remembers rows that were deleted or changed by hand,"
        ))
        .with_detail("Values that differ may be the same in the new type.")
        .with_hint("Have the table forget them: ALTER TABLE ... SET (tombstone_retention = '0 seconds'), and OPTIMIZE."));
    }
    Ok(())
}

/// What the values of the new type are made of.
enum Using {
    /// Those of before, assigned to it.
    Nothing,
    /// Those of before, as values of the new type.
    Cast,
    /// Those of before, as moments in UTC.
    AtUtc,
    /// Anything.
    Other,
}

impl Using {
    fn of(value: &Expr, column: &str, new: &NewObject) -> Self {
        let own = Quoted(column).to_string();
        let is_own = |value: &Expr| Shown(value).to_string() == own;
        match value {
            Expr::Nested(value) => Self::of(value, column, new),
            value if is_own(value) => Self::Nothing,
            Expr::Cast {
                expr, data_type, ..
            } if is_own(expr.as_ref()) && is_type_of(new, column, data_type) => Self::Cast,
            value if Shown(value).to_string() == format!("{own} AT TIME ZONE 'UTC'") => Self::AtUtc,
            _ => Self::Other,
        }
    }
}

/// Whether a type is that which a column of a table is declared with.
fn is_type_of(new: &NewObject, column: &str, data_type: &ast::DataType) -> bool {
    let Statement::CreateTable(create) = &new.definition else {
        return false;
    };
    let mut columns = create.columns.iter();
    let Some(declared) = columns.find(|it| it.name.value == column) else {
        return false;
    };
    let cast = ColumnDef {
        data_type: data_type.clone(),
        ..declared.clone()
    };
    let fields = |column: ColumnDef| crate::models::define::declared_columns(&[column]).ok();
    let cast = fields(cast);
    cast.is_some() && cast == fields(declared.clone())
}

/// The type of a column, as far as the order of its values follows from it.
struct Kind {
    field: Field,
    length: Option<CharacterLength>,
    /// The digits of a second.
    digits: u8,
}

/// All digits of a second that are kept.
const DIGITS: u8 = 6;

impl Kind {
    fn of(object: &Object, column: &str) -> Result<Self> {
        Ok(Self {
            field: object.schema.field_with_name(column)?.clone(),
            length: object.character_length(column),
            digits: object.moment_precision(column).unwrap_or(DIGITS),
        })
    }

    /// Whether assigning values of this type to the other one keeps each apart from all others, and their
    /// order. Values that the other one does not have are errors.
    fn keeps_order(&self, after: &Self, is_utc: bool) -> bool {
        use DataType::{
            Date32, Decimal128, Float32, Float64, Int8, Int16, Int32, Int64, Time64, Timestamp,
        };
        if JsonKind::of_field(&self.field) != JsonKind::of_field(&after.field) {
            return false;
        }
        match (self.field.data_type(), after.field.data_type()) {
            (before, now) if before.is_string() && now.is_string() => self.keeps_texts(after),
            (Int8 | Int16 | Int32 | Int64, Int8 | Int16 | Int32 | Int64)
            | (Int8 | Int16 | Int32 | Float32, Float64)
            | (Int8 | Int16, Float32)
            | (Decimal128(_, 0), Int8 | Int16 | Int32 | Int64)
            | (Date32, Timestamp(_, None)) => true,
            (Int8 | Int16 | Int32 | Int64, Decimal128(_, scale)) => *scale >= 0,
            (Decimal128(_, before), Decimal128(_, now)) => now >= before,
            (Timestamp(_, before), Timestamp(_, now)) => {
                after.digits >= self.digits && (before.is_some() == now.is_some() || is_utc)
            }
            (Time64(_), Time64(_)) => after.digits >= self.digits,
            (before, now) => before == now,
        }
    }

    /// The same of texts. Blanks at the end of one that is too long are cut off.
    fn keeps_texts(&self, after: &Self) -> bool {
        let Some(now) = after.length else {
            return true;
        };
        let fits = self
            .length
            .is_some_and(|before| before.characters <= now.characters);
        match now.kind {
            CharacterKind::Varying => fits || !now.is_limit(),
            CharacterKind::Fixed => {
                fits && self.length.map(|before| before.kind) == Some(CharacterKind::Fixed)
            }
            CharacterKind::Name | CharacterKind::Uuid => self.length == after.length,
        }
    }

    /// Whether a cast cuts what does not fit, which an assignment refuses.
    fn is_cut(&self) -> bool {
        self.length.is_some_and(|length| length.is_limit())
    }

    fn is_moment(&self) -> bool {
        matches!(self.field.data_type(), DataType::Timestamp(..))
    }

    fn is_integer(&self) -> bool {
        self.field.data_type().is_integer()
    }

    /// Whether it is a text of any length.
    fn is_any_text(&self) -> bool {
        let is_plain = JsonKind::of_field(&self.field).is_none();
        self.field.data_type().is_string() && is_plain && !self.is_cut()
    }
}
