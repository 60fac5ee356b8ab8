//! How many pairs of texts a second the functions of this library answer, in one thread and on
//! the arrays that the peers are given: `benches/functions/run` runs both and prints the table.
//!
//! Writes the arrays to `<folder>/short.parquet` and `<folder>/long.parquet`, where the folder is
//! `TRIBUTARY_BENCH_FOLDER`, and what was measured to `<folder>/ours.tsv`: function, length, peer,
//! million pairs a second.
//!
//! Arguments, where there are some, choose: only the cases so named are measured, and only the
//! lengths so named, as in `tributary-bench-functions levenshtein short`.

mod parsers;
mod texts;

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::config::ConfigOptions;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;

/// As many rows as DataFusion hands to a function at once.
const BATCH: usize = 8192;

/// How often everything is measured; the fastest counts, which other work on the machine
/// disturbs least.
const REPEATS: usize = 25;

type Failure = Box<dyn Error>;

/// A row of the table: its name, the function, and what it takes besides the two texts.
struct Case {
    name: &'static str,
    function: &'static str,
    more: Vec<ScalarValue>,
    /// How many columns of texts it takes; where it is one, the values are counted.
    columns: usize,
    /// Whether the left text is the same in all rows.
    constant: bool,
}

fn cases() -> Vec<Case> {
    let case = |name, function, more: &[ScalarValue]| Case {
        name,
        function,
        more: more.to_vec(),
        columns: 2,
        constant: false,
    };
    let two = ScalarValue::from(2_i64);
    let cutoff = ScalarValue::from(0.9);
    let mut cases = vec![
        case("levenshtein", "levenshtein", &[]),
        case(
            "levenshtein <= 2",
            "levenshtein_less_equal",
            std::slice::from_ref(&two),
        ),
        case("osa_distance", "osa_distance", &[]),
        case(
            "osa_distance <= 2",
            "osa_distance",
            std::slice::from_ref(&two),
        ),
        case("damerau_levenshtein", "damerau_levenshtein", &[]),
        case(
            "damerau_levenshtein <= 2",
            "damerau_levenshtein",
            std::slice::from_ref(&two),
        ),
        case("jaro_similarity", "jaro_similarity", &[]),
        case(
            "jaro_similarity >= 0.9",
            "jaro_similarity",
            std::slice::from_ref(&cutoff),
        ),
        case("jaro_winkler_similarity", "jaro_winkler_similarity", &[]),
        case(
            "jaro_winkler_similarity >= 0.9",
            "jaro_winkler_similarity",
            std::slice::from_ref(&cutoff),
        ),
        case("normalized_levenshtein", "normalized_levenshtein", &[]),
        case(
            "normalized_levenshtein >= 0.9",
            "normalized_levenshtein",
            &[cutoff],
        ),
        case("hamming", "hamming", &[]),
        case("lcs_similarity", "lcs_similarity", &[]),
        case("jaccard", "jaccard", &[]),
        case("jaccard, 2", "jaccard", std::slice::from_ref(&two)),
        case(
            "sorensen_dice, 2",
            "sorensen_dice",
            std::slice::from_ref(&two),
        ),
        case("cosine, 2", "cosine", std::slice::from_ref(&two)),
        case("overlap_coefficient, 2", "overlap_coefficient", &[two]),
        case("partial_ratio", "partial_ratio", &[]),
        case("token_sort_ratio", "token_sort_ratio", &[]),
        case("token_set_ratio", "token_set_ratio", &[]),
        case("similarity", "similarity", &[]),
        case("word_similarity", "word_similarity", &[]),
        case("strict_word_similarity", "strict_word_similarity", &[]),
    ];
    for function in ["levenshtein", "jaro_winkler_similarity"] {
        let name = match function {
            "levenshtein" => "levenshtein, one side constant",
            _ => "jaro_winkler_similarity, one side constant",
        };
        cases.push(Case {
            constant: true,
            ..case(name, function, &[])
        });
    }
    for function in [
        "soundex",
        "metaphone",
        "dmetaphone",
        "dmetaphone_alt",
        "daitch_mokotoff",
    ] {
        let more = match function {
            "metaphone" => vec![ScalarValue::from(10_i64)],
            _ => Vec::new(),
        };
        cases.push(Case {
            columns: 1,
            ..case(function, function, &more)
        });
    }
    cases
}

