//! The constraints of tables, the indexes that PostgreSQL makes for their keys, and the defaults of
//! columns: their numbers and how they are written.
//!
//! They are parts of a table's definition and have no numbers of their own in the catalog, so these
//! are made of the table's: each table has a block of them, above those of all objects.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{Expr, Value};

use crate::catalog::{Object, Oid, Snapshot, is_key_of};
use crate::models::{constraints, keyed};
use crate::sql::constraint::{Constraint, Rule};
use crate::sql::create_index::{BTREE, CreateIndex, KeyValue};
use crate::sql::foreign_key::ForeignKey;
use crate::sql::name::Quoted;
use crate::sql::{Options, QualifiedName, sequence_calls};

use super::expression_text;

/// The number of the first part of a table.
const FIRST_PART: i64 = 1 << 31;
/// How many numbers each table has: a half for its constraints and their indexes in turn, and a half
/// for its defaults.
const PARTS: i64 = 1 << 12;
/// How many tables have blocks of their own.
const TABLES: i64 = (1 << 31) / PARTS;
/// The place of the first default in a block.
const DEFAULTS: i64 = PARTS / 2;

/// The place of the type of a relation's rows, which no default has.
const ROW_TYPE: i64 = PARTS - 1;
/// The place of that of their arrays.
const ROW_ARRAYS: i64 = PARTS - 2;

/// A constraint of a table.
pub struct TableConstraint<'a> {
    /// Its number.
    pub oid: i64,
    /// The number of its index, if it is a key.
    pub index: Option<i64>,
    /// Itself.
    pub constraint: Cow<'a, Constraint>,
    /// The numbers of its columns.
    pub columns: Vec<i64>,
    object: &'a Object,
    place: usize,
}

/// What a foreign key refers to.
pub struct Referred<'a> {
    /// The foreign key.
    pub key: &'a ForeignKey,
    /// The table.
    pub table: Arc<Object>,
    /// The numbers of the columns.
    pub columns: Vec<i64>,
    /// The name of the key that they are.
    pub name: String,
    /// The number of its index.
    pub index: Option<i64>,
}

/// An index of a table or a materialized view.
pub enum TableIndex<'a> {
    /// The one that a key has.
    Key(TableConstraint<'a>),
    /// One that `CREATE INDEX` has made, and its number.
    Plain(i64, &'a Object, &'a CreateIndex),
}

/// The default of a column.
pub struct ColumnDefault<'a> {
    /// Its number.
    pub oid: i64,
    /// The number of the column.
    pub column: i64,
    object: &'a Object,
}

/// The first number of a table's block.
fn block(object: &Object) -> i64 {
    FIRST_PART + i64::from(object.oid) % TABLES * PARTS
}

/// The number of a label of a type, by the number that it was added as.
pub fn label_number(object: &Object, number: u32) -> i64 {
    block(object) + i64::from(number)
}

/// The number of the type of a relation's rows.
pub fn row_type(object: &Object) -> i64 {
    block(object) + ROW_TYPE
}

/// The number of the type of arrays of a relation's rows.
pub fn row_arrays(object: &Object) -> i64 {
    block(object) + ROW_ARRAYS
}

/// Whether a number is of a part of a table.
pub fn is_part(oid: i64) -> bool {
    oid >= FIRST_PART
}

/// The objects that may have the part of this number: one, until numbers of objects come to where
/// blocks begin anew.
pub fn with_part(snapshot: &Snapshot, oid: i64) -> impl Iterator<Item = &Arc<Object>> {
    let first = (oid - FIRST_PART) / PARTS;
    let last = snapshot.objects().next_back();
    let last = last.map_or(-1, |object| i64::from(object.oid));
    let mut tables = (0..).map(move |times| first + times * TABLES);
    let within = std::iter::from_fn(move || tables.next().filter(|table| *table <= last));
    within.filter_map(|table| snapshot.object(Oid::try_from(table).ok()?))
}

/// The number of the rule that makes a view: no default has that of the block's middle.
pub fn rule_of(object: &Object) -> i64 {
    block(object) + DEFAULTS
}

/// The number of the sequence of an identity column, which has no default.
pub fn identity_number(object: &Object, column: i64) -> i64 {
    block(object) + DEFAULTS + column
}

/// The constraints of a table.
pub fn constraints_of(object: &Object) -> impl Iterator<Item = TableConstraint<'_>> {
    let block = block(object);
    let numbered = constraints::of(object)
        .iter()
        .zip((block..block + DEFAULTS).step_by(2));
    numbered.enumerate().map(move |(place, (constraint, oid))| {
        TableConstraint::new(object, Cow::Borrowed(constraint), oid, place)
    })
}

