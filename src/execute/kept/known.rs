//! Queries of the simple protocol that come again, from whatever session: a dashboard asks the same
//! of each of its viewers, a pool `SELECT 1` of each connection.
//!
//! They are known by their syntax tree, in which parameters stand for the values that columns are
//! compared with, and for the texts of records that are looked up in models (`sql/lifted.rs`). A plan must
//! answer as one made for the query as it was written, so a value has to have its column's type; where one
//! has not, the query is known as it was written.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast;
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use tokio::task::yield_now;

use super::answers::Answers;
use super::texts::KnownTexts;
use super::{Environments, Kept, Making, is_system_view, reads_as_all_do};
use crate::catalog::pg_catalog::PG_CATALOG;
use crate::catalog::{Snapshot, is_temporary_schema};
use crate::config::SessionSettings;
use crate::error::Result;
use crate::instance::{Asker, Reading};
use crate::session::Session;
use crate::sql::lifted::lift;
use crate::sql::{ObjectName, QualifiedName, Statement, references};

/// The most forms of queries that are known of sessions with the same settings.
const QUERIES: usize = 500;

/// The most different settings and roles of sessions that queries are known of.
const PLACES: usize = 8;

/// Longer texts are planned each time: their trees take memory.
const MAX_BYTES: usize = 20_000;

/// What is known of the queries of all sessions.
#[derive(Default)]
pub struct KnownQueries {
    places: Mutex<Vec<Arc<Place>>>,
    answers: Answers,
    texts: KnownTexts,
}

/// The queries of sessions that have the same settings and rights, over one state of the catalog.
struct Place {
    snapshot: Arc<Snapshot>,
    settings: SessionSettings,
    role: String,
    environments: Environments,
    queries: Cache<ast::Query, Known>,
}

/// What is known of a query.
#[derive(Clone)]
enum Known {
    /// It came once: many never come again.
    Once,
    /// No plan of it can be kept.
    Impossible,
    /// Its plan.
    Kept(Arc<Kept>),
}

/// Where a session's queries were known last, as long as others know it too.
#[derive(Default)]
pub struct LastPlace(Mutex<Option<(u64, Weak<Place>)>>);

/// A plan and the values that it is to be run with.
pub struct Run {
    kept: Arc<Kept>,
    values: Vec<ScalarValue>,
}

impl Run {
    /// Its columns, as the client knows them.
    pub fn schema(&self) -> &SchemaRef {
        &self.kept.schema
    }

    /// Whether it [is brief](Kept::is_brief).
    pub fn is_brief(&self) -> bool {
        self.kept.is_brief
    }

    /// Begins to run it, for a session.
    ///
    /// # Errors
    /// Those of [`Kept::rows`].
    pub async fn rows(&self, session: &Session) -> Result<SendableRecordBatchStream> {
        self.kept.rows(session, &self.values).await
    }
}

impl KnownQueries {
    /// The statements of a text.
    ///
    /// # Errors
    /// Those of [`crate::sql::parse`].
    pub fn parse(&self, text: &str) -> Result<Vec<Statement>> {
        self.texts.parse(text)
    }

    /// What kept plans have answered that asked the catalog.
    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The plan of a query that came before, if one is kept that is right. It is found within a moment, or
    /// the future gives its thread back before it is made.
    ///
    /// # Errors
    /// What looking at its tables says.
    pub async fn find(
        &self,
        session: &Session,
        query: &ast::Query,
        bytes: usize,
    ) -> Result<Option<Run>> {
        if bytes > MAX_BYTES || !reads_as_all_do(session) {
            return Ok(None);
        }
        let Some(place) = self.place(session) else {
            return Ok(None);
        };
        let lifted = lift(query);
        let is_as_written = lifted.is_none();
        if let Some((lifted, values)) = lifted {
            match place.look(session, &lifted, true).await? {
                Known::Once => return Ok(None),
                Known::Impossible => {}
                Known::Kept(kept) => {
                    if let Some(values) = of_types(values, &kept.parameters) {
                        return Ok(Some(Run { kept, values }));
                    }
                }
            }
        }
        match place.look(session, query, is_as_written).await? {
            Known::Once | Known::Impossible => Ok(None),
            Known::Kept(kept) => Ok(Some(Run {
                kept,
                values: Vec::new(),
            })),
        }
    }

    /// The queries of sessions like this one; none where it has tables that others do not see.
    fn place(&self, session: &Session) -> Option<Arc<Place>> {
        let snapshot = session.instance.catalog.snapshot();
        let number = session.settings_number();
        let last = session.place.0.lock().clone();
        if let Some((last_number, last)) = last
            && last_number == number
            && let Some(last) = last.upgrade()
            && Arc::ptr_eq(&last.snapshot, &snapshot)
            && session.has_role(&last.role)
        {
            return Some(last);
        }
        let place = self.place_of_settings(session, snapshot)?;
        *session.place.0.lock() = Some((number, Arc::downgrade(&place)));
        Some(place)
    }

