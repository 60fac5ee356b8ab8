//! Definitions that name a label of an enum type which has come to have another text.
//!
//! A definition says a label by its text, as it may say another text that is the same. Which of them are
//! labels is told by planning: the old text is none any more, so that a definition that still has it where
//! a label is meant is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::catalog::{Object, Snapshot};
use crate::models::define::define;
use crate::models::kept_literals::for_each_text;
use crate::session::Session;
use crate::sql::Statement;
use crate::sql::constraint::Rule;

/// How many texts of a definition are looked at one by one.
const TEXTS: usize = 100;

/// The definition of an object, in which a label has its new text and other texts stay as they are; none
/// where there is none that can be planned.
pub(super) async fn renamed(
    session: &Session,
    snapshot: &Arc<Snapshot>,
    object: &Object,
    (old, new): (&str, &str),
) -> Option<Statement> {
    let instance = &session.instance;
    let settings = session.settings();
    let mut places = BTreeSet::new();
    each_text(&mut object.definition.clone(), &mut |place, text| {
        if text.as_str() == old {
            places.insert(place);
        }
    });
    if places.is_empty() || places.len() > TEXTS {
        return None;
    }
    let at = |places: &BTreeSet<usize>| {
        let mut definition = object.definition.clone();
        each_text(&mut definition, &mut |place, text| {
            if places.contains(&place) {
                new.clone_into(text);
            }
        });
        definition
    };
    let mut labels = places.clone();
    for place in &places {
        let mut others = places.clone();
        others.remove(place);
        let without = at(&others);
        let planned = define(instance, snapshot, &settings, &without).await;
        if planned.is_ok() {
            labels.remove(place);
        }
    }
    let definition = at(&labels);
    let planned = define(instance, snapshot, &settings, &definition).await;
    planned.is_ok().then_some(definition)
}

/// Goes through the texts of a definition, with the place of each among them.
fn each_text(definition: &mut Statement, see: &mut dyn FnMut(usize, &mut String)) {
    let mut place = 0;
    let mut see = |text: &mut String| {
        see(place, text);
        place += 1;
    };
    match definition {
        Statement::CreateView(create) => for_each_text(&mut *create.query, &mut see),
        Statement::CreateMaterializedView(create) => {
            for_each_text(&mut *create.query, &mut see);
            for expectation in &mut create.expectations {
                for_each_text(&mut expectation.condition, &mut see);
            }
        }
        Statement::CreateCheck(create) => for_each_text(&mut *create.query, &mut see),
        Statement::CreateTable(create) => {
            for_each_text(&mut create.columns, &mut see);
            for constraint in &mut create.constraints {
                if let Rule::Check(condition) = &mut constraint.rule {
                    for_each_text(&mut **condition, &mut see);
                }
            }
        }
        _ => {}
    }
}