/// The keys of a table or a materialized view that have an index: those of its constraints, and its
/// `unique_key`.
pub fn keys_of(object: &Object) -> impl Iterator<Item = TableConstraint<'_>> {
    let last = block(object) + DEFAULTS - 2;
    let own = keyed::index(object)
        .map(|index| TableConstraint::new(object, Cow::Owned(index), last, usize::MAX));
    constraints_of(object)
        .filter(|constraint| constraint.index.is_some())
        .chain(own)
}

/// The indexes of a table or a materialized view.
pub fn indexes_of(object: &Object) -> impl Iterator<Item = TableIndex<'_>> {
    // Those of keys have odd numbers from the first on.
    let last = block(object) + DEFAULTS - 4;
    let plain = object.indexes.iter().zip(0..);
    let plain = plain.map(move |(index, place)| TableIndex::Plain(last - 2 * place, object, index));
    keys_of(object).map(TableIndex::Key).chain(plain)
}

/// The table or the materialized view that an index of this name is of.
pub fn table_of_index(snapshot: &Snapshot, name: &QualifiedName) -> Option<Oid> {
    let mut tables = snapshot.relations_in(&name.schema);
    let found = tables.find(|table| indexes_of(table).any(|index| index.name() == name.name));
    found.map(|table| table.oid)
}

/// The relations that go with a table which gets another name, its indexes and the sequences of its identity
/// columns: each by its name of before and that of after, where these differ.
pub fn renamed_parts(before: &Object, after: &Object) -> Vec<(QualifiedName, QualifiedName)> {
    let indexes = indexes_of(before).zip(indexes_of(after));
    let indexes = indexes.map(|(old, new)| {
        let old = QualifiedName::new(&before.name.schema, old.name());
        (old, QualifiedName::new(&after.name.schema, new.name()))
    });
    let columns = before.schema.fields().iter().map(|field| field.name());
    let sequences = columns
        .filter(|column| constraints::identity_of(before, column).is_some())
        .map(|column| {
            let old = constraints::sequence_of(before, column);
            (old, constraints::sequence_of(after, column))
        });
    let parts = indexes.chain(sequences);
    parts.filter(|(old, new)| old != new).collect()
}

/// The defaults of a table's columns, and what those are computed by that are.
pub fn defaults_of(object: &Object) -> impl Iterator<Item = ColumnDefault<'_>> {
    let fields = object.schema.fields().iter();
    let fields = fields.zip(1..ROW_ARRAYS - DEFAULTS);
    // As in PostgreSQL, DEFAULT NULL is as good as none.
    let with_default = fields.filter(|(field, _)| {
        // Numbers of identity columns are no defaults.
        let value = constraints::default_of(object, field.name())
            .filter(|_| constraints::identity_of(object, field.name()).is_none());
        let value = value.or_else(|| constraints::generated_of(object, field.name()).cloned());
        value.is_some_and(|value| !matches!(value, Expr::Value(it) if it.value == Value::Null))
    });
    with_default.map(|(_, column)| ColumnDefault {
        oid: block(object) + DEFAULTS + column,
        column,
        object,
    })
}

/// The number of a column.
pub fn column_number(object: &Object, name: &str) -> Option<i64> {
    let fields = object.schema.fields().iter().zip(1..);
    fields
        .into_iter()
        .find_map(|(field, number)| (field.name() == name).then_some(number))
}

impl<'a> TableConstraint<'a> {
    fn new(object: &'a Object, constraint: Cow<'a, Constraint>, oid: i64, place: usize) -> Self {
        let (names, index) = match &constraint.rule {
            Rule::Unique { columns, .. } => (columns.clone(), Some(oid + 1)),
            Rule::Check(condition) => (expression_text::columns(object, condition), None),
            Rule::ForeignKey(key) => (key.columns.clone(), None),
        };
        let columns = names.iter().filter_map(|name| column_number(object, name));
        Self {
            oid,
            index,
            columns: columns.collect(),
            constraint,
            object,
            place,
        }
    }

