//! How long entity resolution takes, stage by stage, and how right it is.
//!
//! `tributary-bench-resolve FILE [name=value ...]` reads a CSV file with a header; the column
//! `truth`, which is not compared, says which records are one entity. The options are those of a
//! model; without `unique_id`, the first column is it.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use tributary_udfs::resolve::{Decisions, Pair, RecordsBuilder, ResolveOptions, Resolver};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 8192;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments
        .next()
        .ok_or("tributary-bench-resolve FILE [name=value ...]")?;
    let given: Vec<String> = arguments.collect();
    let (schema, batches, truth) = read(&file)?;
    let mut pairs: Vec<(&str, &str)> = given
        .iter()
        .filter_map(|item| item.split_once('='))
        .collect();
    if !pairs.iter().any(|(name, _)| *name == "unique_id") {
        pairs.push(("unique_id", schema.field(0).name()));
    }
    let verbose = pairs.iter().any(|(name, _)| *name == "verbose");
    pairs.retain(|(name, _)| *name != "verbose");
    let options = ResolveOptions::parse(pairs)?;
    let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());

    let before = processor_time();
    let start = Instant::now();
    let mut builder = RecordsBuilder::new(&schema, &options, &pool)?;
    for batch in batches {
        builder.push(batch)?;
    }
    let records = builder.finish()?;
    let read = start.elapsed();
    let resolver = Resolver::train(records, &options)?;
    let trained = start.elapsed();
    let pairs = resolver.pairs()?;
    let scored = start.elapsed();
    let clusters = resolver.clusters(&pairs, &Decisions::default())?;
    let done = start.elapsed();
    println!(
        "{file}: {} records; read {:.2} s, train {:.2} s, score {:.2} s, cluster {:.2} s, all {:.2} s ({:.2} s of processors); peak {} MB; pool {} MB",
        resolver.records().len(),
        read.as_secs_f64(),
        (trained - read).as_secs_f64(),
        (scored - trained).as_secs_f64(),
        (done - scored).as_secs_f64(),
        done.as_secs_f64(),
        processor_time() - before,
        peak(),
        pool.reserved() >> 20,
    );
    if verbose {
        for column in resolver.model().columns() {
            println!("  {}: {}", column.name, column.kind.name());
        }
        for parameter in resolver.model().parameters() {
            println!(
                "  {:20} {:2} {:40} m {:.5} u {:.3e} {:+.2}",
                parameter.comparison,
                parameter.level,
                parameter.label,
                parameter.m,
                parameter.u,
                parameter.weight
            );
        }
        println!("  prior {:.3e}", resolver.model().prior());
        for (name, matches, others) in resolver.model().dependences() {
            println!("  {name} depends on {matches:?} / {others:?}");
        }
    }
    for rule in resolver.blocking_report() {
        println!(
            "  {:60} {:9} pairs, largest {:5}, split {}, dropped {}",
            rule.rule, rule.pairs, rule.largest, rule.split, rule.dropped
        );
    }
    if let Some(truth) = truth {
        let true_pairs: u64 = sizes(&truth).map(pairs_of).sum();
        let found = pairs
            .iter()
            .filter(|pair| truth[pair.left as usize] == truth[pair.right as usize])
            .count();
        println!(
            "  {} pairs kept, {found} of {true_pairs} true ones",
            pairs.len()
        );
        report("clusters", &clusters.entity_of, &truth);
        let mut best = (0.0, 0.0);
        for threshold in [
            0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999,
        ] {
            let chosen = options_with(&resolver, threshold, &pairs)?;
            let (precision, recall, f1) = measure(&chosen, &truth);
            if f1 > best.0 {
                best = (f1, threshold);
            }
            if verbose || (threshold - 0.5_f64).abs() < 1e-9 {
                println!(
                    "  at {threshold:.3}: precision {precision:.4} recall {recall:.4} F1 {f1:.4}"
                );
            }
        }
        println!("  best F1 {:.4} at {}", best.0, best.1);
        if verbose {
            calibration(&pairs, &truth);
            mistakes(&resolver, &pairs, &truth)?;
        }
    }
    Ok(())
}

fn options_with(
    resolver: &Resolver,
    threshold: f64,
    pairs: &[Pair],
) -> Result<Vec<u32>, Box<dyn Error>> {
    let clusters = resolver.clusters_at(pairs, &Decisions::default(), threshold)?;
    Ok(clusters.entity_of)
}

