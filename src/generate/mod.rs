//! The case study's sources at any size: a retailer's CRM, shop, newsletter and web tracker, which
//! agree on nothing, and the truth about who is who.
//!
//! The same number of customers and the same seed give the same bytes on every machine: people are
//! made in blocks, each from streams of randomness of its own, and written in order, however many
//! threads made them. All people are invented; their e-mail addresses end in the reserved domain
//! `example` (RFC 2606), so that no campaign can reach anybody.

mod address;
mod block;
mod calendar;
mod country;
mod crm;
mod email;
mod identifiers;
mod known;
mod mess;
mod newsletter;
mod output;
mod people;
mod person;
mod phone;
mod random;
mod shop;
mod tables;
mod target;
#[cfg(test)]
mod tests;
mod web;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::error::{Error, Result, SqlState};

use block::Block;
use identifiers::{Identifiers, MOST_CUSTOMERS};
use output::Output;
use people::People;
use random::{Purpose, Random};

pub use output::Written;

/// How many people are made at a time: some megabytes of rows.
const BLOCK: u64 = 4096;
/// How many threads make people, while another writes.
const WORKERS: u64 = 2;

/// The file that tells which records are one person; where it stands, all else is complete.
pub const TRUTH_FILE: &str = "truth.csv";

/// What to generate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many people, up to a billion; each is known to one to four systems.
    pub customers: u64,
    /// What the randomness starts from.
    pub seed: u64,
    /// The folder that the files go to; it is created, and files of the same names are replaced.
    pub out: PathBuf,
}

/// How far the generator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many people are written.
    pub customers: u64,
    /// How many bytes are written.
    pub bytes: u64,
}

/// What was generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Each file.
    pub files: Vec<Written>,
    /// How many of the rows are broken on purpose, among orders and events.
    pub broken_rows: u64,
}

/// Writes the sources.
///
/// The files appear when all of them are complete, `truth.csv` last.
///
/// # Errors
/// 22023 for more than a billion customers; what the file system says, with the path.
pub fn generate(options: &Options, mut progress: impl FnMut(Progress)) -> Result<Summary> {
    if options.customers > MOST_CUSTOMERS {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("cannot generate {} customers", options.customers),
        )
        .with_hint(format!("Ask for at most {MOST_CUSTOMERS}.")));
    }
    let retailer = Retailer::new(options);
    let mut output = Output::create(&options.out)?;
    let mut broken_rows = 0;
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<Receiver<Block>> = (0..WORKERS)
            .map(|worker| {
                let (sender, receiver) = sync_channel(1);
                let retailer = &retailer;
                scope.spawn(move || retailer.make_blocks(worker, &sender));
                receiver
            })
            .collect();
        for number in 0..retailer.blocks() {
            let receiver = &workers[(number % WORKERS) as usize];
            let block = receiver
                .recv()
                .map_err(|_| Error::internal("a thread of the generator stopped"))?;
            broken_rows += block.broken;
            output.write(block)?;
            progress(Progress {
                customers: ((number + 1) * BLOCK).min(options.customers),
                bytes: output.bytes(),
            });
        }
        Ok(())
    })?;
    Ok(Summary {
        files: output.finish()?,
        broken_rows,
    })
}

/// What all blocks are made from.
struct Retailer {
    seed: u64,
    customers: u64,
    people: People,
    identifiers: Identifiers,
}

impl Retailer {
    fn new(options: &Options) -> Self {
        Self {
            seed: options.seed,
            customers: options.customers,
            people: People::new(options.seed, options.customers),
            identifiers: Identifiers::new(options.seed),
        }
    }

    fn blocks(&self) -> u64 {
        self.customers.div_ceil(BLOCK)
    }

    /// Makes every `WORKERS`-th block, until nobody takes them.
    fn make_blocks(&self, worker: u64, sender: &SyncSender<Block>) {
        for number in (worker..self.blocks()).step_by(WORKERS as usize) {
            if sender.send(self.block(number)).is_err() {
                return;
            }
        }
    }

    fn block(&self, number: u64) -> Block {
        let first = number * BLOCK;
        let end = (first + BLOCK).min(self.customers);
        let mut block = Block::new();
        for person in self.people.block(first, end) {
            let stream = |purpose| Random::new(self.seed, purpose, person.number);
            let ids = &self.identifiers;
            crm::add(&person, ids, &mut stream(Purpose::Crm), &mut block);
            shop::add(&person, ids, &mut stream(Purpose::Shop), &mut block);
            newsletter::add(&person, ids, &mut stream(Purpose::Newsletter), &mut block);
            web::add(&person, ids, &mut stream(Purpose::Web), &mut block);
        }
        block
    }
}