fn main() -> Result<(), Failure> {
    let folder = PathBuf::from(
        std::env::var_os("TRIBUTARY_BENCH_FOLDER").ok_or("TRIBUTARY_BENCH_FOLDER is not set")?,
    );
    let mut ours = SessionContext::new();
    tributary_udfs::register_all(&mut ours)?;
    let datafusion = SessionContext::new();
    let mut measured = File::create(folder.join("ours.tsv"))?;
    let batches = texts::batches()?;
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    let (lengths, names): (Vec<&str>, Vec<&str>) = chosen
        .iter()
        .map(String::as_str)
        .partition(|chosen| batches.iter().any(|(length, _)| length == chosen));
    let is_chosen = |name: &str| names.is_empty() || names.contains(&name);
    for (length, batch) in &batches {
        if !(lengths.is_empty() || lengths.contains(length)) {
            continue;
        }
        write(&folder, length, batch)?;
        for case in cases().iter().filter(|case| is_chosen(case.name)) {
            // What other parts of the library bring is measured once they are there.
            let Ok(function) = ours.udf(case.function) else {
                continue;
            };
            let rate = rate(&function, case, batch)?;
            writeln!(measured, "{}\t{length}\ttributary\t{rate}", case.name)?;
        }
        if !names.is_empty() {
            continue;
        }
        let levenshtein = datafusion.udf("levenshtein")?;
        let case = &cases()[0];
        let rate = rate(&levenshtein, case, batch)?;
        writeln!(measured, "{}\t{length}\tDataFusion\t{rate}", case.name)?;
        for (name, rate) in strsim_rates(batch) {
            writeln!(measured, "{name}\t{length}\tstrsim\t{rate}")?;
        }
    }
    parsers::measure(&folder, &ours, is_chosen)
}

fn write(folder: &std::path::Path, length: &str, batch: &RecordBatch) -> Result<(), Failure> {
    let file = File::create(folder.join(format!("{length}.parquet")))?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None)?;
    writer.write(batch)?;
    writer.close()?;
    Ok(())
}

/// Million pairs a second of a function.
fn rate(function: &ScalarUDF, case: &Case, batch: &RecordBatch) -> Result<f64, Failure> {
    let mut best = f64::INFINITY;
    for _ in 0..REPEATS {
        let start = Instant::now();
        for offset in (0..batch.num_rows()).step_by(BATCH) {
            let rows = BATCH.min(batch.num_rows() - offset);
            let args = arguments(case, batch, offset, rows)?;
            std::hint::black_box(function.invoke_with_args(call(function, args, rows)?)?);
        }
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(batch.num_rows() as f64 / best / 1e6)
}

fn arguments(
    case: &Case,
    batch: &RecordBatch,
    offset: usize,
    rows: usize,
) -> Result<Vec<ColumnarValue>, Failure> {
    let columns = batch.columns().iter().take(case.columns);
    let mut args: Vec<ColumnarValue> = columns
        .map(|column| ColumnarValue::Array(column.slice(offset, rows)))
        .collect();
    if case.constant {
        args[0] = ColumnarValue::Scalar(ScalarValue::try_from_array(batch.column(0), 0)?);
    }
    args.extend(case.more.iter().cloned().map(ColumnarValue::Scalar));
    Ok(args)
}

fn call(
    function: &ScalarUDF,
    args: Vec<ColumnarValue>,
    rows: usize,
) -> Result<ScalarFunctionArgs, Failure> {
    let types: Vec<_> = args.iter().map(ColumnarValue::data_type).collect();
    let field = |given| -> FieldRef { Arc::new(Field::new("argument", given, true)) };
    let return_field = field(function.return_type(&types)?);
    Ok(ScalarFunctionArgs {
        args,
        arg_fields: types.into_iter().map(field).collect(),
        number_rows: rows,
        return_field,
        config_options: Arc::new(ConfigOptions::default()),
    })
}

/// Million pairs a second of strsim, called pair by pair.
fn strsim_rates(batch: &RecordBatch) -> Vec<(&'static str, f64)> {
    type Metric = fn(&str, &str) -> f64;
    let metrics: [(&str, Metric); 7] = [
        ("levenshtein", |left, right| {
            strsim::levenshtein(left, right) as f64
        }),
        ("osa_distance", |left, right| {
            strsim::osa_distance(left, right) as f64
        }),
        ("damerau_levenshtein", |left, right| {
            strsim::damerau_levenshtein(left, right) as f64
        }),
        ("jaro_similarity", strsim::jaro),
        ("jaro_winkler_similarity", strsim::jaro_winkler),
        ("normalized_levenshtein", strsim::normalized_levenshtein),
        ("sorensen_dice, 2", strsim::sorensen_dice),
    ];
    let texts = |column: &ArrayRef| -> Vec<String> {
        let texts = column.as_string::<i32>();
        (0..texts.len())
            .map(|row| texts.value(row).to_string())
            .collect()
    };
    let (left, right) = (texts(batch.column(0)), texts(batch.column(1)));
    let measure = |metric: Metric| {
        let mut best = f64::INFINITY;
        for _ in 0..REPEATS.div_ceil(8) {
            let start = Instant::now();
            for (left, right) in left.iter().zip(&right) {
                std::hint::black_box(metric(left, right));
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        left.len() as f64 / best / 1e6
    };
    metrics
        .map(|(name, metric)| (name, measure(metric)))
        .to_vec()
}
