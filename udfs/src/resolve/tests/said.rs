//! What a definition says holds: levels of its own, blocks, known parameters, labels.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};

use super::super::hashing::mix;
use super::super::{
    ColumnKind, Decisions, KnownParameter, Label, OwnComparisons, OwnLevels, Pair, Parameter,
    Progress, RecordsBuilder, ResolveOptions, Resolver, Taught, evaluate,
};
use super::people::{COLUMNS, Made, builder, filled, options, people, records, rows, schema};
use super::{BLOCKED, levels_are_those_explained, truth};
use crate::FunctionError;

fn column(name: &str) -> usize {
    COLUMNS.iter().position(|column| *column == name).unwrap()
}

/// Compares e-mail addresses: equal, or of one domain.
#[derive(Debug)]
struct Emails([usize; 1]);

impl OwnComparisons for Emails {
    fn columns(&self) -> &[usize] {
        &self.0
    }

    fn levels(
        &self,
        left: &RecordBatch,
        right: &RecordBatch,
    ) -> datafusion::error::Result<Vec<Vec<u8>>> {
        let (left, right) = (left.column(0), right.column(0));
        let pairs = left.as_string::<i32>().iter().zip(right.as_string::<i32>());
        let level = |(left, right): (Option<&str>, Option<&str>)| {
            let (Some(left), Some(right)) = (left, right) else {
                return 0;
            };
            let domain = |email: &str| email.rsplit('@').next().map(str::to_owned);
            match (left == right, domain(left) == domain(right)) {
                (true, _) => 3,
                (_, true) => 2,
                _ => 1,
            }
        };
        Ok(vec![pairs.map(level).collect()])
    }
}

fn with_own_levels(more: &[(&str, &str)]) -> ResolveOptions {
    let mut options = options(more);
    options.own_levels = vec![OwnLevels {
        column: "email".to_owned(),
        labels: vec!["same domain".to_owned(), "same address".to_owned()],
    }];
    options
}

fn comparing(made: &[Made], options: &ResolveOptions) -> RecordsBuilder {
    let own = Arc::new(Emails([column("email")]));
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    let builder = RecordsBuilder::new(&schema(&COLUMNS), options, &pool).unwrap();
    filled(builder.comparing(own), &COLUMNS, &rows(made)).unwrap()
}

#[test]
fn levels_of_its_own_compare_a_column() {
    let made = people(400, 31);
    for more in [&[][..], &[BLOCKED]] {
        let options = with_own_levels(more);
        let records = comparing(&made, &options).finish().unwrap();
        let resolver = Resolver::train(records, &options).unwrap();
        let pairs = resolver.pairs().unwrap();
        let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
        let quality = evaluate(&clusters.entity_of, &truth(&made));
        assert!(quality.pairs.f1() > 0.96, "{quality:?}");
        let parameters = resolver.model().parameters();
        let labels: Vec<&str> = parameters
            .iter()
            .filter(|parameter| parameter.comparison == "email")
            .map(|parameter| parameter.label.as_str())
            .collect();
        assert_eq!(labels, ["different", "same domain", "same address"]);
        levels_are_those_explained(&resolver, &pairs);
        // What is explained is what was scored.
        for pair in pairs.iter().take(100) {
            let rows = resolver.explain(pair.left, pair.right).unwrap();
            assert!((rows.last().unwrap().total - pair.weight()).abs() < 1e-4);
            let emails = [pair.left, pair.right]
                .map(|record| made[record as usize].values[column("email")].clone());
            let level = rows.iter().find(|row| row.comparison == "email").unwrap();
            let expected = match &emails {
                [Some(left), Some(right)] if left == right => "same address",
                [None, _] | [_, None] => "missing",
                _ => "",
            };
            assert!(expected.is_empty() || level.label == expected, "{level:?}");
        }
    }
}

#[test]
fn levels_of_its_own_follow_changes_and_are_looked_up() {
    let made = people(300, 32);
    let (first, rest) = made.split_at(made.len() - 40);
    let options = with_own_levels(&[BLOCKED]);
    let records = comparing(first, &options).finish().unwrap();
    let mut resolver = Resolver::train(records, &options).unwrap();
    let mut pairs = resolver.pairs().unwrap();
    let changed = comparing(rest, &options)
        .finish_for(resolver.model().columns())
        .unwrap();
    let likeliest = resolver.lookup(&changed, |_| None).unwrap();
    assert!(likeliest.iter().any(|pair| pair.probability() > 0.99));
    let places = resolver.update(&changed, &[]).unwrap().to_score();
    pairs.extend(resolver.pairs_of(&places).unwrap());
    let all = comparing(&made, &options)
        .finish_for(resolver.model().columns())
        .unwrap();
    let again = Resolver::new(all, resolver.model().clone()).unwrap();
    let mut expected = again.pairs().unwrap();
    for pairs in [&mut pairs, &mut expected] {
        pairs.sort_by_key(|pair| (pair.left, pair.right));
    }
    assert_eq!(pairs, expected);
}

