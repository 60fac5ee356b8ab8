//! The columns that a table's files have come to have.
//!
//! A file is looked at once, when it is new or another one. What it has is kept, so that all files
//! together tell which columns the table should have: those that any of them has, with a type that holds
//! the values of all. What is declared stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use futures::StreamExt;
use futures::stream;
use serde::{Deserialize, Serialize};

use super::columns::{AT_ONCE, of_file};
use super::format::FileFormat;
use super::location::{self, SourceFile};
use super::matching::columns_of;
use super::provider::Files;
use super::widening::{common, plain};
use crate::sql::create_external_table::CreateExternalTable;

/// What files have, as far as they were looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// A hash of the definition by which they were read.
    definition: u64,
    /// The sets of columns that there are.
    columns: Vec<Schema>,
    /// Of each file a fingerprint, and which columns it has.
    files: BTreeMap<String, (String, usize)>,
}

/// What was learned of a table.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The columns that its files have.
    pub columns: SchemaRef,
    /// The same with those that no file has any more, and without types that do not hold the values of
    /// before: what reads the table can go on to read these.
    pub widened: SchemaRef,
    /// Of columns that have values which their type does not hold, the file that has them: of several a new
    /// one.
    pub files: BTreeMap<String, String>,
    /// What to know the next time.
    pub known: Known,
}

/// What the table of these files should have; nothing where there are none. A file that cannot be read
/// tells nothing; who reads the table is told why.
pub(super) async fn learn(
    files: &Files,
    listed: &[SourceFile],
    definition: &CreateExternalTable,
    current: &SchemaRef,
    known: Option<Known>,
) -> Option<Learned> {
    let mut hasher = DefaultHasher::new();
    definition.to_string().hash(&mut hasher);
    let hash = hasher.finish();
    let known = known.filter(|known| known.definition == hash);
    let known = known.unwrap_or_default();
    let (mut same, mut new) = (Vec::new(), Vec::new());
    for file in listed {
        let fingerprint = location::fingerprint(std::slice::from_ref(file));
        match known.files.get(&file.name) {
            Some((before, columns)) if *before == fingerprint => {
                same.push((file.name.clone(), fingerprint, *columns));
            }
            _ => new.push((file.clone(), fingerprint)),
        }
    }
    if listed.is_empty() {
        return None;
    }
    let mut now = Known {
        definition: hash,
        ..Known::default()
    };
    for (name, fingerprint, columns) in same {
        if let Some(schema) = known.columns.get(columns) {
            now.add(name, fingerprint, schema.clone());
        }
    }
    let each = new.into_iter().map(|(file, fingerprint)| async move {
        let schema = of_file(files, &file).await;
        (file.name, fingerprint, schema)
    });
    let mut each = stream::iter(each).buffered(AT_ONCE).boxed();
    let mut looked_at = BTreeSet::new();
    while let Some((name, fingerprint, schema)) = each.next().await {
        match schema {
            Ok(schema) => {
                looked_at.insert(name.clone());
                now.add(name, fingerprint, schema);
            }
            Err(error) => tracing::debug!(%error, file = name, "a file tells no columns"),
        }
    }
    let declared = definition.columns.iter().map(|column| &column.name);
    let declared: Vec<String> = declared
        .map(|name| match name.quote_style {
            Some(_) => name.value.clone(),
            None => name.value.to_lowercase(),
        })
        .collect();
    let table = Table {
        current,
        declared: &declared,
        format: files.format,
    };
    let seen = now.seen(&table);
    Some(Learned {
        columns: table.columns(&seen, false),
        widened: table.columns(&seen, true),
        files: now.files_of_types(&table, &seen, &looked_at),
        known: now,
    })
}

/// A table whose files have been looked at.
struct Table<'a> {
    current: &'a SchemaRef,
    declared: &'a [String],
    format: FileFormat,
}

/// What files have of a column.
#[derive(Debug, PartialEq)]
struct Seen {
    name: String,
    first: DataType,
    /// The type that holds the values of all; none where there is no such type.
    together: Option<DataType>,
}

impl Known {
    fn add(&mut self, file: String, fingerprint: String, schema: Schema) {
        let place = self.columns.iter().position(|known| *known == schema);
        let place = place.unwrap_or_else(|| {
            self.columns.push(schema);
            self.columns.len() - 1
        });
        self.files.insert(file, (fingerprint, place));
    }