    /// PostgreSQL's letter for what it demands.
    pub fn kind(&self) -> &'static str {
        match &self.constraint.rule {
            Rule::Unique { primary: true, .. } => "p",
            Rule::Unique { .. } => "u",
            Rule::Check(_) => "c",
            Rule::ForeignKey(_) => "f",
        }
    }

    /// Whether NULL is the same as NULL to a key.
    pub fn nulls_equal(&self) -> bool {
        matches!(self.constraint.rule, Rule::Unique { nulls_equal, .. } if nulls_equal)
    }

    /// The names of a key's columns.
    pub fn key(&self) -> &[String] {
        match &self.constraint.rule {
            Rule::Unique { columns, .. } => columns,
            Rule::ForeignKey(key) => &key.columns,
            Rule::Check(_) => &[],
        }
    }

    /// What it refers to, if it is a foreign key.
    pub fn referred(&self, snapshot: &Snapshot) -> Option<Referred<'a>> {
        let key = match &self.constraint {
            Cow::Borrowed(constraint) => constraint.rule.foreign_key()?,
            Cow::Owned(_) => return None,
        };
        let table = snapshot.relation(&key.table.qualify(&self.object.name.schema))?;
        let names = key.referenced.iter();
        let columns = names
            .filter_map(|name| column_number(table, name))
            .collect();
        let mut keys = constraints_of(table);
        let index = keys.find(|it| is_key_of(&it.constraint.rule, &key.referenced));
        let (name, index) = index
            .map(|it| (it.constraint.name.clone(), it.index))
            .unwrap_or_default();
        Some(Referred {
            key,
            columns,
            name,
            index,
            table: Arc::clone(table),
        })
    }

    fn key_text(&self) -> String {
        let names: Vec<String> = self
            .key()
            .iter()
            .map(|name| Quoted(name).to_string())
            .collect();
        names.join(", ")
    }

    /// The condition of a check.
    pub fn condition(&self, pretty: bool) -> Option<String> {
        match &self.constraint.rule {
            Rule::Check(condition) => {
                Some(expression_text::condition(self.object, condition, pretty))
            }
            Rule::Unique { .. } | Rule::ForeignKey(_) => None,
        }
    }

    /// As `ALTER TABLE ... ADD CONSTRAINT name` would take it; `written` tells how tables are written.
    pub fn definition(&self, pretty: bool, written: impl Fn(&QualifiedName) -> String) -> String {
        if let Some(key) = self.constraint.rule.foreign_key() {
            let table = written(&key.table.qualify(&self.object.name.schema));
            return format!(
                "FOREIGN KEY ({}) {}",
                self.key_text(),
                key.references(&table)
            );
        }
        let word = match (self.condition(pretty), self.kind(), self.nulls_equal()) {
            (Some(condition), _, _) => return format!("CHECK ({condition})"),
            (None, "p", _) => "PRIMARY KEY",
            (None, _, true) => "UNIQUE NULLS NOT DISTINCT",
            (None, _, false) => "UNIQUE",
        };
        format!("{word} ({})", self.key_text())
    }

    /// As `CREATE INDEX` would make its index; `table` is how the table is written.
    pub fn index_definition(&self, table: &str) -> String {
        let nulls = match self.nulls_equal() {
            true => " NULLS NOT DISTINCT",
            false => "",
        };
        format!(
            "CREATE UNIQUE INDEX {} ON {table} USING btree ({}){nulls}",
            Quoted(&self.constraint.name),
            self.key_text()
        )
    }

    /// What stands for the tree of its condition, which only `pg_get_expr` reads.
    pub fn tree(&self) -> Option<String> {
        let is_check = matches!(self.constraint.rule, Rule::Check(_));
        is_check.then(|| format!("{{CHECK :place {}}}", self.place))
    }
}

