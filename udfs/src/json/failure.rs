//! What is said of texts that are no JSON, in PostgreSQL's words.

use crate::FunctionError;
use crate::error::DetailedError;

/// The most bytes of a line that are shown.
const SHOWN_BYTES: usize = 50;

/// A text that is no value of `json`.
pub(super) fn invalid(text: &str, at: usize, detail: String) -> DetailedError {
    DetailedError {
        error: FunctionError::invalid_text("json"),
        detail,
        context: Some(context(text, at)),
    }
}

/// A character that no text of a database can hold.
pub(super) fn untranslatable(detail: &str) -> DetailedError {
    DetailedError {
        error: FunctionError {
            sqlstate: "22P05",
            message: "unsupported Unicode escape sequence".to_owned(),
            hint: None,
        },
        detail: detail.to_owned(),
        context: None,
    }
}

/// A document of more levels than are read.
pub(super) fn too_deep() -> FunctionError {
    FunctionError {
        sqlstate: "54001",
        message: "stack depth limit exceeded".to_owned(),
        hint: Some(format!(
            "A JSON document may have {} levels.",
            super::scan::MAX_DEPTH
        )),
    }
}

/// Where in a text something is wrong, as far as it was read.
fn context(text: &str, at: usize) -> String {
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|place| text.is_char_boundary(*place))
        .unwrap_or_default();
    let read = text.get(..at).unwrap_or_default();
    let line = 1 + read.bytes().filter(|byte| *byte == b'\n').count();
    let start = read.rfind('\n').map_or(0, |place| place + 1);
    let shown = read.get(start..).unwrap_or_default();
    let cut = shown.len().saturating_sub(SHOWN_BYTES);
    let cut = (cut..shown.len())
        .find(|place| shown.is_char_boundary(*place))
        .unwrap_or(shown.len());
    let front = if cut > 0 { "..." } else { "" };
    let rest = text.get(at..).unwrap_or_default();
    let behind = if rest.is_empty() || rest.starts_with('\n') {
        ""
    } else {
        "..."
    };
    format!(
        "JSON data, line {line}: {front}{}{behind}",
        shown.get(cut..).unwrap_or_default()
    )
}
