use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

use super::target::{FILES, Target};
use super::*;

fn generated(customers: u64, seed: u64) -> (tempfile::TempDir, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        customers,
        seed,
        out: folder.path().to_owned(),
    };
    let mut last = 0;
    let summary = generate(&options, |progress| {
        assert!(progress.customers > last);
        last = progress.customers;
    })
    .unwrap();
    assert_eq!(last, customers);
    (folder, summary)
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    Target::all()
        .map(|target| {
            let path = target.path();
            let bytes = fs::read(folder.join(&path)).unwrap();
            (path, bytes)
        })
        .collect()
}

fn records(folder: &Path, path: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_path(folder.join(path))
        .unwrap()
        .records()
        .map(|record| record.unwrap())
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (first, _) = generated(5000, 42);
    let (second, _) = generated(5000, 42);
    let (other, _) = generated(5000, 43);
    assert!(contents(first.path()) == contents(second.path()));
    assert!(contents(first.path()) != contents(other.path()));
}

#[test]
fn the_bytes_are_those_of_every_machine() {
    let (folder, _) = generated(300, 1);
    let mut checksum = 0_u64;
    for (_, bytes) in contents(folder.path()) {
        for byte in bytes {
            checksum = checksum.wrapping_mul(31).wrapping_add(u64::from(byte));
        }
    }
    assert_eq!(checksum, CHECKSUM, "the generator's output has changed");
}

/// Of 300 customers of seed 1; to be replaced when the generator is changed on purpose.
const CHECKSUM: u64 = 2_865_121_200_046_807_459;

#[test]
fn no_part_file_remains_and_few_customers_are_fine() {
    for customers in [0, 1, 7] {
        let (folder, summary) = generated(customers, 42);
        assert_eq!(summary.files.len(), FILES);
        for file in &summary.files {
            let path = folder.path().join(&file.path);
            assert_eq!(fs::metadata(&path).unwrap().len(), file.bytes);
            assert!(!folder.path().join(format!("{}.part", file.path)).exists());
        }
        let truth = records(folder.path(), "truth.csv");
        let people: HashSet<_> = truth.iter().map(|row| row[2].to_owned()).collect();
        assert_eq!(people.len() as u64, customers);
    }
}

#[test]
fn what_cannot_be_written_names_the_path_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop"), "in the way").unwrap();
    let options = Options {
        customers: 1,
        seed: 1,
        out: folder.path().to_owned(),
    };
    let error = generate(&options, |_| ()).unwrap_err();
    assert!(error.message().contains("shop"), "{error}");
    assert!(!folder.path().join("crm/contacts.csv.part").exists());
}

#[test]
fn too_many_customers_are_refused() {
    let options = Options {
        customers: MOST_CUSTOMERS + 1,
        seed: 1,
        out: PathBuf::from("/nowhere"),
    };
    let error = generate(&options, |_| ()).unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::INVALID_PARAMETER_VALUE);
}

#[test]
fn the_truth_tells_of_every_record_and_of_no_other() {
    let (folder, _) = generated(5000, 42);
    let mut known = HashSet::new();
    for (system, path) in [
        ("crm", "crm/contacts.csv"),
        ("shop", "shop/customers.csv"),
        ("newsletter", "newsletter/subscribers.csv"),
    ] {
        for record in records(folder.path(), path) {
            assert!(known.insert((system.to_owned(), record[0].to_owned())));
        }
    }
    for target in Target::all().filter(|target| matches!(target, Target::Events(_))) {
        let events = fs::read_to_string(folder.path().join(target.path())).unwrap();
        for line in events.lines() {
            if let Ok(event) = serde_json::from_str::<serde_json::Value>(line) {
                let browser = event["anonymous_id"].as_str().unwrap().to_owned();
                known.insert(("web".to_owned(), browser));
            }
        }
    }
    let truth: HashSet<_> = records(folder.path(), "truth.csv")
        .iter()
        .map(|row| (row[0].to_owned(), row[1].to_owned()))
        .collect();
    assert!(truth == known);
}

#[test]
fn broken_rows_are_as_many_as_told() {
    let (folder, summary) = generated(20_000, 42);
    let mut broken = 0;
    for target in Target::all() {
        let path = folder.path().join(target.path());
        match target {
            Target::Events(_) => {
                let events = fs::read_to_string(path).unwrap();
                broken += events
                    .lines()
                    .filter(|line| serde_json::from_str::<serde_json::Value>(line).is_err())
                    .count();
            }
            Target::Orders(_) => {
                let mut reader = csv::ReaderBuilder::new()
                    .flexible(true)
                    .from_path(path)
                    .unwrap();
                broken += reader
                    .records()
                    .map(|record| record.unwrap())
                    .filter(|row| {
                        row.len() != 10
                            || row[7].parse::<f64>().is_err()
                            || row[2].starts_with("0000")
                    })
                    .count();
            }
            _ => {
                csv::Reader::from_path(path)
                    .unwrap()
                    .records()
                    .for_each(|record| assert!(record.is_ok()));
            }
        }
    }
    assert!(summary.broken_rows > 20, "{}", summary.broken_rows);
    assert_eq!(broken as u64, summary.broken_rows);
}

#[test]
fn systems_know_plausible_shares_of_the_customers() {
    let (_folder, summary) = generated(20_000, 7);
    let rows = |start: &str| -> u64 {
        let files = summary
            .files
            .iter()
            .filter(|file| file.path.starts_with(start));
        files.map(|file| file.rows).sum()
    };
    for (start, range) in [
        ("crm/", 12_000..15_000),
        ("shop/customers", 14_000..17_000),
        ("shop/orders", 30_000..50_000),
        ("newsletter/subscribers", 10_500..13_000),
        ("web/", 40_000..90_000),
    ] {
        assert!(range.contains(&rows(start)), "{start} {}", rows(start));
    }
}

#[test]
fn names_are_as_unequally_frequent_as_in_life() {
    let (folder, _) = generated(20_000, 7);
    let mut counts = HashMap::<String, u32>::new();
    let contacts = records(folder.path(), "crm/contacts.csv");
    for contact in &contacts {
        *counts.entry(contact[3].trim().to_lowercase()).or_default() += 1;
    }
    let total = contacts.len() as u32;
    let most = counts.values().max().copied().unwrap_or_default();
    assert!(
        most * 1000 / total >= 5,
        "the commonest surname is too rare"
    );
    assert!(
        most * 1000 / total <= 60,
        "the commonest surname is too common"
    );
    let single = counts.values().filter(|&&count| count == 1).count();
    assert!(single > 300, "rare surnames are missing");
}

#[test]
fn nobody_can_be_reached() {
    let (folder, _) = generated(2000, 42);
    for member in records(folder.path(), "newsletter/subscribers.csv") {
        let email = member[1].trim().to_lowercase();
        assert!(
            email.ends_with(".example") || email.ends_with(".exmaple"),
            "{email}"
        );
    }
}