    /// What all files have.
    fn seen(&self, table: &Table<'_>) -> Vec<Seen> {
        let mut seen: Vec<Seen> = Vec::new();
        for schema in &self.columns {
            let names = table.names_of(schema, &seen);
            for (field, name) in schema.fields().iter().zip(names) {
                let data_type = field.data_type();
                match seen.iter_mut().find(|it| it.name == name) {
                    Some(known) => {
                        let before = known.together.take();
                        known.together = before.and_then(|before| common(&before, data_type));
                    }
                    None => seen.push(Seen {
                        name,
                        first: data_type.clone(),
                        together: Some(data_type.clone()),
                    }),
                }
            }
        }
        seen
    }

    /// Of each column of the table that some file has with a type which that of the table does not hold,
    /// the first such file; those that are `new` come first.
    fn files_of_types(
        &self,
        table: &Table<'_>,
        seen: &[Seen],
        new: &BTreeSet<String>,
    ) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let (first, then): (Vec<_>, Vec<_>) =
            self.files.iter().partition(|(file, _)| new.contains(*file));
        for (file, (_, place)) in first.into_iter().chain(then) {
            let Some(schema) = self.columns.get(*place) else {
                continue;
            };
            for (field, name) in schema.fields().iter().zip(table.names_of(schema, seen)) {
                let Some((_, current)) = table.current.column_with_name(&name) else {
                    continue;
                };
                let current = current.data_type();
                if common(current, field.data_type()).as_ref() != Some(&plain(current)) {
                    found.entry(name).or_insert_with(|| file.clone());
                }
            }
        }
        found
    }
}