#[test]
fn records_without_a_key_in_common_are_not_compared() {
    let mut made = people(300, 33);
    let columns: Vec<&str> = COLUMNS.into_iter().chain(["key 1", "key 2"]).collect();
    for (at, made) in made.iter_mut().enumerate() {
        let dob = made.values[column("dob")].clone();
        // The e-mail address of every fourth record is no key.
        let email = made.values[column("email")].clone();
        made.values.push(dob);
        made.values.push(email.filter(|_| at % 4 > 0));
    }
    for more in [&[][..], &[BLOCKED]] {
        let mut options = options(more);
        options.block_on = vec!["key 1".to_owned(), "key 2".to_owned()];
        let records = builder(&columns, &rows(&made), &options).finish().unwrap();
        let kinds = records.columns().iter().map(|column| column.kind);
        assert_eq!(kinds.filter(|kind| *kind == ColumnKind::Key).count(), 2);
        let resolver = Resolver::train(records, &options).unwrap();
        let rules: Vec<String> = resolver
            .blocking_report()
            .into_iter()
            .map(|rule| rule.rule)
            .collect();
        assert_eq!(rules, ["key 1", "key 2"]);
        let parameters = resolver.model().parameters();
        assert!(
            parameters
                .iter()
                .all(|of| !of.comparison.starts_with("key"))
        );
        let pairs = resolver.pairs().unwrap();
        assert!(pairs.len() > 100);
        for pair in &pairs {
            let of = |record: u32| &made[record as usize].values[COLUMNS.len()..];
            let (left, right) = (of(pair.left), of(pair.right));
            let share = |at: usize| left[at].is_some() && left[at] == right[at];
            assert!(share(0) || share(1), "{left:?} {right:?}");
        }
    }
}

#[test]
fn a_column_of_one_value_brings_nobody_together() {
    // All records have the same, and there are too many for all pairs.
    let options = ResolveOptions::parse([("unique_id", "id"), ("pair_budget", "100000")]).unwrap();
    let rows: Vec<Vec<Option<String>>> = (0..3000)
        .map(|row| vec![Some(row.to_string()), Some("x".to_owned()), None])
        .collect();
    let progress = Arc::new(Progress::default());
    let builder = builder(&["id", "always", "never"], &rows, &options).telling(&progress);
    let resolver = Resolver::train(builder.finish().unwrap(), &options).unwrap();
    assert!(resolver.pairs().unwrap().is_empty());
    assert_eq!(progress.pairs(), (0, 0));
}

fn parameters_of<'a>(parameters: &'a [Parameter], comparison: &str) -> Vec<&'a Parameter> {
    let of = |parameter: &&Parameter| parameter.comparison == comparison;
    parameters.iter().filter(of).collect()
}

#[test]
fn known_parameters_are_not_estimated() {
    let made = people(300, 34);
    let options = options(&[("term_frequency", "off")]);
    let known = |comparison: &str, level: Option<&str>, m, u| KnownParameter {
        comparison: comparison.to_owned(),
        level: level.map(str::to_owned),
        m,
        u,
    };
    let told = |parameters: Vec<KnownParameter>| Taught {
        parameters,
        labels: Vec::new(),
    };
    let taught = told(vec![
        known("prior", None, Some(0.001), None),
        known("email", Some("equal"), Some(0.5), Some(0.004)),
        known("email", Some("different"), None, Some(0.9)),
        known("city", Some("equal"), None, Some(0.25)),
    ]);
    let train = |taught: &Taught| Resolver::train_with(records(&made, &options), &options, taught);
    let resolver = train(&taught).unwrap();
    assert!((resolver.model().prior() - 0.001).abs() < 1e-6);
    let parameters = resolver.model().parameters();
    for comparison in ["email", "city"] {
        let levels = parameters_of(&parameters, comparison);
        for share in [|of: &&Parameter| of.m, |of: &&Parameter| of.u] {
            let sum: f64 = levels.iter().map(share).sum();
            assert!((sum - 1.0).abs() < 1e-3, "{levels:?}");
        }
        let equal = levels.iter().find(|of| of.label == "equal").unwrap();
        let (m, u) = if comparison == "email" {
            (Some(0.5), 0.004)
        } else {
            (None, 0.25)
        };
        assert!(m.is_none_or(|m| (equal.m - m).abs() < 1e-4), "{equal:?}");
        assert!((equal.u - u).abs() < 1e-4, "{equal:?}");
    }
    let refused = |parameter: KnownParameter| -> FunctionError {
        super::bad_input::error_of(train(&told(vec![parameter])))
    };
    let error = refused(known("emial", Some("equal"), Some(0.5), None));
    assert_eq!(error.hint.as_deref(), Some("Did you mean \"email\"?"));
    let error = refused(known("email", Some("same"), Some(0.5), None));
    assert!(error.hint.unwrap().contains("same local part; equal"));
    let error = refused(known("prior", None, Some(1.0), None));
    assert_eq!(error.message, "m of \"prior\" is no probability of a match");
    let error = refused(known("email", Some("equal"), Some(1.5), None));
    assert_eq!(
        error.message,
        "m of level \"equal\" of \"email\" is no share of pairs"
    );
}