impl TableIndex<'_> {
    /// Its number.
    pub fn oid(&self) -> i64 {
        match self {
            Self::Key(key) => key.index.unwrap_or_default(),
            Self::Plain(oid, ..) => *oid,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Key(key) => &key.constraint.name,
            Self::Plain(_, _, index) => index.name.as_deref().unwrap_or_default(),
        }
    }

    /// Its access method.
    pub fn method(&self) -> &str {
        match self {
            Self::Key(_) => BTREE,
            Self::Plain(_, _, index) => &index.method,
        }
    }

    /// Its storage parameters.
    pub fn parameters(&self) -> Option<&Options> {
        match self {
            Self::Key(_) => None,
            Self::Plain(_, _, index) => Some(&index.parameters),
        }
    }

    /// What it is on, each as text, and the number of the column that it is, which is 0 for an
    /// expression; what it only carries comes last.
    pub fn parts(&self, pretty: bool) -> Vec<(String, i64)> {
        let column = |object: &Object, name: &String| {
            let number = column_number(object, name).unwrap_or_default();
            (Quoted(name).to_string(), number)
        };
        match self {
            Self::Key(key) => {
                let names = key.key().iter();
                names.map(|name| column(key.object, name)).collect()
            }
            Self::Plain(_, object, index) => {
                let keys = index.keys.iter().map(|key| match &key.value {
                    KeyValue::Column(name) => column(object, name),
                    expression => {
                        let written = |it: &Expr| expression_text::condition(object, it, pretty);
                        (expression.text(&written), 0)
                    }
                });
                let included = index.included.iter();
                keys.chain(included.map(|name| column(object, name)))
                    .collect()
            }
        }
    }

    /// What stands for the trees of its expressions and its condition, which only `pg_get_expr` reads.
    pub fn trees(&self) -> [Option<String>; 2] {
        let tree = |prefix: &str, oid| format!("{{{prefix}{oid}}}");
        [
            self.expressions(false)
                .map(|_| tree(INDEX_EXPRESSIONS, self.oid())),
            self.condition(false)
                .map(|_| tree(INDEX_CONDITION, self.oid())),
        ]
    }

    /// The expressions that it is on, as PostgreSQL writes them.
    fn expressions(&self, pretty: bool) -> Option<String> {
        let Self::Plain(_, object, index) = self else {
            return None;
        };
        let expressions = index.keys.iter().filter_map(|key| match &key.value {
            KeyValue::Column(_) => None,
            KeyValue::Expression(expression) => {
                Some(expression_text::condition(object, expression, pretty))
            }
        });
        let expressions: Vec<String> = expressions.collect();
        (!expressions.is_empty()).then(|| expressions.join(", "))
    }

    /// Of which rows it is, as PostgreSQL writes that.
    fn condition(&self, pretty: bool) -> Option<String> {
        match self {
            Self::Key(_) => None,
            Self::Plain(_, object, index) => {
                let condition = index.condition.as_ref()?;
                Some(expression_text::condition(object, condition, pretty))
            }
        }
    }

    /// The names of the columns of the relation that it is to the catalog.
    pub fn column_names(&self) -> Vec<String> {
        match self {
            Self::Key(key) => key.key().to_vec(),
            Self::Plain(_, _, index) => index.column_names(),
        }
    }

    /// As `CREATE INDEX` would make it; `table` is how the table is written.
    pub fn definition(&self, table: &str, pretty: bool) -> String {
        match self {
            Self::Key(key) => key.index_definition(table),
            Self::Plain(_, object, index) => {
                let written = |it: &Expr| expression_text::condition(object, it, pretty);
                format!(
                    "CREATE {}INDEX {} ON {table} USING {} {}",
                    if index.is_unique { "UNIQUE " } else { "" },
                    Quoted(self.name()),
                    index.method,
                    index.properties(&written)
                )
            }
        }
    }
}

impl ColumnDefault<'_> {
    /// What stands for the tree of its expression, which only `pg_get_expr` reads.
    pub fn tree(&self) -> String {
        format!("{{DEFAULT :attnum {}}}", self.column)
    }

    /// The sequences that it takes numbers of.
    pub fn sequences(&self, snapshot: &Snapshot) -> Vec<Oid> {
        let mut found = Vec::new();
        if let Some((_, mut value)) = self.value() {
            // A name that is none is no dependency.
            let _ = sequence_calls::for_each(&mut value, |_, name| {
                let relation = snapshot.relation(&name.qualify(&self.object.name.schema));
                found.extend(relation.map(|relation| relation.oid));
                Ok(())
            });
        }
        found
    }

    fn value(&self) -> Option<(&str, Expr)> {
        let place = usize::try_from(self.column).ok()?.checked_sub(1)?;
        let name = self.object.schema.fields().get(place)?.name();
        let generated = constraints::generated_of(self.object, name).cloned();
        let value = generated.or_else(|| constraints::default_of(self.object, name));
        Some((name, value?))
    }

    /// Its expression.
    pub fn expression(&self, pretty: bool) -> Option<String> {
        let (name, value) = self.value()?;
        Some(expression_text::default(self.object, name, &value, pretty))
    }
}

/// What the trees of an index begin with.
const INDEX_EXPRESSIONS: &str = "INDEXPRS :oid ";
const INDEX_CONDITION: &str = "INDPRED :oid ";

/// The expression of a tree that a constraint, a default or an index of a table has given.
pub fn expression_of(object: &Object, tree: &str, pretty: bool) -> Option<String> {
    let text = tree.strip_prefix('{')?.strip_suffix('}')?;
    if let Some(place) = text.strip_prefix("CHECK :place ") {
        let place = place.parse().ok()?;
        return constraints_of(object).nth(place)?.condition(pretty);
    }
    for (prefix, of_condition) in [(INDEX_EXPRESSIONS, false), (INDEX_CONDITION, true)] {
        if let Some(number) = text.strip_prefix(prefix) {
            let number: i64 = number.parse().ok()?;
            let index = indexes_of(object).find(|index| index.oid() == number)?;
            return match of_condition {
                true => index.condition(pretty),
                false => index.expressions(pretty),
            };
        }
    }
    let column: i64 = text.strip_prefix("DEFAULT :attnum ")?.parse().ok()?;
    let mut defaults = defaults_of(object);
    let found = defaults.find(|default| default.column == column)?;
    found.expression(pretty)
}
