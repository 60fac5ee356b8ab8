//! The rows of a block of people, by file.

use super::target::{FILES, Target};

/// The rows of one block of people, by file.
pub struct Block {
    /// The rows of each file, in the order of [`Target::all`].
    pub files: Vec<Rows>,
    /// How many of the rows are broken on purpose.
    pub broken: u64,
}

/// The rows of one file.
#[derive(Default)]
pub struct Rows {
    /// The lines.
    pub bytes: Vec<u8>,
    /// What the rows are ordered by, and where each begins.
    pub order: Vec<(i64, usize)>,
}

impl Block {
    /// No rows yet.
    pub fn new() -> Self {
        Self {
            files: (0..FILES).map(|_| Rows::default()).collect(),
            broken: 0,
        }
    }

    /// Adds a line, which needs no line end; rows with small keys come first within the block.
    pub fn line(&mut self, target: Target, key: i64, line: &str) {
        let rows = &mut self.files[target.index()];
        rows.order.push((key, rows.bytes.len()));
        rows.bytes.extend_from_slice(line.as_bytes());
        rows.bytes.push(b'\n');
    }

    /// Adds a row of CSV, quoting the fields that need it (RFC 4180).
    pub fn csv(&mut self, target: Target, key: i64, fields: &[&str]) {
        self.line(target, key, &csv_line(fields));
    }

    /// Says that a record of a system is that person.
    pub fn truth(&mut self, system: &str, record: &str, person: u64) {
        let key = self.files[Target::Truth.index()].order.len() as i64;
        self.line(Target::Truth, key, &format!("{system},{record},{person}"));
    }
}

/// A row of CSV without its line end.
pub fn csv_line(fields: &[&str]) -> String {
    let mut line = String::with_capacity(160);
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            line.push('"');
            line.push_str(&field.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(field);
        }
    }
    line
}
