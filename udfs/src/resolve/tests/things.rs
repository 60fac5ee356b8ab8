//! Things that are not people: what is alike but for a code is not the same.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use proptest::prelude::*;

use super::super::clean_text::clean_text;
use super::super::feature::Feature;
use super::super::feature_kind::FeatureKind;
use super::super::hashing::mix;
use super::super::key_part::{NO_KEY, Part};
use super::super::key_tables::{KeyColumns, KeyTables, RuleKeys};
use super::super::rule::{KeyPart, Rule};
use super::super::word_weights::{WordCounts, WordWeights};
use super::super::{Decisions, Records, RecordsBuilder, ResolveOptions, Resolver, evaluate};

fn cleaned(text: &str) -> (String, String) {
    let (mut words, mut codes) = (String::new(), String::new());
    clean_text(text, &mut words, &mut codes);
    (words, codes)
}

#[test]
fn codes_are_told_from_words() {
    for (text, words, codes) in [
        ("sony turntable pslx350h", "sony turntable", "pslx350h"),
        ("sharp bd hp21u player", "sharp bd player", "bdhp21u hp21u"),
        ("drive mb397g a", "drive a", "mb397g mb397ga"),
        ("casino 2007 win", "casino win", "2007"),
        ("nero 8 ultra", "nero 8 ultra", "nero8"),
        ("3 1 in", "3 1 in", ""),
        ("no codes at all", "no codes at all", ""),
        ("", "", ""),
    ] {
        assert_eq!(
            cleaned(text),
            (words.to_owned(), codes.to_owned()),
            "{text}"
        );
    }
    let many = "ab12 ".repeat(1000);
    assert!(cleaned(many.trim_end()).1.split(' ').count() <= 64);
}

/// Products of two shops, which describe them in words of their own. Of each model there are several
/// that differ by their code alone.
fn products() -> (Vec<[String; 4]>, Vec<Option<u64>>) {
    let brands = ["sony", "bose", "canon", "philips", "toshiba", "kodak"];
    let things = [
        "digital camera",
        "dvd player",
        "speaker system",
        "television",
        "printer",
    ];
    let words = [
        "black",
        "portable",
        "compact",
        "professional",
        "wireless",
        "silver",
        "classic",
    ];
    let (mut rows, mut truth) = (Vec::new(), Vec::new());
    for product in 0..400_u64 {
        let chance = |what: u64| mix(mix(product, 1), what);
        let family = product / 4;
        let of_family = |what: u64| mix(mix(family, 2), what);
        let pick = |chance: u64, of: &[&str]| of[(chance % of.len() as u64) as usize].to_owned();
        let (brand, thing) = (pick(of_family(1), &brands), pick(of_family(2), &things));
        let letters: String = (0..3)
            .map(|at| char::from(b'A' + (of_family(3 + at) % 26) as u8))
            .collect();
        let code = |blank: &str| format!("{letters}{blank}{}", 100 + family * 7 + product % 4);
        let price = 20 + of_family(9) % 400;
        for shop in 0..2_u64 {
            // Each shop has some that the other one has not.
            if chance(10 + shop) % 5 == 0 {
                continue;
            }
            let word = pick(chance(20 + shop), &words);
            let name = match shop {
                0 => format!("{brand} {word} {thing} {}", code("")),
                _ => format!(
                    "{brand} {} {thing} - {word}",
                    code(["", "-", " "][(chance(30) % 3) as usize])
                ),
            };
            let price = price * (95 + chance(40 + shop) % 10) / 100;
            let shop = ["a", "b"][shop as usize].to_owned();
            rows.push([
                format!("{shop}{product}"),
                shop,
                name,
                format!("{price}.99"),
            ]);
            truth.push(Some(product));
        }
    }
    (rows, truth)
}

fn resolver(rows: &[[String; 4]], more: &[(&str, &str)]) -> Resolver {
    let (records, options) = records(rows, more);
    Resolver::train(records, &options).unwrap()
}

fn records(rows: &[[String; 4]], more: &[(&str, &str)]) -> (Records, ResolveOptions) {
    let names = ["id", "shop", "name", "price"];
    let fields = names.map(|name| Field::new(name, DataType::Utf8, true));
    let columns = (0..4).map(|column| {
        let values: StringArray = rows.iter().map(|row| Some(&row[column])).collect();
        Arc::new(values) as ArrayRef
    });
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap();
    let said = [
        ("unique_id", "id"),
        ("source", "shop"),
        ("link", "link_only"),
    ];
    let options = ResolveOptions::parse(said.into_iter().chain(more.iter().copied())).unwrap();
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
    let mut builder = RecordsBuilder::new(&schema, &options, &pool).unwrap();
    builder.push(batch).unwrap();
    (builder.finish().unwrap(), options)
}

