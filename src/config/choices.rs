//! Settings that take one of a few values.

use super::Value;

macro_rules! choice {
    ($(#[doc = $doc:literal])* $name:ident: $kind:literal, $($text:literal => $shown:literal),+) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub &'static str);

        impl Value for $name {
            const KIND: &'static str = $kind;

            fn read(text: &str) -> Result<Self, String> {
                $( if text.eq_ignore_ascii_case($text) { return Ok(Self($shown)); } )+
                let mut known = vec![$($shown),+];
                known.dedup();
                Err(known.join(" or "))
            }

            fn show(&self) -> String {
                self.0.to_owned()
            }
        }
    };
}

choice!(
    /// How bytes are written as text.
    ByteaOutput: "form of bytes", "hex" => "hex", "escape" => "escape"
);
choice!(
    /// The interval style.
    IntervalStyle: "interval style", "postgres" => "postgres", "postgres_verbose" => "postgres_verbose",
    "sql_standard" => "sql_standard", "iso_8601" => "iso_8601"
);
choice!(
    /// How far a transaction is kept apart from others: every statement sees one version of each table.
    Isolation: "isolation level", "read committed" => "read committed", "read uncommitted" => "read uncommitted",
    "repeatable read" => "repeatable read", "serializable" => "serializable"
);
choice!(
    /// How important a message is.
    MessageLevel: "level of messages", "debug5" => "debug5", "debug4" => "debug4", "debug3" => "debug3",
    "debug2" => "debug2", "debug" => "debug2", "debug1" => "debug1", "log" => "log", "info" => "info",
    "notice" => "notice", "warning" => "warning", "error" => "error"
);
impl MessageLevel {
    /// Whether a client that asks for messages from this level on hears of a warning, or of a note.
    pub fn lets(self, is_warning: bool) -> bool {
        match self.0 {
            "error" => false,
            "warning" => is_warning,
            _ => true,
        }
    }
}

choice!(
    /// A setting that is always on.
    AlwaysOn: "on", "on" => "on", "true" => "on"
);
choice!(
    /// What a bad row does.
    OnError: "source, fail or quarantine", "source" => "source", "fail" => "fail", "quarantine" => "quarantine"
);
