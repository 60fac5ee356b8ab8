//! The lines of `pg_hba.conf` and `pg_ident.conf`, in the fields that PostgreSQL reads them in.
//!
//! (PostgreSQL manual, 21.1.) Blanks part fields, and commas the tokens of one field. `#` begins a
//! comment, quotes take a token as it is, a backslash at a line's end has the next one follow, and
//! `@file` stands for the tokens of another file.

use std::io::{self, Read};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

use crate::error::{Error, Result, SqlState};

/// The most that is read of one file.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// How many files may name each other.
const MAX_DEPTH: usize = 10;
/// As long as one token may be, in bytes, in PostgreSQL.
const MAX_TOKEN_BYTES: usize = 10_240;

/// A word of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Whether it begins with a quote: then it is no keyword.
    pub(super) is_quoted: bool,
}

impl Token {
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        !self.is_quoted && self.text == word
    }
}

/// A line that says something.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it begins, from 1.
    pub(super) number: usize,
    pub(super) fields: Vec<Vec<Token>>,
    /// Why it cannot be read.
    pub(super) error: Option<String>,
}

/// The lines of a file that say something.
///
/// # Errors
/// F0000 for a file that cannot be read.
pub(super) fn read(path: &Path) -> Result<Vec<Line>> {
    let text = text_of(path).map_err(|error| {
        let (path, why) = (path.display(), reason(&error));
        let message = format!("could not open configuration file \"{path}\": {why}");
        Error::new(SqlState::CONFIG_FILE_ERROR, message)
    })?;
    Ok(lines(&text, path, 0))
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        let message = format!("it has more than {MAX_FILE_BYTES} bytes");
        return Err(io::Error::other(message));
    }
    Ok(text)
}

/// Why a file cannot be read, as the system says it, without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ").next().unwrap_or(&text).to_owned()
}

fn lines(text: &str, path: &Path, depth: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut written = text.lines().zip(1..);
    while let Some((first, number)) = written.next() {
        let mut whole = first.to_owned();
        // What was said before does not go on again.
        let mut said = 0;
        while whole.len() > said && whole.ends_with('\\') {
            whole.pop();
            said = whole.len();
            whole.push_str(written.next().map_or("", |(next, _)| next));
        }
        let mut line = Line {
            number,
            fields: Vec::new(),
            error: None,
        };
        let mut rest = whole.chars().peekable();
        while rest.peek().is_some() && line.error.is_none() {
            let field = line.field(&mut rest, path, depth);
            if !field.is_empty() {
                line.fields.push(field);
            }
        }
        if !line.fields.is_empty() || line.error.is_some() {
            lines.push(line);
        }
    }
    lines
}

impl Line {
    /// The tokens of the next field.
    fn field(&mut self, rest: &mut Peekable<Chars<'_>>, path: &Path, depth: usize) -> Vec<Token> {
        let mut field = Vec::new();
        while let Some((token, goes_on)) = next_token(rest) {
            if token.text.len() > MAX_TOKEN_BYTES {
                self.error = Some("authentication file token too long".to_owned());
                return field;
            }
            match token.text.strip_prefix('@') {
                Some(file) if !token.is_quoted && !file.is_empty() => {
                    match included(file, path, depth) {
                        Ok(tokens) => field.extend(tokens),
                        Err(error) => self.error = Some(error),
                    }
                }
                _ => field.push(token),
            }
            if !goes_on || self.error.is_some() {
                break;
            }
        }
        field
    }
}

/// The tokens of the file that one names, which is looked for beside the file that names it.
fn included(file: &str, of: &Path, depth: usize) -> std::result::Result<Vec<Token>, String> {
    let path: PathBuf = match of.parent() {
        Some(folder) => folder.join(file),
        None => PathBuf::from(file),
    };
    let failed = |why: &str| {
        let path = path.display();
        format!("could not open secondary authentication file \"@{file}\" as \"{path}\": {why}")
    };
    if depth >= MAX_DEPTH {
        return Err(failed("files name each other too deeply"));
    }
    let text = text_of(&path).map_err(|error| failed(&reason(&error)))?;
    let mut tokens = Vec::new();
    for line in lines(&text, &path, depth + 1) {
        if let Some(error) = line.error {
            return Err(error);
        }
        tokens.extend(line.fields.into_iter().flatten());
    }
    Ok(tokens)
}

