//! How many values a second the parsers answer, in one thread: `parsers.py` measures Python's
//! libraries on the same texts and prints both.
//!
//! Writes the texts to `<folder>/parsers.parquet`, a column each parser, and what was measured to
//! `<folder>/parsers.tsv`: parser, million values a second.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::common::ScalarValue;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::ColumnarValue;
use datafusion::prelude::SessionContext;

use crate::texts::{FAMILY, GIVEN, Random, STREETS};
use crate::{BATCH, Failure, call, write};

/// How many texts there are of each kind: enough for a second of the slowest library.
const VALUES: usize = 20_000;

/// As for the metrics, the fastest of several runs counts.
const REPEATS: usize = 7;

/// A function that reads what people write, and such texts.
struct Parser {
    function: &'static str,
    /// What it takes besides the text.
    more: &'static [&'static str],
    text: fn(&mut Random) -> String,
}

const PARSERS: [Parser; 8] = [
    Parser {
        function: "parse_date",
        more: &["MDY"],
        text: date,
    },
    Parser {
        function: "to_iso8601",
        more: &["MDY"],
        text: |random| format!("{} {}", date(random), time(random)),
    },
    Parser {
        function: "normalize_phone",
        more: &["US"],
        text: phone,
    },
    Parser {
        function: "normalize_email",
        more: &[],
        text: email,
    },
    Parser {
        function: "parse_address",
        more: &["US"],
        text: address,
    },
    Parser {
        function: "parse_name",
        more: &[],
        text: name,
    },
    Parser {
        function: "parse_user_agent",
        more: &[],
        text: user_agent,
    },
    Parser {
        function: "parse_money",
        more: &[],
        text: money,
    },
];

/// Measures the parsers that are chosen.
pub fn measure(
    folder: &Path,
    functions: &SessionContext,
    is_chosen: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let columns = PARSERS.iter().map(|parser| {
        let mut random = Random::new();
        let texts = (0..VALUES).map(|_| Some((parser.text)(&mut random)));
        let column: ArrayRef = Arc::new(texts.collect::<StringArray>());
        (parser.function, column)
    });
    let batch = RecordBatch::try_from_iter(columns)?;
    write(folder, "parsers", &batch)?;
    let mut measured = File::create(folder.join("parsers.tsv"))?;
    let parsers = PARSERS.iter().zip(batch.columns());
    for (parser, texts) in parsers.filter(|(parser, _)| is_chosen(parser.function)) {
        let function = functions.udf(parser.function)?;
        let mut best = f64::INFINITY;
        for _ in 0..REPEATS {
            let start = Instant::now();
            for offset in (0..VALUES).step_by(BATCH) {
                let rows = BATCH.min(VALUES - offset);
                let mut args = vec![ColumnarValue::Array(texts.slice(offset, rows))];
                let more = parser.more.iter();
                args.extend(more.map(|text| ColumnarValue::Scalar(ScalarValue::from(*text))));
                std::hint::black_box(function.invoke_with_args(call(&function, args, rows)?)?);
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        let rate = VALUES as f64 / best / 1e6;
        writeln!(measured, "{}\t{rate}", parser.function)?;
    }
    Ok(())
}

fn one_of<'a>(texts: &[&'a str], random: &mut Random) -> &'a str {
    texts[random.below(texts.len())]
}

fn date(random: &mut Random) -> String {
    let (year, month, day) = (
        1950 + random.below(76),
        1 + random.below(12),
        1 + random.below(28),
    );
    let months = [
        "January",
        "Feb",
        "March",
        "Apr",
        "May",
        "June",
        "July",
        "Aug",
        "September",
        "Oct",
        "Nov",
        "December",
    ];
    let named = months[month - 1];
    match random.below(5) {
        0 => format!("{year}-{month:02}-{day:02}"),
        1 => format!("{month}/{day}/{year}"),
        2 => format!("{named} {day}, {year}"),
        3 => format!("{day} {named} {year}"),
        _ => format!("{month:02}.{day:02}.{year}"),
    }
}

fn time(random: &mut Random) -> String {
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    match random.below(2) {
        0 => format!("{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{}:{minute:02} pm", 1 + hour % 12),
    }
}

fn phone(random: &mut Random) -> String {
    let area = one_of(&["202", "212", "312", "415", "512", "617"], random);
    let (exchange, line) = (200 + random.below(700), random.below(10_000));
    match random.below(4) {
        0 => format!("({area}) {exchange}-{line:04}"),
        1 => format!("+1 {area} {exchange} {line:04}"),
        2 => format!("{area}.{exchange}.{line:04}"),
        _ => format!("+44 20 7{:03} {line:04}", random.below(1000)),
    }
}

fn email(random: &mut Random) -> String {
    let (given, family) = (one_of(&GIVEN, random), one_of(&FAMILY, random));
    let domain = one_of(&["gmail.com", "Example.org", "mail.example.co.uk"], random);
    match random.below(3) {
        0 => format!("{given}.{family}{}@{domain}", random.below(1000)),
        1 => format!("{family}+{}@{domain}", random.below(100_000)),
        _ => format!(" {given}_{family}{}@{domain} ", random.below(1000)),
    }
}

fn address(random: &mut Random) -> String {
    let street = one_of(&STREETS, random);
    let place = one_of(
        &["Springfield, IL", "Austin, TX", "Salem, OR", "New York, NY"],
        random,
    );
    let (number, zip) = (1 + random.below(9999), 10_000 + random.below(89_999));
    match random.below(2) {
        0 => format!("{number} {street}, {place} {zip}"),
        _ => format!(
            "{number} {street} Apt {}, {place} {zip}",
            1 + random.below(99)
        ),
    }
}

fn name(random: &mut Random) -> String {
    let (given, middle) = (one_of(&GIVEN, random), one_of(&GIVEN, random));
    let family = one_of(&FAMILY, random);
    match random.below(4) {
        0 => format!("{given} {middle} {family}"),
        1 => format!("{family}, {given} {}.", &middle[..1]),
        2 => format!("Dr. {given} van {family} Jr."),
        _ => format!("{given} \"{middle}\" {family} III"),
    }
}

fn user_agent(random: &mut Random) -> String {
    let (version, build) = (80 + random.below(60), random.below(6000));
    match random.below(4) {
        0 => format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/{version}.0.{build}.0 Safari/537.36"
        ),
        1 => format!(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, \
             like Gecko) Version/17.{build} Mobile/15E148 Safari/604.1",
            version % 8
        ),
        2 => format!(
            "Mozilla/5.0 (X11; Linux x86_64; rv:{version}.{build}) Gecko/20100101 \
             Firefox/{version}.{build}"
        ),
        _ => format!(
            "Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) \
             SamsungBrowser/23.{build} Chrome/{version}.0.0.0 Mobile Safari/537.36"
        ),
    }
}

fn money(random: &mut Random) -> String {
    let (whole, cents) = (random.below(1000), random.below(100));
    let thousands = 1 + random.below(99);
    match random.below(4) {
        0 => format!("${thousands},{whole:03}.{cents:02}"),
        1 => format!("{thousands}.{whole:03},{cents:02} €"),
        2 => format!("USD {whole}.{cents:02}"),
        _ => format!("{whole}.{cents:02} CHF"),
    }
}