fn calibration(pairs: &[Pair], truth: &[u32]) {
    let mut bins = [(0_usize, 0_usize, 0.0_f64); 12];
    for pair in pairs {
        let bin = ((pair.weight() + 7.0) / 2.0).clamp(0.0, 11.0) as usize;
        bins[bin].0 += 1;
        bins[bin].1 += usize::from(truth[pair.left as usize] == truth[pair.right as usize]);
        bins[bin].2 += pair.probability();
    }
    for (count, matches, sum) in bins.iter().filter(|bin| bin.0 > 0) {
        println!(
            "  probability {:.4}: {:.4} of {count} match",
            sum / *count as f64,
            *matches as f64 / *count as f64
        );
    }
}

fn mistakes(resolver: &Resolver, pairs: &[Pair], truth: &[u32]) -> Result<(), Box<dyn Error>> {
    let mut wrong: Vec<&Pair> = pairs
        .iter()
        .filter(|pair| {
            (truth[pair.left as usize] == truth[pair.right as usize]) != (pair.probability() > 0.5)
        })
        .collect();
    wrong.sort_by(|left, right| right.log_odds.abs().total_cmp(&left.log_odds.abs()));
    for pair in wrong.iter().take(12).chain(wrong.iter().rev().take(12)) {
        let same = truth[pair.left as usize] == truth[pair.right as usize];
        println!(
            "  wrong: {:.1} but {}",
            pair.weight(),
            if same { "one" } else { "two" }
        );
        for part in resolver.explain(pair.left, pair.right)? {
            println!(
                "      {:14} {:28} {:28} {:30} {:+.2}",
                part.comparison, part.left, part.right, part.label, part.weight
            );
        }
    }
    Ok(())
}

fn sizes(entities: &[u32]) -> impl Iterator<Item = u64> {
    let mut counts: HashMap<u32, u64> = HashMap::new();
    for entity in entities {
        *counts.entry(*entity).or_default() += 1;
    }
    counts.into_values()
}

fn pairs_of(size: u64) -> u64 {
    size * (size - 1) / 2
}

fn measure(entities: &[u32], truth: &[u32]) -> (f64, f64, f64) {
    let mut both: HashMap<(u32, u32), u64> = HashMap::new();
    for pair in entities.iter().zip(truth) {
        *both.entry((*pair.0, *pair.1)).or_default() += 1;
    }
    let right = both.into_values().map(pairs_of).sum::<u64>() as f64;
    let precision = right / (sizes(entities).map(pairs_of).sum::<u64>() as f64).max(1.0);
    let recall = right / (sizes(truth).map(pairs_of).sum::<u64>() as f64).max(1.0);
    (
        precision,
        recall,
        2.0 * precision * recall / (precision + recall).max(1e-9),
    )
}

fn report(name: &str, entities: &[u32], truth: &[u32]) {
    let (precision, recall, f1) = measure(entities, truth);
    println!("  {name}: precision {precision:.4} recall {recall:.4} F1 {f1:.4}");
}

type Input = (Schema, Vec<RecordBatch>, Option<Vec<u32>>);

/// The columns of a CSV file as text, and its column `truth` as numbers.
fn read(file: &str) -> Result<Input, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(file)?;
    let header = reader.headers()?.clone();
    let truth_at = header.iter().position(|name| name == "truth");
    let kept: Vec<usize> = (0..header.len())
        .filter(|at| Some(*at) != truth_at)
        .collect();
    let fields: Vec<Field> = kept
        .iter()
        .map(|at| Field::new(&header[*at], DataType::Utf8, true))
        .collect();
    let schema = Schema::new(fields);
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut truth = Vec::new();
    let mut batches = Vec::new();
    let mut rows: Vec<csv::StringRecord> = Vec::new();
    let mut flush = |rows: &mut Vec<csv::StringRecord>| -> Result<(), Box<dyn Error>> {
        let column = |at: &usize| -> ArrayRef {
            let texts = rows
                .iter()
                .map(|row| row.get(*at).filter(|text| !text.is_empty()));
            Arc::new(texts.collect::<StringArray>())
        };
        let columns = kept.iter().map(column).collect();
        batches.push(RecordBatch::try_new(Arc::new(schema.clone()), columns)?);
        rows.clear();
        Ok(())
    };
    for row in reader.into_records() {
        let row = row?;
        if let Some(at) = truth_at {
            let next = numbers.len() as u32;
            truth.push(*numbers.entry(row[at].to_owned()).or_insert(next));
        }
        rows.push(row);
        if rows.len() == BATCH {
            flush(&mut rows)?;
        }
    }
    flush(&mut rows)?;
    Ok((schema, batches, truth_at.map(|_| truth)))
}

/// The processor time that the process has taken, in seconds.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// The most memory that the process has had, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) >> 10
}
