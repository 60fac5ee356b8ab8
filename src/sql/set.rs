//! `SET [SESSION | LOCAL] name = value | TO value | DEFAULT`, `SET TIME ZONE value`, `RESET name | ALL`.

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// Gives a setting a value; `None` is `DEFAULT`. A list value is joined by `, `.
    Value {
        /// The setting, in lower case.
        name: String,
        /// Its new value, as text.
        value: Option<String>,
        /// Whether it lasts until the transaction's end alone.
        local: bool,
    },
    /// `RESET ALL`.
    ResetAll,
}