impl Table<'_> {
    /// Whether files say themselves which types they have.
    fn is_typed(&self) -> bool {
        !matches!(self.format, FileFormat::Csv | FileFormat::Json)
    }

    /// The table's names of a file's columns, which it may write in another case, as other files may
    /// that have `seen` ones.
    fn names_of(&self, file: &Schema, seen: &[Seen]) -> Vec<String> {
        let fields = file.fields().iter();
        let names: Vec<String> = fields.map(|field| field.name().clone()).collect();
        if self.format == FileFormat::Json {
            return names;
        }
        let current = self.current.fields().iter();
        let mut columns: Vec<&str> = current.map(|field| field.name().as_str()).collect();
        let new = seen.iter().map(|it| it.name.as_str());
        columns.extend(new.filter(|name| self.current.column_with_name(name).is_none()));
        let found = columns_of(&names, &columns);
        let found = names.iter().zip(found);
        let known = found.map(|(name, place)| {
            let column = place.and_then(|place| columns.get(place));
            column.map_or_else(|| name.clone(), |column| (*column).to_owned())
        });
        known.collect()
    }

    /// The columns that the table should have; with `widens` none goes, and no value has no place.
    fn columns(&self, seen: &[Seen], widens: bool) -> SchemaRef {
        let mut fields: Vec<FieldRef> = Vec::new();
        for field in self.current.fields() {
            let found = seen.iter().find(|it| it.name == *field.name());
            if self.declared.contains(field.name()) {
                fields.push(Arc::clone(field));
                continue;
            }
            match found {
                Some(found) => {
                    let data_type = self.data_type(field.data_type(), found, widens);
                    let field = field.as_ref().clone().with_data_type(data_type);
                    fields.push(Arc::new(field.with_nullable(true)));
                }
                // A key may be missing in all rows that happen to be there.
                None if widens || self.format == FileFormat::Json => fields.push(Arc::clone(field)),
                None => {}
            }
        }
        for found in seen {
            if self.current.column_with_name(&found.name).is_some() {
                continue;
            }
            let data_type = match &found.together {
                Some(DataType::Null) => DataType::Utf8,
                Some(data_type) => data_type.clone(),
                None if self.is_typed() => found.first.clone(),
                None => DataType::Utf8,
            };
            fields.push(Arc::new(Field::new(&found.name, data_type, true)));
        }
        Arc::new(Schema::new(fields))
    }

    /// The type of a column that has one. What texts look like makes it no narrower, nor one that its
    /// values do not have.
    fn data_type(&self, current: &DataType, found: &Seen, widens: bool) -> DataType {
        let Some(together) = &found.together else {
            return current.clone();
        };
        match common(current, together) {
            Some(data_type) if data_type == plain(current) => current.clone(),
            Some(data_type) => data_type,
            None if self.is_typed() && !widens => together.clone(),
            None => current.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use DataType::{Boolean, Date32, Float64, Int32, Int64, Null, Utf8};

    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> Schema {
        let fields = columns.iter();
        let fields = fields.map(|(name, data_type)| Field::new(*name, data_type.clone(), true));
        Schema::new(fields.collect::<Vec<_>>())
    }

    /// The columns of a table that had the first ones and whose files have the others.
    fn learned(
        format: FileFormat,
        current: &[(&str, DataType)],
        files: &[&[(&'static str, DataType)]],
        widens: bool,
    ) -> Schema {
        let mut known = Known::default();
        for (number, columns) in files.iter().enumerate() {
            known.add(number.to_string(), String::new(), schema(columns));
        }
        let current = Arc::new(schema(current));
        let table = Table {
            current: &current,
            declared: &["declared".to_owned()],
            format,
        };
        table.columns(&known.seen(&table), widens).as_ref().clone()
    }

    #[test]
    fn the_file_that_has_another_type_is_found() {
        let mut known = Known::default();
        let amounts = [
            ("a", Int32),
            ("b", Float64),
            ("c", Int64),
            ("d", Float64),
            ("e", Null),
        ];
        for (file, data_type) in amounts {
            let columns = schema(&[("id", Int32), ("Amount", data_type)]);
            known.add(file.to_owned(), String::new(), columns);
        }
        let current = Arc::new(schema(&[("id", Int32), ("amount", Int32)]));
        let table = Table {
            current: &current,
            declared: &[],
            format: FileFormat::Parquet,
        };
        let seen = known.seen(&table);
        for (new, expected) in [(vec![], "b"), (vec!["c", "d"], "c"), (vec!["a", "e"], "b")] {
            let new = new.into_iter().map(str::to_owned).collect();
            let found = known.files_of_types(&table, &seen, &new);
            let expected = BTreeMap::from([("amount".to_owned(), expected.to_owned())]);
            assert_eq!(found, expected, "{new:?}");
        }
    }

    type Columns<'a> = &'a [(&'static str, DataType)];
    type Case<'a> = (
        FileFormat,
        [Columns<'a>; 2],
        bool,
        Vec<(&'static str, DataType)>,
    );

    #[test]
    fn a_table_has_the_columns_of_its_files() {
        use FileFormat::{Csv, Json, Parquet};
        let before: Columns<'_> = &[("id", Int32), ("x", Utf8), ("declared", Int64)];
        let old: Columns<'_> = &[("ID", Int32), ("x", Utf8)];
        let cases: [Case<'_>; 11] = [
            (
                Csv,
                [&[("X", Int64), ("Extra", Int64)], &[("extra", Float64)]],
                false,
                vec![("x", Utf8), ("declared", Int64), ("Extra", Float64)],
            ),
            (
                Json,
                [&[("Extra", Int64)], &[("extra", Float64)]],
                true,
                vec![
                    ("id", Int32),
                    ("x", Utf8),
                    ("declared", Int64),
                    ("Extra", Int64),
                    ("extra", Float64),
                ],
            ),
            (
                Parquet,
                [old, &[("id", Int64), ("y", Date32)]],
                false,
                vec![
                    ("id", Int64),
                    ("x", Utf8),
                    ("declared", Int64),
                    ("y", Date32),
                ],
            ),
            (
                Parquet,
                [&[("id", Int32), ("declared", Boolean)], &[]],
                false,
                vec![("id", Int32), ("declared", Int64)],
            ),
            (Parquet, [&[("id", Int32)], &[]], true, before.to_vec()),
            (
                Parquet,
                [&[("id", Date32), ("x", Utf8)], &[]],
                false,
                vec![("id", Date32), ("x", Utf8), ("declared", Int64)],
            ),
            (
                Parquet,
                [&[("id", Date32), ("x", Utf8)], &[]],
                true,
                before.to_vec(),
            ),
            (Parquet, [old, &[("id", Date32)]], false, before.to_vec()),
            (
                Csv,
                [old, &[("id", Float64), ("y", Null)]],
                false,
                vec![
                    ("id", Float64),
                    ("x", Utf8),
                    ("declared", Int64),
                    ("y", Utf8),
                ],
            ),
            (
                Csv,
                [&[("id", Utf8), ("x", Int64)], &[]],
                false,
                before.to_vec(),
            ),
            (Json, [&[("id", Int32)], &[]], false, before.to_vec()),
        ];
        for (format, files, widens, expected) in cases {
            let found = learned(format, before, &files, widens);
            assert_eq!(found, schema(&expected), "{format} {files:?}");
        }
    }
}
