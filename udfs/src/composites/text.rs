//! The text of a record, `(1,"a b",)`, as the texts of its fields (`record_in` of PostgreSQL's
//! `rowtypes.c`).

use crate::{DetailedError, FunctionError};

/// The texts of so many fields; `None` is NULL.
///
/// # Errors
/// 22P02 for a text that is no record of so many fields.
pub(super) fn fields(text: &str, count: usize) -> Result<Vec<Option<String>>, DetailedError> {
    let malformed = |detail: &str| DetailedError {
        error: FunctionError {
            sqlstate: "22P02",
            message: format!("malformed record literal: \"{text}\""),
            hint: None,
        },
        detail: detail.to_owned(),
        context: None,
    };
    let is_blank = |character: char| character.is_ascii_whitespace() || character == '\x0b';
    let Some(inner) = text.trim_start_matches(is_blank).strip_prefix('(') else {
        return Err(malformed("Missing left parenthesis."));
    };
    let mut characters = inner.chars().peekable();
    let mut fields = Vec::with_capacity(count);
    for place in 0..count {
        if place > 0 && characters.next_if_eq(&',').is_none() {
            return Err(malformed("Too few columns."));
        }
        if matches!(characters.peek(), Some(',' | ')')) {
            fields.push(None);
            continue;
        }
        let mut field = String::new();
        let mut is_quoted = false;
        while is_quoted || !matches!(characters.peek(), Some(',' | ')')) {
            let next = match characters.next() {
                Some('"') if !is_quoted => {
                    is_quoted = true;
                    continue;
                }
                Some('"') if characters.next_if_eq(&'"').is_none() => {
                    is_quoted = false;
                    continue;
                }
                Some('\\') => characters.next(),
                other => other,
            };
            match next {
                Some(character) => field.push(character),
                None => return Err(malformed("Unexpected end of input.")),
            }
        }
        fields.push(Some(field));
    }
    if characters.next() != Some(')') {
        return Err(malformed("Too many columns."));
    }
    match characters.all(is_blank) {
        true => Ok(fields),
        false => Err(malformed("Junk after right parenthesis.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, count: usize) -> Result<Vec<Option<String>>, String> {
        fields(text, count).map_err(|error| error.detail)
    }

    #[test]
    fn fields_are_read_as_postgres_reads_them() {
        let some = |text: &str| Some(text.to_owned());
        for (text, expected) in [
            (r#"("a b",c,)"#, [some("a b"), some("c"), None]),
            (r#"  ( a ,"", "x" ) "#, [some(" a "), some(""), some(" x ")]),
            (
                r#"("say ""hi""","a\"b",\,)"#,
                [some("say \"hi\""), some("a\"b"), some(",")],
            ),
            (r#"(a"b,c"d,"(",é)"#, [some("ab,cd"), some("("), some("é")]),
            ("(,,)", [None, None, None]),
        ] {
            assert_eq!(read(text, 3), Ok(expected.to_vec()), "{text}");
        }
    }

    #[test]
    fn what_is_no_record_is_told_as_postgres_tells_it() {
        for (text, detail) in [
            ("", "Missing left parenthesis."),
            ("a,b", "Missing left parenthesis."),
            ("(a)", "Too few columns."),
            ("(a,b,c)", "Too many columns."),
            ("(a,b", "Unexpected end of input."),
            ("(a,\"b)", "Unexpected end of input."),
            ("(a,b\\", "Unexpected end of input."),
            ("(a,b) c", "Junk after right parenthesis."),
        ] {
            assert_eq!(read(text, 2), Err(detail.to_owned()), "{text}");
        }
    }
}
