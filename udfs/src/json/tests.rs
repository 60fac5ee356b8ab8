//! Documents against a slow, plain reader of them.

use proptest::prelude::*;

use super::get::{Key, Step, find};
use super::kind::JsonKind;
use super::order::write_key;
use super::scan::check;
use super::value::{Value, canonical};

/// Any document, written with blanks and escapes.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        // serde_json reads others by a bit more or less.
        (-1_000_000_000..1_000_000_000_i64)
            .prop_map(|eighths| serde_json::Value::from(eighths as f64 / 8.0)),
        "[a-zä\"\\\\\\n😀]{0,6}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[ab\"]{0,3}", inner, 0..6)
                .prop_map(|members| { serde_json::Value::Object(members.into_iter().collect()) }),
        ]
    })
}

proptest! {
    #[test]
    fn the_one_form_means_the_same(document in document()) {
        let text = canonical(&document.to_string()).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &document);
        prop_assert_eq!(canonical(&text).unwrap(), text.clone());
        let pretty = serde_json::to_string_pretty(&document).unwrap();
        prop_assert_eq!(canonical(&pretty).unwrap(), text);
    }

    #[test]
    fn what_serde_refuses_is_refused(text in "[\\[\\]{}:,\"a0-2. \\\\unltre-]{0,12}") {
        let ours = check(&text).is_ok();
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        // serde reads no surrogates that stand alone, which `json` keeps.
        prop_assert!(ours == theirs || ours && text.contains("\\u"), "{text:?}: {ours}");
    }

    #[test]
    fn members_are_found_in_both_forms(document in document(), key in "[ab\"]{0,3}", index in -4_i64..4) {
        let written = serde_json::to_string_pretty(&document).unwrap();
        let stored = canonical(&written).unwrap();
        for step in [Step::Key(Key::new(&key)), Step::Index(index)] {
            let expected = match (&step, &document) {
                (Step::Key(_), serde_json::Value::Object(members)) => members.get(&key),
                (Step::Index(index), serde_json::Value::Array(elements)) => {
                    let place = if *index < 0 { *index + elements.len() as i64 } else { *index };
                    usize::try_from(place).ok().and_then(|place| elements.get(place))
                }
                _ => None,
            };
            for (text, kind) in [(&written, JsonKind::Json), (&stored, JsonKind::Jsonb)] {
                let found = find(text, &step, kind).unwrap();
                let found: Option<serde_json::Value> =
                    found.map(|part| serde_json::from_str(part).unwrap());
                prop_assert_eq!(found.as_ref(), expected);
            }
        }
    }

    #[test]
    fn keys_of_equal_documents_are_equal(left in document(), right in document()) {
        let key = |document: &serde_json::Value| {
            let mut key = Vec::new();
            write_key(&Value::parse(&document.to_string()).unwrap(), &mut key).unwrap();
            key
        };
        let same = canonical(&left.to_string()).unwrap() == canonical(&right.to_string()).unwrap();
        if same {
            prop_assert_eq!(key(&left), key(&right));
        } else if !left.to_string().contains('.') {
            prop_assert_ne!(key(&left), key(&right));
        }
    }
}

#[test]
fn numbers_are_written_as_numerics() {
    let cases = [
        ("1e5", "100000"),
        ("1.50", "1.50"),
        ("-0", "0"),
        ("-0.0", "0.0"),
        ("1.5e1", "15"),
        ("1.50e1", "15.0"),
        ("1e-3", "0.001"),
        ("0e10", "0"),
        (
            "12345678901234567890123456789012345678901234567890.5",
            "12345678901234567890123456789012345678901234567890.5",
        ),
    ];
    for (written, expected) in cases {
        assert_eq!(canonical(written).unwrap(), expected, "{written}");
    }
}
