//! What columns of customer data are found to hold.

use std::collections::BTreeMap;

use super::super::date_order::{DateOrder, DateOrders};
use super::super::hint::Hint;
use super::super::kind::ColumnKind;
use super::super::profile::profile;

/// What a column is found to hold, of which each value is that of so many records.
fn kind_of(name: &str, values: &[&str], records: usize) -> ColumnKind {
    let distinct = counted(values, records as u32);
    profile(
        (name, Hint::of(name)),
        &distinct,
        distinct.len(),
        values.len() * records,
    )
    .0
}

/// The distinct ones of some values, of which each is that of so many records.
fn counted<'a>(values: &[&'a str], records: u32) -> Vec<(&'a str, u32)> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += records;
    }
    counts.into_iter().collect()
}

/// Texts that are made of the numbers from 0.
fn texts(count: u32, make: impl Fn(u32) -> String) -> Vec<String> {
    (0..count).map(make).collect()
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn dates_are_dates_among_texts_that_stand_for_none() {
    type Write = fn((u32, u32, u32)) -> String;
    let day = |at: u32| (1 + at % 28, 1 + at % 12, 1950 + at % 50);
    let makes: [Write; 4] = [
        |(day, month, year)| format!("{day:02}.{month:02}.{year}"),
        |(day, month, year)| format!("{day:02}-{month:02}-{year}"),
        |(day, month, year)| format!("{year}{month:02}{day:02}"),
        |(day, month, year)| format!("{day:02}.{month:02}.{year} 00:00"),
    ];
    for make in makes {
        let dates = texts(5, |at| make(day(at)));
        let with = |more: &[&'static str]| [borrowed(&dates).as_slice(), more].concat();
        for more in [&[][..], &[" ", "n/a"], &["  ", "-", "unknown"]] {
            let values = with(more);
            assert_eq!(kind_of("c", &values, 2), ColumnKind::Date, "{values:?}");
        }
    }
    // Several are in another order, or no days.
    let mut dates = texts(20, |at| makes[0](day(at + 15)));
    dates.extend(texts(8, |at| format!("{:02}.{:02}.1980", 1 + at, 21 + at)));
    assert_eq!(kind_of("c", &borrowed(&dates), 1), ColumnKind::Date);
    // Telephone numbers are not, whatever divides them.
    let phones = texts(50, |at| {
        format!("{:02}.{:02}.55.{:02}.17", 1 + at % 9, at, 99 - at)
    });
    assert_eq!(kind_of("c", &borrowed(&phones), 1), ColumnKind::Phone);
    let phones = texts(50, |at| {
        format!("{:02}-{:02}-55{:02}", 20 + at, at + 10, 99 - at)
    });
    assert_eq!(kind_of("c", &borrowed(&phones), 1), ColumnKind::Phone);
    assert_eq!(kind_of("c", &[" ", "-", "N/A"], 9), ColumnKind::Ignore);
}

#[test]
fn dates_of_several_systems_are_read_each_in_its_order() {
    let written = texts(90, |at| {
        let (day, month, year) = (1 + at % 28, 1 + at % 12, 1950 + at % 50);
        match at % 3 {
            0 => format!("{year}-{month:02}-{day:02}"),
            1 => format!("{day:02}.{month:02}.{year}"),
            _ => format!("{month:02}/{day:02}/{year}"),
        }
    });
    let values = borrowed(&written);
    assert_eq!(kind_of("c", &values, 1), ColumnKind::Date);
    let (orders, all) = DateOrders::of(&values);
    assert_eq!(all, values.len());
    let day = |text: &str| orders.read(text).map(|day| day.to_string());
    for (text, is) in [
        ("1977-07-04", Some("1977-07-04")),
        ("04.07.1977", Some("1977-07-04")),
        ("07/04/1977", Some("1977-07-04")),
        ("13.07.1977", Some("1977-07-13")),
        ("07/13/1977", Some("1977-07-13")),
        // These cannot be of the order of the others.
        ("13/07/1977", Some("1977-07-13")),
        ("07.13.1977", Some("1977-07-13")),
        ("31.02.1977", None),
        ("13.13.1977", None),
    ] {
        assert_eq!(day(text).as_deref(), is, "{text}");
    }
    // With dots the day is first, where nothing shows which part it is.
    let (orders, _) = DateOrders::of(&["07/13/1977", "12/31/1980", "04.07.1977"]);
    let day = |text: &str| orders.read(text).map(|day| day.to_string());
    assert_eq!(day("04.07.1977").as_deref(), Some("1977-07-04"));
    assert_eq!(day("07/04/1977").as_deref(), Some("1977-07-04"));
    // Models that were learned before it was looked for read as they did.
    let before = DateOrders {
        most: DateOrder::Dmy,
        marked: None,
    };
    assert_eq!(before.read("07/13/1977"), None);
    assert!(before.read("13/07/1977").is_some());
}

#[test]
fn numbers_whose_checks_hold_are_national_ids() {
    let chinese = [
        "11010519491231002X",
        "440524188001010014",
        "110101199003070134",
    ];
    let spanish = ["12345678Z", "X1234567L", "Y1234567X"];
    let brazilian = ["529.982.247-25", "111.444.777-35", "123.456.789-09"];
    let french = [
        "1 85 05 78 006 084 91",
        "2 55 08 14 168 025 38",
        "1-90-01-2A-123-456-15",
    ];
    let indian = [
        "2341 2341 2346",
        "9999 4105 7058",
        "5678 2345 6713",
        "8041 2299 0170",
    ];
    let italian = ["RSSMRA85T10A562S", "MRTMTT91D08F205J"];
    for values in [
        &chinese[..],
        &spanish,
        &brazilian,
        &french,
        &indian,
        &italian,
    ] {
        assert_eq!(
            kind_of("c", values, 3),
            ColumnKind::NationalId,
            "{values:?}"
        );
    }
    // Where one in ten has the right check, many are needed, and nearly all of them right.
    let with_check = |prefix: &str, weights: &[u32], modulus: u32| {
        let sum: u32 = weights
            .iter()
            .zip(prefix.chars())
            .map(|(weight, digit)| weight * digit.to_digit(10).unwrap())
            .sum();
        let check = sum % modulus;
        (check < 10).then(|| format!("{prefix}{check}"))
    };
    let dutch: Vec<String> = (0..40)
        .filter_map(|at| {
            with_check(
                &format!("{}", 10_203_040 + at * 1_717_171),
                &[9, 8, 7, 6, 5, 4, 3, 2],
                11,
            )
        })
        .collect();
    assert!(dutch.len() > 20);
    assert_eq!(kind_of("c", &borrowed(&dutch), 1), ColumnKind::NationalId);
    // Telephone numbers of as many digits stay what they are.
    let phones = texts(60, |at| format!("{}", 301_203_040 + at * 1_717_171));
    assert_eq!(kind_of("c", &borrowed(&phones), 1), ColumnKind::Phone);
    let mixed = [&borrowed(&dutch)[..20], &borrowed(&phones)[..20]].concat();
    assert_eq!(kind_of("c", &mixed, 1), ColumnKind::Phone);
}

#[test]
fn names_of_columns_are_known_in_several_languages() {
    const GIVEN: [&str; 6] = ["Ana", "Luis", "Carmen", "Juan Carlos", "Pedro", "Elena"];
    const FAMILY: [&str; 6] = ["Soto", "Ruiz", "Vega", "de la Cruz", "Ponce", "Mora"];
    let both = texts(36, |at| {
        let (given, family) = (GIVEN[at as usize % 6], FAMILY[at as usize / 6]);
        format!("{given} {family} Sanz")
    });
    let turned = texts(36, |at| {
        let (given, family) = (GIVEN[at as usize % 6], FAMILY[at as usize / 6]);
        format!("{family}, {given}")
    });
    let families = texts(36, |at| {
        let (first, second) = (at as usize % 6, at as usize / 6);
        format!(
            "{} {}",
            FAMILY[first].replace(' ', ""),
            FAMILY[second].replace(' ', "")
        )
    });
    let both = borrowed(&both);
    let numbers = texts(30, |at| format!("{}", 10_000 + at * 37));
    let codes = texts(30, |at| format!("{}", 71_234_567 + at * 37_113));
    let phones = texts(30, |at| format!("600 {:03} {:03}", at * 7, at * 11));
    let places = ["Sevilla", "Toledo", "Soria", "San Juan", "Lugo", "Palencia"];
    // Some of these are none: it takes the name to know what they are meant to be.
    let dates = texts(30, |at| {
        format!("{:02}{:02}19{:02}", 1 + at % 28, 1 + at % 20, 50 + at)
    });
    for (kind, values, names) in [
        (
            ColumnKind::GivenName,
            &GIVEN[..],
            &[
                "nombre",
                "Nombre",
                "nombres",
                "primer_nombre",
                "nombre_cliente",
                "nombreCliente",
                "nome",
                "nome_proprio",
                "prénom",
                "PRENOM",
                "Vorname",
                "voornaam",
                "roepnaam",
            ][..],
        ),
        (
            ColumnKind::FamilyName,
            &FAMILY,
            &[
                "apellido",
                "primer_apellido",
                "apelido",
                "sobrenome",
                "cognome",
                "nom",
                "nom_de_famille",
                "nom_naissance",
                "Familienname",
                "Geburtsname",
                "achternaam",
            ],
        ),
        (
            ColumnKind::FamilyName,
            &borrowed(&families),
            &["apellidos", "Apellidos del cliente"],
        ),
        (
            ColumnKind::FullName,
            &both,
            &[
                "nombre",
                "nombre_completo",
                "nombre_y_apellidos",
                "nome",
                "nom",
                "nom_complet",
                "nom_prenom",
                "naam",
            ],
        ),
        (
            ColumnKind::FullName,
            &borrowed(&turned),
            &["apellidos", "nom", "nome", "nombre_completo"],
        ),
        (
            ColumnKind::City,
            &places,
            &[
                "ciudad",
                "poblacion",
                "municipio",
                "cidade",
                "città",
                "ville",
                "Wohnort",
                "woonplaats",
            ],
        ),
        (
            ColumnKind::Street,
            &places,
            &[
                "direccion",
                "Dirección",
                "calle",
                "rue",
                "adresse",
                "Straße",
                "Anschrift",
                "endereço",
                "indirizzo",
                "straat",
            ],
        ),
        (
            ColumnKind::Postcode,
            &borrowed(&numbers),
            &[
                "codigo_postal",
                "código_postal",
                "code_postal",
                "cap",
                "PLZ",
                "cp",
            ],
        ),
        (
            ColumnKind::NationalId,
            &borrowed(&numbers),
            &[
                "dni",
                "codice",
                "numero_cliente",
                "Kundennummer",
                "idCliente",
                "bsn",
                "nif",
            ],
        ),
        (
            ColumnKind::Phone,
            &borrowed(&codes),
            &[
                "telefono",
                "teléfono",
                "telefone",
                "téléphone",
                "Telefonnummer",
                "telefoon",
                "movil",
            ],
        ),
        (
            ColumnKind::Phone,
            &borrowed(&phones),
            &["telefono", "handy"],
        ),
        (
            ColumnKind::Date,
            &borrowed(&dates),
            &[
                "fecha_nacimiento",
                "date_de_naissance",
                "Geburtsdatum",
                "data_nascimento",
                "data_di_nascita",
                "geboortedatum",
            ],
        ),
        (
            ColumnKind::Number,
            &borrowed(&numbers),
            &["precio", "montant", "Betrag", "preço", "prezzo", "edad"],
        ),
        (
            ColumnKind::Ignore,
            &borrowed(&numbers),
            &["fecha_modificacion", "erstellt_am"],
        ),
        // Names of other things are told by what they are.
        (
            ColumnKind::City,
            &places,
            &["nombre_producto", "nom_fichier", "nome_evento"],
        ),
        (ColumnKind::NationalId, &borrowed(&codes), &["nombre"]),
    ] {
        for name in names {
            assert_eq!(kind_of(name, values, 1), kind, "{name}: {values:?}");
        }
    }
}

#[test]
fn names_of_columns_are_known_in_further_languages() {
    let letter = |at: u32| char::from(b'a' + (at % 26) as u8);
    let one = texts(40, |at| format!("M{}{}o", letter(at), letter(at / 3)));
    let two = texts(40, |at| format!("M{}o {}a", letter(at), letter(at / 3)));
    let numbers = texts(30, |at| format!("{}", 10_000 + at * 37));
    let codes = texts(30, |at| format!("{}", 71_234_567 + at * 37_113));
    let dates = texts(30, |at| {
        format!("{:02}{:02}19{:02}", 1 + at % 28, 1 + at % 20, 50 + at)
    });
    for (kind, values, names) in [
        (
            ColumnKind::GivenName,
            &one,
            &[
                "imię", "Jméno", "fornavn", "förnamn", "Etunimi", "Имя", "navn", "prenume",
            ][..],
        ),
        (
            ColumnKind::FamilyName,
            &one,
            &[
                "nazwisko",
                "příjmení",
                "efternamn",
                "Фамилия",
                "sukunimi",
                "maiden_name",
                "nume",
            ],
        ),
        (
            ColumnKind::City,
            &two,
            &["miasto", "město", "şehir", "город", "城市", "poststed"],
        ),
        (
            ColumnKind::Street,
            &two,
            &["ulica", "Адрес", "住所", "katuosoite", "utca"],
        ),
        (ColumnKind::FullName, &two, &["姓名", "ФИО", "navn", "имя"]),
        (
            ColumnKind::Postcode,
            &numbers,
            &[
                "kod_pocztowy",
                "PSČ",
                "postnummer",
                "почтовый_индекс",
                "邮编",
            ],
        ),
        (
            ColumnKind::Phone,
            &codes,
            &["телефон", "电话", "puhelin", "komorka"],
        ),
        (
            ColumnKind::NationalId,
            &codes,
            &["PESEL", "ИНН", "iban", "account", "duns"],
        ),
        (
            ColumnKind::Date,
            &dates,
            &[
                "data_urodzenia",
                "fødselsdato",
                "födelsedatum",
                "дата_рождения",
                "születési_dátum",
            ],
        ),
        (
            ColumnKind::Number,
            &codes,
            &[
                "cena",
                "kwota",
                "цена",
                "salary",
                "balance",
                "mileage",
                "kilométrage",
            ],
        ),
    ] {
        for name in names {
            let values = borrowed(values);
            assert_eq!(kind_of(name, &values, 1), kind, "{name}: {values:?}");
        }
    }
    // What stands beside them says more.
    for (name, values, kind) in [
        ("account_created_at", &dates, ColumnKind::Ignore),
        ("account_first_name", &one, ColumnKind::GivenName),
        ("policy_city", &two, ColumnKind::City),
    ] {
        assert_eq!(kind_of(name, &borrowed(values), 1), kind, "{name}");
    }
}

#[test]
fn postal_codes_with_a_mark_are_no_telephone_numbers() {
    let american = texts(40, |at| {
        format!("{:05}-{:04}", 10_001 + at * 7, 1000 + at * 13)
    });
    let brazilian = texts(40, |at| format!("{:05}-{:03}", 1_310 + at * 17, at * 10));
    for (name, values) in [
        ("zip", &american),
        ("zip_code", &american),
        ("cep", &brazilian),
    ] {
        assert_eq!(
            kind_of(name, &borrowed(values), 1),
            ColumnKind::Postcode,
            "{values:?}"
        );
    }
    // Whatever they are called.
    let phones = texts(40, |at| format!("+44 20 7946 {at:04}"));
    assert_eq!(kind_of("zip", &borrowed(&phones), 1), ColumnKind::Phone);
}

#[test]
fn whether_something_is_so_is_a_category_whatever_it_is() {
    let names = [
        "c",
        "first_order",
        "phone_verified",
        "has_zip",
        "address_known",
        "has_vat_id",
    ];
    for name in names {
        for values in [
            ["true", "false"],
            ["Y", "N"],
            ["1", "0"],
            ["sí", "no"],
            ["Ja", "Nein"],
        ] {
            assert_eq!(
                kind_of(name, &values, 2),
                ColumnKind::Category,
                "{name}: {values:?}"
            );
        }
    }
    assert_eq!(kind_of("quantity", &["1", "0"], 9), ColumnKind::Number);
    assert_eq!(
        kind_of("first_name", &["Si", "No", "Ann"], 1),
        ColumnKind::GivenName
    );
}

#[test]
fn numbers_longer_than_those_of_telephones_are_codes() {
    let cards = texts(40, |at| format!("63398{:011}", u64::from(at) * 79_190_017));
    assert_eq!(kind_of("c", &borrowed(&cards), 1), ColumnKind::NationalId);
    let phones = texts(40, |at| format!("4930{:08}", 11_000_000 + at * 1_919_017));
    assert_eq!(kind_of("c", &borrowed(&phones), 1), ColumnKind::Phone);
}

#[test]
fn streets_may_have_their_numbers_last() {
    const NAMES: [&str; 9] = [
        "Hauptstraße",
        "Lindenweg",
        "Bahnhofstr.",
        "Calle Mayor",
        "Via Roma",
        "Rue Neuve",
        "Kerkstraat",
        "Alter Platz",
        "Avenida Sol",
    ];
    for split in [" ", ", "] {
        let streets = texts(90, |at| {
            format!("{}{split}{}", NAMES[at as usize % 9], 1 + at)
        });
        assert_eq!(kind_of("c", &borrowed(&streets), 1), ColumnKind::Street);
    }
    // Names of things have numbers, too.
    let things = texts(90, |at| format!("Super Camera {}", 100 + at));
    assert_eq!(kind_of("c", &borrowed(&things), 1), ColumnKind::FreeText);
}

#[test]
fn amounts_with_thousands_are_numbers() {
    let large = texts(40, |at| format!("${},{:03}.50", 12 + at, at * 21));
    let whole = texts(40, |at| format!("{},{:03},{:03}", 1 + at % 7, at, at * 21));
    for name in ["c", "amount"] {
        assert_eq!(kind_of(name, &borrowed(&large), 1), ColumnKind::Number);
    }
    assert_eq!(kind_of("amount", &borrowed(&whole), 1), ColumnKind::Number);
    // Commas between other groups say nothing of that.
    let lists = texts(40, |at| format!("{},{},{}", 10 + at, 1000 + at, at));
    assert_ne!(kind_of("c", &borrowed(&lists), 1), ColumnKind::Number);
}

#[test]
fn quantities_are_numbers_however_they_are_written() {
    type Write = fn(u32) -> String;
    let writes: [Write; 11] = [
        |at| format!("{}.{:03},{:02}", 1 + at % 9, at * 21, at),
        |at| format!("{} {:03},{:02} €", 1 + at % 9, at * 21, at),
        |at| format!("{}\u{202f}{:03},{:02}", 1 + at % 9, at * 21, at),
        |at| format!("€ {}.{:03},-", 1 + at % 9, at * 21),
        |at| format!("{}'{:03}.{:02}", 1 + at % 9, at * 21, at),
        |at| format!("({}.{:02})", 100 + at * 7, at),
        |at| format!("{},{:03}", 10 + at, at * 21),
        |at| format!("{},{} %", at, at % 10),
        |at| format!("{}.{} kg", at, at % 10),
        |at| format!("{}\"", 10 + at),
        |at| format!("{}:{:02}", 2 + at % 5, at),
    ];
    for write in writes {
        let values = texts(40, write);
        for name in ["c", "umsatz", "preis"] {
            let values = borrowed(&values);
            assert_eq!(kind_of(name, &values, 1), ColumnKind::Number, "{values:?}");
        }
    }
    // What has groups of three digits is a quantity where it is called so.
    let groups = texts(40, |at| format!("{}.{:03}.{:03}", 10 + at, at, at * 21));
    assert_eq!(kind_of("betrag", &borrowed(&groups), 1), ColumnKind::Number);
    assert_eq!(
        kind_of("dni", &borrowed(&groups), 1),
        ColumnKind::NationalId
    );
    assert_ne!(kind_of("c", &borrowed(&groups), 1), ColumnKind::Number);
    // Letters behind numbers of houses are no units, nor are codes that end in letters.
    let houses = texts(60, |at| match at % 3 {
        0 => format!("{}{}", 1 + at, ['a', 'b', 'c', 'm'][at as usize / 3 % 4]),
        _ => format!("{at}"),
    });
    assert_ne!(kind_of("c", &borrowed(&houses), 1), ColumnKind::Number);
    let codes = texts(60, |at| {
        format!("{}{}", 100 + at, (b'A' + (at % 26) as u8) as char)
    });
    assert_eq!(kind_of("c", &borrowed(&codes), 1), ColumnKind::NationalId);
}

#[test]
fn words_within_others_say_nothing() {
    let letter = |at: u32| char::from(b'A' + (at % 26) as u8);
    let values = texts(40, |at| format!("{}x {}y", letter(at), letter(at / 3)));
    let values = borrowed(&values);
    let plain = kind_of("c", &values, 1);
    for name in [
        "ethnicity",
        "capacity",
        "plastic",
        "last_status",
        "first_page",
        "product_family",
        "confirmed_by",
    ] {
        assert_eq!(kind_of(name, &values, 1), plain, "{name}");
    }
    for (name, kind) in [
        ("homecity", ColumnKind::City),
        ("BillingCity", ColumnKind::City),
        ("last", ColumnKind::FamilyName),
        ("custlastname", ColumnKind::FamilyName),
        ("family", ColumnKind::FamilyName),
        ("first", ColumnKind::GivenName),
        ("client_first", ColumnKind::GivenName),
    ] {
        assert_eq!(kind_of(name, &values, 1), kind, "{name}");
    }
    // Where nothing else tells them from others.
    let numbers = texts(40, |at| format!("{}", 100 + at * 37));
    let numbers = borrowed(&numbers);
    assert_eq!(kind_of("vatnr", &numbers, 1), ColumnKind::NationalId);
    assert_ne!(kind_of("elevation", &numbers, 1), ColumnKind::NationalId);
}

#[test]
fn a_name_beside_the_other_part_of_it_is_the_rest() {
    let values = texts(40, |at| {
        let letter = |at: u32| char::from(b'a' + (at % 26) as u8);
        format!("M{}{}er", letter(at), letter(at / 3))
    });
    let values = borrowed(&values);
    let kind_beside = |names: &[&str]| {
        let hint = Hint::of_all(names)[0];
        let counted = counted(&values, 1);
        profile((names[0], hint), &counted, counted.len(), values.len()).0
    };
    for (names, kind) in [
        (&["name", "vorname"][..], ColumnKind::FamilyName),
        (&["Name", "dob", "first_name"], ColumnKind::FamilyName),
        (&["Kundenname", "prenom"], ColumnKind::FamilyName),
        (&["name", "vorname", "geburtsname"], ColumnKind::FamilyName),
        (&["name", "surname"], ColumnKind::GivenName),
        // It may be that of anything, or there are both beside it.
        (&["name"], ColumnKind::City),
        (&["name", "city"], ColumnKind::City),
        (&["name", "first_name", "last_name"], ColumnKind::City),
        (&["brand_name", "first_name"], ColumnKind::City),
        (&["user_name", "first_name"], ColumnKind::City),
        (&["name", "customer_name", "first_name"], ColumnKind::City),
    ] {
        assert_eq!(kind_beside(names), kind, "{names:?}");
    }
    // Two words throughout are both parts.
    let both = texts(40, |at| format!("{} {}", values[at as usize], values[0]));
    let hint = Hint::of_all(&["name", "vorname"])[0];
    let counted = counted(&borrowed(&both), 1);
    let (kind, ..) = profile(("name", hint), &counted, counted.len(), both.len());
    assert_eq!(kind, ColumnKind::FullName);
}

#[test]
fn codes_may_be_written_in_groups() {
    let letter = |at: u32| char::from(b'A' + (at % 26) as u8);
    for values in [
        texts(40, |at| {
            format!("DE{:02} 3704 {:04} 0532 {:04} 00", at, at * 7, at * 13)
        }),
        texts(40, |at| {
            format!("NL{:02} ABNA 04{:02} {:04} 00", at, at * 2, at * 13)
        }),
        texts(40, |at| format!("HRB {}", 10_000 + at * 37)),
        texts(40, |at| format!("B-{}W {}", letter(at), 1000 + at * 37)),
        // Of one letter and many digits, as policies have, or as handles begin.
        texts(40, |at| format!("{}{}", letter(at), 102_030_405 + at * 37)),
        texts(40, |at| format!("@{}moore{}", letter(at), at)),
    ] {
        let values = borrowed(&values);
        assert_eq!(
            kind_of("c", &values, 1),
            ColumnKind::NationalId,
            "{values:?}"
        );
    }
    // Sizes, and addresses in capital letters.
    for values in [
        texts(40, |at| {
            format!("{} X {} X {} CM", 10 + at, 20 + at, 30 + at)
        }),
        texts(40, |at| format!("{} N {}TH ST", 1000 + at, 20 + at)),
    ] {
        let values = borrowed(&values);
        assert_eq!(kind_of("c", &values, 1), ColumnKind::FreeText, "{values:?}");
    }
    // Hours have as many digits as telephone numbers, and other marks.
    let hours = texts(40, |at| format!("1{}:00-22:{at:02}", at % 10));
    assert_ne!(kind_of("c", &borrowed(&hours), 1), ColumnKind::Phone);
    let phones = texts(40, |at| format!("030-1234{at:03}x12"));
    assert_eq!(kind_of("c", &borrowed(&phones), 1), ColumnKind::Phone);
}

#[test]
fn postal_codes_that_have_letters_need_no_name() {
    let letter = |at: u32| char::from(b'A' + (at % 26) as u8);
    for values in [
        texts(40, |at| {
            format!("{} {}{}", 1011 + at * 37, letter(at), letter(at * 3))
        }),
        texts(40, |at| {
            format!("SW{}{} {}AA", 1 + at % 9, letter(at), at % 10)
        }),
        texts(40, |at| format!("{}{}B {}C1", letter(at), at % 10, at % 7)),
    ] {
        let values = borrowed(&values);
        assert_eq!(kind_of("c", &values, 1), ColumnKind::Postcode, "{values:?}");
    }
}

#[test]
fn streets_are_known_in_further_languages() {
    for (street, town) in [
        ("C/ Mayor,", ""),
        ("ul. Długa", " m. 3"),
        ("ул. Ленина, д.", ", кв. 7"),
        ("Storgatan", ""),
        ("Vestergade", " st."),
        ("北京市朝阳区建国路", "号"),
    ] {
        let values = texts(40, |at| {
            format!("{street} {}{town}", 10 + at).replace("路 ", "路")
        });
        let values = borrowed(&values);
        assert_eq!(kind_of("c", &values, 1), ColumnKind::Street, "{values:?}");
    }
}

#[test]
fn english_names_of_people_need_no_name() {
    const GIVEN: [&str; 10] = [
        "James", "Mary", "Kate", "Aisha", "Omar", "Yuki", "Nadia", "Ivan", "Ingrid", "Bill",
    ];
    let letter = |at: u32| char::from(b'a' + (at % 26) as u8);
    let family = |at: u32| format!("M{}{}er", letter(at), letter(at / 3));
    let given = texts(80, |at| match at {
        ..10 => GIVEN[at as usize].to_owned(),
        _ => format!("A{}{}i", letter(at), letter(at / 3)),
    });
    let whole = texts(80, |at| {
        format!("{} {}", GIVEN[at as usize % 10], family(at))
    });
    let turned = texts(80, |at| {
        format!("{}, {} B", family(at), GIVEN[at as usize % 10])
    });
    let families = texts(80, family);
    let things = texts(80, |at| format!("Blue {}", family(at)));
    for (values, kind) in [
        (&given[..30], ColumnKind::GivenName),
        (&whole, ColumnKind::FullName),
        (&turned, ColumnKind::FullName),
        (&families, ColumnKind::City),
        (&things, ColumnKind::FreeText),
    ] {
        let values = borrowed(values);
        assert_eq!(kind_of("c", &values, 1), kind, "{values:?}");
    }
}

#[test]
fn people_who_are_addressed_need_no_name() {
    let people = |titles: [&'static str; 3]| {
        texts(60, |at| {
            let letter = |at: u32| char::from(b'a' + (at % 26) as u8);
            let title = titles[at as usize % 3];
            format!("{title} Qz{}{}o", letter(at), letter(at / 7))
        })
    };
    let addressed = people(["Mr", "Mrs", "Dr."]);
    assert_eq!(kind_of("c", &borrowed(&addressed), 1), ColumnKind::FullName);
    let others = people(["Old", "New", "Great"]);
    assert_eq!(kind_of("c", &borrowed(&others), 1), ColumnKind::FreeText);
}

#[test]
fn names_of_which_there_are_few_are_not_those_of_people() {
    let programs = [
        "Tuition Based Preschool",
        "Head Start",
        "Community Partnerships",
    ];
    assert_eq!(
        kind_of("program_name", &programs, 300),
        ColumnKind::Category
    );
    assert_eq!(kind_of("program_name", &programs, 30), ColumnKind::FullName);
}

#[test]
fn given_names_are_known_by_those_that_many_have() {
    const GIVEN: [&str; 10] = [
        "james", "kate", "bill", "andrew", "tony", "barbara", "ben", "charles", "daniel", "david",
    ];
    let letter = |at: u32| char::from(b'a' + (at % 26) as u8);
    let others = texts(180, |at| format!("x{}{}o", letter(at), letter(at / 26)));
    let kind = |records: u32| {
        let given = GIVEN.iter().map(|name| (*name, records));
        let others = others.iter().map(|name| (name.as_str(), 1));
        let values: Vec<(&str, u32)> = given.chain(others).collect();
        let present = 180 + 10 * records as usize;
        profile(("c", Hint::None), &values, values.len(), present).0
    };
    assert_eq!(kind(1), ColumnKind::City);
    assert_eq!(kind(10), ColumnKind::GivenName);
}

#[test]
fn names_that_are_turned_at_times_are_those_of_people() {
    let letter = |at: u32| char::from(b'a' + (at % 26) as u8);
    let given = |at: u32| format!("Qx{}{}", letter(at % 40), letter(at % 40 / 26));
    let family = |at: u32| format!("Zy{}{}", letter(at), letter(at / 26));
    let names = texts(200, |at| match at % 4 {
        0 => format!("{}, {}", family(at), given(at / 4)),
        _ => format!("{} {}", given(at), family(at)),
    });
    assert_eq!(kind_of("c", &borrowed(&names), 1), ColumnKind::FullName);
    // Articles of titles are behind commas, too, and other words that nothing begins with.
    let titles = texts(200, |at| match at % 4 {
        0 => format!("{}, The", family(at)),
        _ => format!("The {}", family(at)),
    });
    assert_eq!(kind_of("c", &borrowed(&titles), 1), ColumnKind::FreeText);
    let places = texts(200, |at| match at % 4 {
        0 => format!("{}, {}", family(at), given(at / 4)),
        _ => format!("{} {}", family(at), given(at)),
    });
    assert_eq!(kind_of("c", &borrowed(&places), 1), ColumnKind::FreeText);
}

#[test]
fn numbers_that_are_given_out_may_have_several_records() {
    let ids = texts(300, |at| {
        format!("{}", 1_000_000 + at * 2_971_711 % 9_000_000)
    });
    let ids = borrowed(&ids);
    assert_eq!(kind_of("c", &ids, 1), ColumnKind::NationalId);
    assert_eq!(kind_of("c", &ids, 3), ColumnKind::NationalId);
    // So many records are not of one thing.
    assert_eq!(kind_of("c", &ids, 20), ColumnKind::Number);
    // What is measured begins with small digits, and what is counted up with the same.
    let measured = texts(300, |at| {
        format!("{:.0}", 10_f64.powf(5.0 + f64::from(at) / 300.0))
    });
    assert_eq!(kind_of("c", &borrowed(&measured), 3), ColumnKind::Number);
    let counted_up = texts(300, |at| format!("{}", 1_000_000 + at * 37));
    assert_eq!(kind_of("c", &borrowed(&counted_up), 3), ColumnKind::Number);
}

#[test]
fn numbers_of_places_have_one_length() {
    let places = texts(300, |at| format!("{}", 10_000 + at * 7919 % 90_000));
    assert_eq!(kind_of("c", &borrowed(&places), 4), ColumnKind::Postcode);
    // Some are mistyped.
    let mistyped = texts(300, |at| match at % 20 {
        0 => format!("{}", 1000 + at),
        _ => format!("{}", 10_000 + at * 7919 % 90_000),
    });
    assert_eq!(kind_of("c", &borrowed(&mistyped), 4), ColumnKind::Postcode);
    // How far something has gone, or what it costs, is of any.
    for most in [3000, 20_000, 200_000] {
        let counted = texts(300, |at| format!("{}", 100 + at * 65_537 % most));
        let counted = borrowed(&counted);
        assert_eq!(kind_of("c", &counted, 4), ColumnKind::Number, "{most}");
    }
}

#[test]
fn telephone_numbers_with_one_dot_are_no_fractions() {
    for values in [
        texts(40, |at| format!("0171.{}", 2_345_678 + at * 7919)),
        texts(40, |at| format!("+39.02{}", 2_345_678 + at * 7919)),
    ] {
        let values = borrowed(&values);
        assert_eq!(kind_of("c", &values, 1), ColumnKind::Phone, "{values:?}");
    }
    let fractions = texts(40, |at| format!("0.{}", 2_345_678 + at * 7919));
    assert_eq!(kind_of("c", &borrowed(&fractions), 1), ColumnKind::Number);
}
