//! Records that say the same throughout.

use super::super::{Decisions, Resolver};
use super::people::{COLUMNS as PEOPLE, Made, builder, options, people, records};

const COLUMNS: [&str; 8] = [
    "id",
    "system",
    "first_name",
    "last_name",
    "email",
    "phone",
    "dob",
    "city",
];
const JOHN: &str = "John|Smith|john.smith@example.com|+4930123456|1980-02-03|Berlin";
const OTHERS: [&str; 5] = [
    "Anna|Jones|anna.j@mail.example|+441782334455|1991-11-23|Leeds",
    "Karl|Weber|kweber@post.example|+493099887766|1967-05-14|Bonn",
    "Mei|Nguyen|mei88@web.example|+33144556677|2001-08-30|Lyon",
    "Pablo|Garcia|pg@correo.example|+34915551234|1955-12-09|Madrid",
    "Ingrid|Larsen|larsen.i@nord.example|+4722113344|1974-03-27|Oslo",
];

type Row = Vec<Option<String>>;

/// Records of one system, numbered, with these values.
fn rows<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<Row> {
    let numbered = values.into_iter().enumerate();
    let row = numbered.map(|(id, values)| {
        let named = [id.to_string(), "crm".to_owned()].into_iter();
        let values = values.split('|').map(str::to_owned);
        named.chain(values).map(Some).collect()
    });
    row.collect()
}

/// So many copies of one record, before so many others.
fn copies(copies: usize, others: usize) -> Vec<Row> {
    let others = OTHERS.iter().take(others).copied();
    rows(std::iter::repeat_n(JOHN, copies).chain(others))
}

fn train(columns: &[&str], rows: &[Row]) -> Resolver {
    let options = options(&[]);
    let records = builder(columns, rows, &options).finish().unwrap();
    Resolver::train(records, &options).unwrap()
}

/// For each record the first one of its entity.
fn entities(resolver: &Resolver) -> Vec<u32> {
    let pairs = resolver.pairs().unwrap();
    let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
    clusters.entity_of
}

#[test]
fn they_are_one_whatever_stands_beside_them() {
    for number in [2, 3, 5, 8, 10, 20, 60] {
        for others in [0, 1, 2, 5] {
            let found = entities(&train(&COLUMNS, &copies(number, others)));
            let first = (0..(number + others) as u32).map(|at| match (at as usize) < number {
                true => 0,
                false => at,
            });
            assert_eq!(found, first.collect::<Vec<_>>(), "{number} {others}");
        }
    }
}

#[test]
fn among_many_records_they_have_no_placeholders_in_common() {
    const COPIES: usize = 100;
    let mut made = people(900, 51);
    let first = made[0].clone();
    made.extend((0..COPIES).map(|copy| {
        let mut again = first.clone();
        again.values[0] = Some(format!("copy {copy}"));
        again
    }));
    let options = options(&[]);
    let resolver = Resolver::train(records(&made, &options), &options).unwrap();
    for column in resolver.records().columns() {
        let placeholders: Vec<&str> = column.placeholders().collect();
        assert!(placeholders.is_empty(), "{placeholders:?}");
    }
    let found = entities(&resolver);
    let copies = &found[found.len() - COPIES..];
    assert!(copies.iter().all(|entity| *entity == found[0]));
}

#[test]
fn more_than_a_block_has_are_one_all_the_same() {
    let mut made = people(2500, 52);
    let first = made[0].clone();
    let copies = |numbers: std::ops::Range<usize>| {
        let again = |copy: usize| {
            let mut again = first.clone();
            again.values[0] = Some(format!("copy {copy}"));
            again
        };
        numbers.map(again).collect::<Vec<_>>()
    };
    made.extend(copies(0..300));
    let options = options(&[]);
    let mut resolver = Resolver::train(records(&made, &options), &options).unwrap();
    let are_one = |resolver: &Resolver, number: usize| {
        let found = entities(resolver);
        let copies = &found[found.len() - number..];
        copies.iter().all(|entity| *entity == found[0])
    };
    assert!(are_one(&resolver, 300));

    let more = copies(300..600);
    made.extend(more.iter().cloned());
    let all = |made: &[Made]| {
        let all = builder(&PEOPLE, &super::people::rows(made), &options);
        all.finish_for(resolver.model().columns()).unwrap()
    };
    let (more, all) = (all(&more), all(&made));
    resolver.update(&more, &[]).unwrap();
    assert!(are_one(&resolver, 600));
    let left_out = resolver.blocking_report();
    assert!(
        left_out.iter().all(|rule| rule.largest <= 400),
        "{left_out:?}"
    );
    let rebuilt = Resolver::new(all, resolver.model().clone()).unwrap();
    assert!(are_one(&rebuilt, 600));
    let asked = builder(&PEOPLE, &[first.values], &options);
    let asked = asked.finish_for(resolver.model().columns()).unwrap();
    assert!(!rebuilt.leaves_uncompared(&asked));
    let found = rebuilt.lookup(&asked, |_| None).unwrap();
    assert_eq!(entities(&rebuilt)[found[0].right as usize], 0);
}

#[test]
fn what_has_nothing_but_a_placeholder_is_no_copy() {
    let columns = ["id", "system", "email", "city"];
    let nothing = std::iter::repeat_n("info@shop.example|Leeds", 60);
    let others = OTHERS.map(|other| {
        let values: Vec<&str> = other.split('|').collect();
        format!("{}|{}", values[2], values[5])
    });
    let rows = rows(nothing.chain(others.iter().map(String::as_str)));
    let all = (0..rows.len() as u32).collect::<Vec<_>>();
    assert_eq!(entities(&train(&columns, &rows)), all);
}

#[test]
fn they_may_be_written_in_several_ways() {
    let written = [JOHN, &JOHN.to_uppercase()];
    let resolver = train(&COLUMNS, &rows(written));
    assert_eq!(entities(&resolver), [0, 0]);
}

#[test]
fn moments_of_changes_are_each_records_own() {
    let columns = ["id", "system", "first_name", "last_name", "updated_at"];
    let moments = ["08:00:00", "09:30:00"].map(|time| format!("John|Smith|2024-05-06 {time}"));
    let resolver = train(&columns, &rows(moments.iter().map(String::as_str)));
    assert_eq!(entities(&resolver), [0, 0]);
}

#[test]
fn what_any_two_things_may_share_makes_none_of_them_one() {
    for (column, value) in [
        ("city", "Berlin"),
        ("status", "active"),
        ("amount", "17"),
        ("first_name", "Ann"),
    ] {
        let resolver = train(&["id", "system", column], &rows([value; 4]));
        assert_eq!(entities(&resolver), [0, 1, 2, 3], "{column}");
    }
}

#[test]
fn nothing_is_learned_of_them_alone() {
    let resolver = train(&COLUMNS, &copies(2, 0));
    assert!(resolver.model().has_learned_nothing());
    assert!(!train(&COLUMNS, &copies(2, 1)).model().has_learned_nothing());
    // What comes later is another one all the same.
    let (options, model) = (options(&[]), resolver.model().clone());
    let records = builder(&COLUMNS, &copies(2, 1), &options);
    let records = records.finish_for(model.columns()).unwrap();
    let later = Resolver::new(records, model).unwrap();
    assert_eq!(entities(&later), [0, 0, 2]);
}
