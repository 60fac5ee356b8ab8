//! `RETURNING`.

use datafusion::sql::sqlparser::ast::{
    ObjectNamePart, SelectItem, SelectItemQualifiedWildcardKind,
};

use super::{Changing, folded};
use crate::error::{Error, Result};

impl Changing {
    /// `RETURNING` as more items of a `SELECT`, in which `*` is the table's own columns.
    ///
    /// # Errors
    /// 0A000 for `*` of another relation.
    pub fn answered(&self, returning: &[SelectItem]) -> Result<String> {
        let mut text = String::new();
        for item in returning {
            let own = match item {
                SelectItem::Wildcard(options) => *options == Default::default(),
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) => {
                    *options == Default::default()
                        && matches!(name.0.as_slice(), [ObjectNamePart::Identifier(part)]
                            if folded(part) == self.name)
                }
                _ => {
                    text.push_str(&format!(", {item}"));
                    continue;
                }
            };
            if !own {
                return Err(
                    Error::unsupported(format!("RETURNING {item}")).with_hint("Name the columns.")
                );
            }
            for field in self.object.schema.fields() {
                text.push_str(&format!(", {}", self.column(field)));
            }
        }
        Ok(text)
    }
}