#[test]
fn labels_move_what_was_estimated() {
    let made = people(400, 35);
    let options = options(&[]);
    let before = Resolver::train(records(&made, &options), &options).unwrap();
    let pairs = before.pairs().unwrap();
    let label = |left: u32, right: u32, is_match: bool| Label {
        left,
        right,
        is_match,
    };
    // Labels that say what the model says already change hardly anything.
    let agreeing: Vec<Label> = pairs
        .iter()
        .filter(|pair| !(0.01..0.99).contains(&pair.probability()))
        .take(100)
        .map(|pair| label(pair.left, pair.right, pair.probability() > 0.5))
        .collect();
    let train = |labels: &[Label]| {
        let taught = Taught {
            labels: labels.to_vec(),
            parameters: Vec::new(),
        };
        Resolver::train_with(records(&made, &options), &options, &taught).unwrap()
    };
    let same = train(&agreeing);
    for (before, same) in before
        .model()
        .parameters()
        .iter()
        .zip(same.model().parameters())
    {
        assert!(
            (before.m.ln() - same.m.ln()).abs() < 0.2,
            "{before:?} {same:?}"
        );
        assert_eq!(before.u, same.u);
    }
    // A people where another city is another person: all who match elsewhere are labelled as two.
    let city = column("city");
    let other_city = |pair: &&Pair| {
        let of = |record: u32| made[record as usize].values[city].as_deref();
        let (left, right) = (of(pair.left), of(pair.right));
        left.is_some() && right.is_some() && left != right && pair.probability() > 0.9
    };
    let contradicting: Vec<Label> = pairs
        .iter()
        .filter(other_city)
        .map(|pair| label(pair.left, pair.right, false))
        .collect();
    assert!(contradicting.len() > 20);
    let after = train(&contradicting);
    let different = |resolver: &Resolver| {
        let parameters = resolver.model().parameters();
        parameters_of(&parameters, "city")[0].weight
    };
    assert!(
        different(&after) < different(&before) - 1.0,
        "{}",
        different(&after)
    );
    let sum: f64 = parameters_of(&after.model().parameters(), "city")
        .iter()
        .map(|of| of.m)
        .sum();
    assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    let mean = |resolver: &Resolver| -> f64 {
        let weights = contradicting.iter().map(|label| {
            let rows = resolver.explain(label.left, label.right).unwrap();
            rows.last().unwrap().total
        });
        weights.sum::<f64>() / contradicting.len() as f64
    };
    assert!(mean(&after) < mean(&before) - 2.0);
}

#[test]
fn of_too_many_columns_those_that_are_said_come_first() {
    // The more a column tells, the likelier it is compared; what is said hardly tells anything.
    let names: Vec<String> = (0..20).map(|at| format!("c{at}")).collect();
    let columns: Vec<&str> = ["id", "said"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let rows: Vec<Vec<Option<String>>> = (0..80_u64)
        .map(|row| {
            let value = |at: u64| format!("{:x}", mix(row, at) % 5000);
            let values = (0..20).map(|at| Some(value(at)));
            [Some(row.to_string()), Some((row % 2).to_string())]
                .into_iter()
                .chain(values)
                .collect()
        })
        .collect();
    let learn = |said: &str| {
        let options = ResolveOptions::parse([("unique_id", "id"), ("compare", said)]).unwrap();
        let records = builder(&columns, &rows, &options).finish().unwrap();
        Resolver::train(records, &options).unwrap()
    };
    let compared = |resolver: &Resolver| -> Vec<String> {
        let comparisons = resolver.model().comparisons();
        comparisons.map(|(name, _)| name.to_owned()).collect()
    };
    let resolver = learn("said category");
    assert_eq!(compared(&resolver).len(), 16);
    assert!(compared(&resolver).contains(&"said".to_owned()));
    assert!(resolver.left_out().len() >= 5);
    // All are told that are not compared, and no others.
    let (compared, left_out) = (compared(&resolver), resolver.left_out());
    assert!(left_out.iter().all(|name| !compared.contains(name)));
    for name in &columns[1..] {
        let named = |told: &String| told == name || told.starts_with(&format!("{name} ("));
        assert!(compared.iter().chain(&left_out).any(named), "{name}");
    }
    let all_but = (6..20).map(|at| format!(", c{at} ignore"));
    let few = learn(&format!("said category{}", all_but.collect::<String>()));
    assert!(few.left_out().is_empty());
}
