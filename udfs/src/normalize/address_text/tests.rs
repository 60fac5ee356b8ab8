use proptest::prelude::*;

use super::*;

fn check(country: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let address = normalize(text, Habits::of_country(country));
        assert_eq!(address.as_deref(), Some(*expected), "{text}");
    }
}

#[test]
fn american() {
    check(
        "US",
        &[
            ("123 Main St.", "123 main street"),
            ("123 MAIN STREET", "123 main street"),
            (
                "123 N. Main St, Apt. 4B",
                "123 north main street apartment 4b",
            ),
            ("123 Main St #4B", "123 main street unit 4b"),
            ("123 Main St Apt #4B", "123 main street apartment 4b"),
            ("123 Main St NW", "123 main street northwest"),
            ("12 Saint James St", "12 saint james street"),
            ("12 St. James St.", "12 saint james street"),
            ("12 N St Louis Ave", "12 north saint louis avenue"),
            ("12 North St", "12 north street"),
            (
                "5 Main St St. Louis MO 63101",
                "5 main street saint louis mo 63101",
            ),
            (
                "12 Dr Martin Luther King Jr Blvd",
                "12 doctor martin luther king jr boulevard",
            ),
            ("12 Ocean Dr", "12 ocean drive"),
            (
                "12 Oak Ct, Hartford, CT 06103",
                "12 oak court hartford ct 06103",
            ),
            ("350 Fifth Ave, 34th Fl", "350 5th avenue 34th floor"),
            ("350 5th Avenue Fl 34", "350 5th avenue floor 34"),
            (
                "350 Fifth Ave, Miami, FL 33101-1234",
                "350 5th avenue miami fl 33101-1234",
            ),
            ("100 E St SE", "100 e street southeast"),
            (
                "100 Wilshire Blvd Ste 200",
                "100 wilshire boulevard suite 200",
            ),
            ("P.O. Box 12", "po box 12"),
            ("PO BOX 12", "po box 12"),
            ("Post Office Box 12", "po box 12"),
            ("1 Martin's Ln", "1 martins lane"),
            ("1 Mt Vernon Rd", "1 mount vernon road"),
            ("1 A & B Plz", "1 a and b plaza"),
        ],
    );
}

#[test]
fn british_and_australian() {
    check(
        "UK",
        &[
            (
                "Flat 2, 10 Downing St., London SW1A 2AA",
                "flat 2 10 downing street london sw1a 2aa",
            ),
            ("12 A High St", "12a high street"),
            ("12a High Street", "12a high street"),
            ("1 High St, St. Albans", "1 high street saint albans"),
            ("4 The Cres", "4 the crescent"),
            ("7 Kings Gdns", "7 kings gardens"),
            ("7 King’s Gardens", "7 kings gardens"),
            ("No. 5 Park Rd", "5 park road"),
            ("12–14 Mill Ln", "12-14 mill lane"),
        ],
    );
    check(
        "AU",
        &[
            ("3/12 Smith St", "unit 3 12 smith street"),
            ("Unit 3, 12 Smith Street", "unit 3 12 smith street"),
            ("5 Ocean Pde", "5 ocean parade"),
            ("5 Hill Tce, Level 2", "5 hill terrace level 2"),
        ],
    );
}

#[test]
fn german_and_french() {
    check(
        "DE",
        &[
            ("Hauptstr. 5", "hauptstrasse 5"),
            ("Hauptstraße 5", "hauptstrasse 5"),
            ("HAUPTSTRASSE 5 a", "hauptstrasse 5a"),
            ("Müllerstr.5", "muellerstrasse 5"),
            ("Muellerstraße 5", "muellerstrasse 5"),
            ("Berliner Str. 12", "berliner strasse 12"),
            ("St.-Anna-Pl. 1", "sankt anna platz 1"),
            ("Postfach 12 34", "po box 12 34"),
            ("Am Markt Nr. 5", "am markt 5"),
        ],
    );
    check(
        "FR",
        &[
            ("12 r. de la Paix", "12 rue de la paix"),
            ("12, rue de la Paix", "12 rue de la paix"),
            ("5 bd. St-Germain", "5 boulevard saint germain"),
            ("5 Boulevard Saint-Germain", "5 boulevard saint germain"),
            (
                "3 bis av. de l'Opéra, Bât. B, appt 4",
                "3 bis avenue de l opera batiment b apartment 4",
            ),
            ("10 pl. Ste. Catherine", "10 place sainte catherine"),
            ("Boîte postale 5", "po box 5"),
        ],
    );
}

#[test]
fn without_a_country() {
    check(
        "",
        &[
            ("123 Main St.", "123 main street"),
            ("Hauptstr. 5", "hauptstrasse 5"),
            ("Calle de la Luz 5", "calle de la luz 5"),
            ("Via S. Maria e Paolo 5", "via s maria e paolo 5"),
            ("東京都 千代田区 1-2", "東京都 千代田区 1-2"),
        ],
    );
    for text in ["", " ", ",", "-", "..."] {
        assert_eq!(normalize(text, Habits::Unknown), None, "{text}");
    }
}

fn repeats(text: &str) -> Result<(), TestCaseError> {
    for country in ["US", "GB", "AU", "DE", "FR", ""] {
        let habits = Habits::of_country(country);
        if let Some(address) = normalize(text, habits) {
            let again = normalize(&address, habits);
            prop_assert_eq!(
                again.as_deref(),
                Some(address.as_str()),
                "{} {}",
                text,
                country
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn never_panics_and_repeats(text in "\\PC{0,40}") {
        repeats(&text)?;
    }

    #[test]
    fn addresses_repeat(
        text in "((12|3/12|12a|5th|63101|st|st[.]|dr|main|n|e|NE|ave|ct|fl|apt|ste|#|no|first|mt|la|r|bd|str|hauptstr|a|PO|box|&|pl|Bât|lake|new)[ ,-]{1,2}){1,7}"
    ) {
        repeats(&text)?;
    }
}