/// All years are within a few hundredths of each other: it is by how far they spread that they differ.
#[test]
fn numbers_are_as_far_apart_as_all_of_them_spread() {
    let row = |at: usize| {
        let shop = ["a", "b"][at % 2];
        let (name, year) = (format!("thing {}", at / 2), 1920 + at % 90);
        [at.to_string(), shop.to_owned(), name, year.to_string()]
    };
    let rows: Vec<[String; 4]> = (0..200).map(row).collect();
    let resolver = resolver(&rows, &[]);
    let label = |left, right| {
        let parts = resolver.explain(left, right).unwrap();
        let part = parts.into_iter().find(|part| part.comparison == "price");
        part.unwrap().label
    };
    assert_eq!(label(0, 1), "within 2 %");
    assert_eq!(label(0, 5), "within a tenth");
    assert_eq!(label(0, 15), "within a quarter");
    assert_eq!(label(0, 41), "different");
}

/// Keys that are looked up for many records at a time are those of each.
#[test]
fn keys_of_many_records_are_those_of_each() {
    let (records, _) = records(&products().0, &[]);
    let words: Vec<WordCounts> = records.features().iter().map(WordCounts::of).collect();
    let part = |feature, part| KeyPart { feature, part };
    let (name, codes, price) = (0, 1, 2);
    let mut large = Rule::new(&[part(price, Part::Whole)]);
    let of_large = large.keys(&records, &words, 0)[0];
    large.oversized.push(of_large);
    large.finer = Some(part(name, Part::Prefix(4)));
    let rules = [
        Rule::new(&[part(name, Part::Prefix(4))]),
        Rule::new(&[part(name, Part::Prefix(8)), part(price, Part::Whole)]),
        Rule::new(&[part(codes, Part::RareWords)]),
        Rule::new(&[part(codes, Part::RareWords), part(price, Part::Whole)]),
        large,
    ];
    let tables = KeyTables::of(rules.iter(), &records, &words, 1).unwrap();
    let of_rules: Vec<RuleKeys<'_>> = rules.iter().map(|rule| tables.of_rule(rule)).collect();
    let mut columns = KeyColumns::of(of_rules.iter());
    for range in [0..100, 100..records.len() as u32] {
        columns.look_up(&tables, range.clone());
        for (rule, keys) in rules.iter().zip(&of_rules) {
            let mut found = Vec::new();
            keys.each(&columns, |record, key| found.push((record, key)));
            let of_record = |record| {
                let keys = rule.keys(&records, &words, record).into_iter();
                keys.filter(|key| *key != NO_KEY)
                    .map(move |key| (record, key))
            };
            let expected: Vec<(u32, u64)> = range.clone().flat_map(of_record).collect();
            assert!(!expected.is_empty());
            assert_eq!(found, expected, "{rule:?}");
        }
    }
}

#[test]
fn products_that_differ_by_a_code_are_several() {
    let (rows, truth) = products();
    for more in [&[][..], &[("one_to_one", "off")]] {
        let resolver = resolver(&rows, more);
        let pairs = resolver.pairs().unwrap();
        let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
        let quality = evaluate(&clusters.entity_of, &truth);
        assert!(quality.pairs.f1() > 0.9, "{more:?}: {quality:?}");
    }
}

#[test]
fn sources_that_are_linked_have_each_entity_once_unless_they_repeat_themselves() {
    let (mut rows, _) = products();
    let learned = |rows: &[[String; 4]], more: &[(&str, &str)]| {
        resolver(rows, more).model().options().one_to_one
    };
    assert_eq!(learned(&rows, &[]), Some(true));
    assert_eq!(learned(&rows, &[("one_to_one", "off")]), Some(false));
    // Variants of a product look alike, and each of them has another match.
    let both = ("link", "link_and_dedupe");
    assert_eq!(learned(&rows, &[both]), Some(true));
    assert_eq!(learned(&rows, &[both, ("one_to_one", "off")]), Some(false));
    let mut repeated = rows.clone();
    for [id, shop, name, price] in &rows {
        let again = [
            format!("again {id}"),
            shop.clone(),
            format!("new {name}"),
            price.clone(),
        ];
        repeated.push(again);
    }
    assert_eq!(learned(&repeated, &[both]), None);
    for at in 0..40 {
        let [id, shop, name, price] = rows[at].clone();
        rows.push([format!("again {id}"), shop, name, price]);
    }
    assert_eq!(learned(&rows, &[]), Some(false));
    assert_eq!(learned(&rows, &[both]), None);
}

proptest! {
    /// The rarest word that two texts have in common is that of a search through all.
    #[test]
    fn the_rarest_common_word_is_that_of_a_search(texts in proptest::collection::vec("[a-e]( [a-e]){0,3}", 2..12)) {
        let mut feature = Feature::new(0, FeatureKind::Codes);
        let codes: Vec<u32> = texts.iter().map(|text| feature.intern(text).unwrap()).collect();
        feature.derive();
        for code in &codes {
            feature.counts[*code as usize] += 1;
        }
        let counts = WordCounts::of(&feature);
        let weights = WordWeights::new(&counts);
        let has = |text: &str, word: &str| text.split(' ').any(|other| other == word);
        let texts_of = |word: &str| texts.iter().filter(|text| has(text, word)).count();
        for (left, one) in texts.iter().zip(&codes) {
            for (right, other) in texts.iter().zip(&codes) {
                let common = left.split(' ').filter(|word| has(right, word));
                let expected = common.map(texts_of).min();
                let found = weights.rarest_common(feature.words(*one), feature.words(*other));
                prop_assert_eq!(found.map(|(texts, _)| texts as usize), expected);
            }
        }
    }
}
