use phonenumber::metadata::Descriptor;

use super::*;
use crate::normalize::numbering_rules::KINDS;

#[test]
fn every_pattern_compiles() {
    for region in &PLANS.regions {
        assert!(region.rules().is_some(), "{}", region.metadata.id());
        assert_eq!(
            region.leading_digits().is_some(),
            region.metadata.leading_digits().is_some(),
            "{}",
            region.metadata.id()
        );
    }
    assert!(PLANS.regions.len() > 240);
}

/// The numbers that the metadata gives as examples, dialled from abroad and at home.
#[test]
fn every_example_number_is_valid() {
    let mut examples = 0;
    for region in &PLANS.regions {
        let metadata = region.metadata;
        for kind in KINDS {
            let descriptor = metadata.descriptors().get(kind);
            let Some(example) = descriptor.and_then(Descriptor::example) else {
                continue;
            };
            let expected = format!("+{}{example}", metadata.country_code());
            let digits = &expected[1..];
            assert_eq!(PLANS.international(digits), Some(expected.clone()));
            assert_eq!(
                PLANS.national(example, region),
                Some(expected.clone()),
                "{} {kind:?}",
                metadata.id()
            );
            examples += 1;
        }
    }
    assert!(examples > 1000, "{examples}");
}