    fn place_of_settings(&self, session: &Session, snapshot: Arc<Snapshot>) -> Option<Arc<Place>> {
        let mut settings = session.settings();
        let mut path = settings.search_path.0.iter();
        if path.any(|schema| is_temporary_schema(schema)) {
            return None;
        }
        // It has no part in what a steady plan gives.
        settings.application_name.clear();
        let role = session.role();
        let mut places = self.places.lock();
        let known = places.iter().position(|place| {
            Arc::ptr_eq(&place.snapshot, &snapshot)
                && place.role == role
                && place.settings == settings
        });
        if let Some(known) = known {
            return places.get(known).map(Arc::clone);
        }
        places.retain(|place| Arc::ptr_eq(&place.snapshot, &snapshot));
        if places.len() >= PLACES {
            places.remove(0);
        }
        let place = Arc::new(Place {
            snapshot,
            settings,
            role,
            environments: Environments::default(),
            queries: Cache::new(QUERIES),
        });
        places.push(Arc::clone(&place));
        Some(place)
    }
}

impl Place {
    /// What is known of a query now, and from now on. In its first form, one of the catalog alone is
    /// planned as one that comes again when it comes for the first time.
    async fn look(&self, session: &Session, query: &ast::Query, is_first: bool) -> Result<Known> {
        let known = self.queries.get(query);
        match &known {
            None if !is_first || !is_of_catalog(query) => {
                self.queries.insert(query.clone(), Known::Once);
                return Ok(Known::Once);
            }
            Some(Known::Impossible) => return Ok(Known::Impossible),
            Some(Known::Kept(kept)) if kept.reads_latest(&session.instance).await? => {
                return Ok(Known::Kept(Arc::clone(kept)));
            }
            None | Some(Known::Once | Known::Kept(_)) => {}
        }
        // To plan may take long: it is watched from here on.
        yield_now().await;
        let asker = Asker {
            user: self.role.clone(),
            login: self.role.clone(),
            ..Asker::server()
        };
        let snapshot = Arc::clone(&self.snapshot);
        let instance = &session.instance;
        let making = Making {
            context: instance.statement_of(&asker, snapshot, &self.settings, Reading::Rows),
            settings: self.settings.clone(),
            role: self.role.clone(),
            environments: &self.environments,
        };
        // What is wrong is told by who plans it anew.
        let made = match Box::pin(making.of(query, None)).await {
            Ok(Some(kept)) => Known::Kept(Arc::new(kept)),
            Ok(None) | Err(_) => Known::Impossible,
        };
        self.queries.insert(query.clone(), made.clone());
        Ok(made)
    }
}

/// Whether a query reads views of the system and nothing else, as far as its names tell: who asks so is a
/// program that will ask again.
fn is_of_catalog(query: &ast::Query) -> bool {
    let Ok(names) = references::of_query(query) else {
        return false;
    };
    let is_system = |name: &ObjectName| {
        let schema = name.schema.as_deref().unwrap_or(PG_CATALOG);
        is_system_view(&QualifiedName::new(schema, name.name.as_str()))
    };
    !names.is_empty() && names.iter().all(is_system)
}

/// The types of a plan's parameters by the columns that they stand beside, and those of records, which are
/// of texts; none where one has another type than a literal may be read as without a look at its value.
pub(super) fn parameter_types(
    plan: &LogicalPlan,
    of_records: &BTreeMap<usize, Option<DataType>>,
) -> Result<Option<Vec<DataType>>> {
    let inferred = plan.get_parameter_types()?;
    let all = inferred.len() + of_records.len();
    let types = (1..=all).map(|number| match inferred.get(&format!("${number}")) {
        None if of_records.contains_key(&number) => Some(DataType::Utf8),
        Some(Some(known)) if known.is_integer() || known.is_string() => Some(known.clone()),
        _ => None,
    });
    Ok(types.collect())
}

/// Literals as values of these types; none where one is another number, or no number. A text is a number as
/// clients write one of an object: by its digits alone, and of 32 bits, which that of an object has.
fn of_types(values: Vec<ScalarValue>, types: &[DataType]) -> Option<Vec<ScalarValue>> {
    if values.len() != types.len() {
        return None;
    }
    let values = values.into_iter().zip(types);
    values
        .map(|(value, data_type)| match value {
            ScalarValue::Int64(Some(number)) => of_integer(number, data_type),
            ScalarValue::Utf8(Some(_)) if *data_type == DataType::Utf8 => Some(value),
            ScalarValue::Utf8(Some(text)) => of_integer(of_digits(&text)?.into(), data_type),
            _ => None,
        })
        .collect()
}

fn of_digits(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

fn of_integer(number: i64, data_type: &DataType) -> Option<ScalarValue> {
    match data_type {
        DataType::Int64 => Some(number.into()),
        DataType::Int32 => i32::try_from(number).ok().map(ScalarValue::from),
        DataType::Int16 => i16::try_from(number).ok().map(ScalarValue::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_digits_are_values_of_integers() {
        let value = |text: &str, data_type| of_types(vec![text.into()], &[data_type]);
        let number = |number: i64| Some(vec![ScalarValue::from(number)]);
        assert_eq!(value("16384", DataType::Int64), number(16384));
        assert_eq!(value("4294967295", DataType::Int64), number(4_294_967_295));
        for text in ["4294967296", "-1", "+1", " 1", "1.0", "0x1", ""] {
            assert_eq!(value(text, DataType::Int64), None, "{text}");
        }
        assert_eq!(value("7", DataType::Int16), Some(vec![7_i16.into()]));
        assert_eq!(value("70000", DataType::Int16), None);
        assert_eq!(value("1", DataType::Utf8), Some(vec!["1".into()]));
        assert_eq!(value("1", DataType::Date32), None);
    }
}
