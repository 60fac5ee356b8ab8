//! Duplicates that come after a model was made, and are like none that it was made of.

use super::super::hashing::mix;
use super::super::{Decisions, Idle, Resolver};
use super::people::{builder, options};

const COLUMNS: [&str; 6] = ["id", "system", "first_name", "last_name", "email", "dob"];

fn customer(number: u64) -> Vec<Option<String>> {
    let name = |of: u64, salt| {
        let letters = (0..6).map(|at| b'a' + (mix(mix(of, salt), at) % 26) as u8);
        letters.map(char::from).collect::<String>()
    };
    let day = mix(number, 3) % 18_000;
    [
        format!("c{number}"),
        "crm".to_owned(),
        format!("G{}", name(number % 300, 1)),
        format!("F{}", name(number % 997, 2)),
        format!("{}{number}@mail.example", name(number, 4)),
        format!(
            "{}-{:02}-{:02}",
            1950 + day / 336,
            1 + day / 28 % 12,
            1 + day % 28
        ),
    ]
    .map(Some)
    .to_vec()
}

#[test]
fn records_without_duplicates_find_those_that_come() {
    let options = options(&[]);
    let rows: Vec<Vec<Option<String>>> = (0..3000).map(customer).collect();
    let records = builder(&COLUMNS, &rows, &options).finish().unwrap();
    let mut resolver = Resolver::train(records, &options).unwrap();
    let rules = resolver.blocking_report();
    assert!(rules.iter().any(|rule| rule.rule == "email"), "{rules:?}");
    // They are looked up by what tells.
    let of_columns = |columns: &[usize], at: u64| {
        let mut row = customer(at);
        row[0] = Some(format!("x{at}"));
        for (column, value) in row.iter_mut().enumerate().skip(2) {
            if !columns.contains(&column) {
                *value = None;
            }
        }
        row
    };
    for columns in [&[4][..], &[2, 3, 4, 5], &[2, 3, 5]] {
        let asked: Vec<_> = (0..50).map(|at| of_columns(columns, at * 31)).collect();
        let asked = builder(&COLUMNS, &asked, &options)
            .finish_for(resolver.model().columns())
            .unwrap();
        let found = resolver.lookup(&asked, |_| None).unwrap();
        for at in 0..50_u32 {
            let name = format!("c{}", at * 31);
            let is_it = |record: u32| resolver.records().id(record) == name;
            let is_found = found
                .iter()
                .any(|pair| pair.left == at && is_it(pair.right));
            assert!(is_found, "{name} by {columns:?}");
        }
    }
    // And copies of all that they have are one with them.
    let copies: Vec<_> = (0..500).map(|at| of_columns(&[2, 3, 4, 5], at)).collect();
    let copies = builder(&COLUMNS, &copies, &options)
        .finish_for(resolver.model().columns())
        .unwrap();
    let to_score = resolver.update(&copies, &[]).unwrap().to_score();
    let pairs = resolver.pairs_of(&to_score).unwrap();
    let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
    let entities: std::collections::BTreeSet<&u32> = clusters.entity_of.iter().collect();
    assert_eq!(entities.len(), 3000);
}

#[test]
fn what_too_many_share_makes_no_blocks() {
    // Any two names are the names of two records, which is more than may be compared.
    let names = |number: u64| {
        let mut row = customer(number % 2910);
        row[0] = Some(format!("c{number}"));
        row[2] = customer(number % 30)[2].clone();
        row[3] = customer(number % 97)[3].clone();
        row[..4].to_vec()
    };
    let rows: Vec<Vec<Option<String>>> = (0..5820).map(names).collect();
    for (budget, idle) in [("1", Some(Idle::NoRule)), ("100000", None)] {
        let options = options(&[("pair_budget", budget)]);
        let records = builder(&COLUMNS[..4], &rows, &options).finish().unwrap();
        let resolver = Resolver::train(records, &options).unwrap();
        assert_eq!(resolver.idle(), idle, "{budget}");
        assert_eq!(resolver.blocking_report().is_empty(), idle.is_some());
    }
}