/// The next token, and whether a comma follows at once, so that the field goes on.
fn next_token(rest: &mut Peekable<Chars<'_>>) -> Option<(Token, bool)> {
    while rest
        .next_if(|next| is_blank(*next) || *next == ',')
        .is_some()
    {}
    let mut token = Token {
        text: String::new(),
        is_quoted: false,
    };
    let (mut in_quotes, mut was_quote, mut has_quotes) = (false, false, false);
    while let Some(&next) = rest.peek() {
        if !in_quotes {
            match next {
                _ if is_blank(next) => break,
                '#' => {
                    rest.by_ref().for_each(drop);
                    break;
                }
                ',' => return Some((token, true)),
                _ => {}
            }
        }
        rest.next();
        // Two quotes within quotes are one of the text.
        if next != '"' || was_quote {
            token.text.push(next);
        }
        was_quote = in_quotes && next == '"' && !was_quote;
        if next == '"' {
            in_quotes = !in_quotes;
            has_quotes = true;
            token.is_quoted |= token.text.is_empty();
        }
    }
    (has_quotes || !token.text.is_empty()).then_some((token, false))
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields with bars between, quoted tokens in brackets.
    fn fields(text: &str) -> Vec<(usize, String)> {
        let shown = |token: &Token| match token.is_quoted {
            true => format!("[{}]", token.text),
            false => token.text.clone(),
        };
        let line = |line: &Line| {
            let fields = line.fields.iter();
            let fields: Vec<String> = fields
                .map(|field| field.iter().map(shown).collect::<Vec<_>>().join(","))
                .collect();
            (line.number, fields.join("|"))
        };
        lines(text, Path::new("pg_hba.conf"), 0)
            .iter()
            .map(line)
            .collect()
    }

    #[test]
    fn lines_are_read_as_postgres_reads_them() {
        for (text, number, wanted) in [
            ("host all\tall  # why", 1, "host|all|all"),
            ("host all#why", 1, "host|all"),
            ("\n  # nothing\n\nhost a,b,c", 4, "host|a,b,c"),
            ("host a, b", 1, "host|a,b"),
            ("host a ,b", 1, "host|a|b"),
            (
                "host \"all\" \"a b\",\"c\"\"d\"",
                1,
                "host|[all]|[a b],[c\"d]",
            ),
            ("host a\"b c\"d", 1, "host|ab cd"),
            ("host \"\" x", 1, "host|[]|x"),
            ("host \"#no\" x", 1, "host|[#no]|x"),
            ("ho\\\nst all \\\n  all", 1, "host|all|all"),
            ("host all\\", 1, "host|all"),
            ("host @ all", 1, "host|@|all"),
            ("host \"@x\"", 1, "host|[@x]"),
        ] {
            assert_eq!(fields(text), [(number, wanted.to_owned())], "{text}");
        }
        assert_eq!(
            fields("a\\\nb\nc\r\nd"),
            [
                (1, "ab".to_owned()),
                (3, "c".to_owned()),
                (4, "d".to_owned())
            ]
        );
    }

    #[test]
    fn a_file_stands_for_its_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("names"), "a b\n# none\n\"c d\",e\n@more\n").unwrap();
        std::fs::write(path("more"), "f").unwrap();
        std::fs::write(path("round"), "@round").unwrap();
        std::fs::write(path("hba"), "host x,@names y\nhost @missing\nhost @round").unwrap();
        let lines = read(&path("hba")).unwrap();
        let names: Vec<&str> = lines[0].fields[1]
            .iter()
            .map(|it| it.text.as_str())
            .collect();
        assert_eq!(names, ["x", "a", "b", "c d", "e", "f"]);
        let error = lines[1].error.as_deref().unwrap();
        assert!(
            error.ends_with("missing\": No such file or directory"),
            "{error}"
        );
        assert!(lines[2].error.as_deref().unwrap().contains("too deeply"));
        let error = read(&path("nothing")).unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::CONFIG_FILE_ERROR);
    }
}
