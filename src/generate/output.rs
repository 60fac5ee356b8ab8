//! The files: rows are gathered by block, put in order, and written to `.part` files that take
//! their names when all of them are complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

use super::calendar::Moment;

/// The first year of which there are orders.
pub const FIRST_ORDER_YEAR: i64 = 2022;
/// The first month of which there are events, and how many months there are.
pub const FIRST_EVENT_MONTH: (i64, i64) = (2025, 11);
const ORDER_YEARS: usize = 5;
const EVENT_MONTHS: usize = 12;

/// How many files there are.
pub const FILES: usize = 5 + ORDER_YEARS + EVENT_MONTHS;

const BUFFER: usize = 1 << 20;

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The CRM's contacts.
    Contacts,
    /// The shop's accounts.
    ShopCustomers,
    /// The newsletter's members.
    Subscribers,
    /// What became of each e-mail of each campaign.
    CampaignResults,
    /// Which records are one person.
    Truth,
    /// Orders, by the year of their last change.
    Orders(usize),
    /// Events, by the month in which they were received.
    Events(usize),
}

impl Target {
    /// The file of an order that last changed then.
    pub fn orders_of(moment: Moment) -> Self {
        let year = moment.day().year() - FIRST_ORDER_YEAR;
        Self::Orders(year.clamp(0, ORDER_YEARS as i64 - 1) as usize)
    }

    /// The file of an event that was received then.
    pub fn events_of(moment: Moment) -> Self {
        let (year, month, _) = moment.day().civil();
        let months = (year - FIRST_EVENT_MONTH.0) * 12 + month - FIRST_EVENT_MONTH.1;
        Self::Events(months.clamp(0, EVENT_MONTHS as i64 - 1) as usize)
    }

    /// All files, in the order of their indexes.
    pub fn all() -> impl Iterator<Item = Self> {
        [
            Self::Contacts,
            Self::ShopCustomers,
            Self::Subscribers,
            Self::CampaignResults,
            Self::Truth,
        ]
        .into_iter()
        .chain((0..ORDER_YEARS).map(Self::Orders))
        .chain((0..EVENT_MONTHS).map(Self::Events))
    }

    fn index(self) -> usize {
        match self {
            Self::Contacts => 0,
            Self::ShopCustomers => 1,
            Self::Subscribers => 2,
            Self::CampaignResults => 3,
            Self::Truth => 4,
            Self::Orders(year) => 5 + year,
            Self::Events(month) => 5 + ORDER_YEARS + month,
        }
    }

    /// The path within the output folder.
    pub fn path(self) -> String {
        match self {
            Self::Contacts => "crm/contacts.csv".into(),
            Self::ShopCustomers => "shop/customers.csv".into(),
            Self::Subscribers => "newsletter/subscribers.csv".into(),
            Self::CampaignResults => "newsletter/campaign_results.csv".into(),
            Self::Truth => super::TRUTH_FILE.into(),
            Self::Orders(year) => format!("shop/orders-{}.csv", FIRST_ORDER_YEAR + year as i64),
            Self::Events(month) => {
                let months = FIRST_EVENT_MONTH.1 - 1 + month as i64;
                let (year, month) = (FIRST_EVENT_MONTH.0 + months / 12, months % 12 + 1);
                format!("web/events-{year}-{month:02}.ndjson")
            }
        }
    }

    fn header(self) -> &'static str {
        match self {
            Self::Contacts => super::crm::HEADER,
            Self::ShopCustomers => super::shop::CUSTOMERS_HEADER,
            Self::Subscribers => super::newsletter::SUBSCRIBERS_HEADER,
            Self::CampaignResults => super::newsletter::RESULTS_HEADER,
            Self::Truth => "system,record_id,person_id\n",
            Self::Orders(_) => super::shop::ORDERS_HEADER,
            Self::Events(_) => "",
        }
    }
}

/// The rows of one block of people, by file.
pub struct Block {
    files: Vec<Rows>,
    /// How many of the rows are broken on purpose.
    pub broken: u64,
}

#[derive(Default)]
struct Rows {
    bytes: Vec<u8>,
    /// What the rows are ordered by, and where each begins.
    order: Vec<(i64, usize)>,
}

impl Block {
    /// No rows yet.
    pub fn new() -> Self {
        Self {
            files: (0..FILES).map(|_| Rows::default()).collect(),
            broken: 0,
        }
    }

    /// Adds a line, which needs no line end; rows with small keys come first within the block.
    pub fn line(&mut self, target: Target, key: i64, line: &str) {
        let rows = &mut self.files[target.index()];
        rows.order.push((key, rows.bytes.len()));
        rows.bytes.extend_from_slice(line.as_bytes());
        rows.bytes.push(b'\n');
    }

    /// Adds a row of CSV, quoting the fields that need it (RFC 4180).
    pub fn csv(&mut self, target: Target, key: i64, fields: &[&str]) {
        self.line(target, key, &csv_line(fields));
    }

    /// Says that a record of a system is that person.
    pub fn truth(&mut self, system: &str, record: &str, person: u64) {
        let key = self.files[Target::Truth.index()].order.len() as i64;
        self.line(Target::Truth, key, &format!("{system},{record},{person}"));
    }
}

/// A row of CSV without its line end.
pub fn csv_line(fields: &[&str]) -> String {
    let mut line = String::with_capacity(160);
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            line.push('"');
            line.push_str(&field.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(field);
        }
    }
    line
}

/// What was written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The path within the output folder.
    pub path: String,
    /// How many rows, without the header.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// Writes blocks to the `.part` files; dropped before [`Output::finish`], it takes them away.
pub struct Output {
    folder: PathBuf,
    files: Vec<PartFile>,
}

struct PartFile {
    target: Target,
    part: PathBuf,
    writer: Option<BufWriter<File>>,
    rows: u64,
    bytes: u64,
}

impl Output {
    /// Begins the files in a folder, which is created.
    ///
    /// # Errors
    /// What the file system says, with the path.
    pub fn create(folder: &Path) -> Result<Self> {
        let mut output = Self {
            folder: folder.to_owned(),
            files: Vec::with_capacity(FILES),
        };
        for target in Target::all() {
            let part = folder.join(format!("{}.part", target.path()));
            if let Some(parent) = part.parent() {
                fs::create_dir_all(parent).map_err(|error| at(parent, error))?;
            }
            let file = File::create(&part).map_err(|error| at(&part, error))?;
            let mut file = PartFile {
                target,
                part,
                writer: Some(BufWriter::with_capacity(BUFFER, file)),
                rows: 0,
                bytes: 0,
            };
            let header = file.write(target.header().as_bytes());
            output.files.push(file);
            header?;
        }
        Ok(output)
    }

    /// Appends a block.
    ///
    /// # Errors
    /// What the file system says, with the path.
    pub fn write(&mut self, block: Block) -> Result<()> {
        for (file, mut rows) in self.files.iter_mut().zip(block.files) {
            let ends: Vec<usize> = rows
                .order
                .iter()
                .skip(1)
                .map(|&(_, start)| start)
                .chain([rows.bytes.len()])
                .collect();
            let mut ranges: Vec<_> = rows.order.drain(..).zip(ends).collect();
            ranges.sort_unstable();
            for ((_, start), end) in &ranges {
                file.write(&rows.bytes[*start..*end])?;
            }
            file.rows += ranges.len() as u64;
        }
        Ok(())
    }

    /// How many bytes were written so far.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Gives the files their names, the truth last: where it stands, all else is complete.
    ///
    /// # Errors
    /// What the file system says, with the path.
    pub fn finish(mut self) -> Result<Vec<Written>> {
        for file in &mut self.files {
            if let Some(mut writer) = file.writer.take() {
                writer.flush().map_err(|error| at(&file.part, error))?;
            }
        }
        let truth = self.folder.join(Target::Truth.path());
        if truth.exists() {
            fs::remove_file(&truth).map_err(|error| at(&truth, error))?;
        }
        let (last, first): (Vec<_>, Vec<_>) = self
            .files
            .iter()
            .partition(|file| file.target == Target::Truth);
        for file in first.into_iter().chain(last) {
            let path = self.folder.join(file.target.path());
            fs::rename(&file.part, &path).map_err(|error| at(&path, error))?;
        }
        let written = self.files.drain(..).map(|file| Written {
            path: file.target.path(),
            rows: file.rows,
            bytes: file.bytes,
        });
        Ok(written.collect())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        for file in &mut self.files {
            file.writer = None;
            // Nothing is left to tell whoever gave up; a stray part file harms nobody.
            let _ = fs::remove_file(&file.part);
        }
    }
}

impl PartFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            writer
                .write_all(bytes)
                .map_err(|error| at(&self.part, error))?;
            self.bytes += bytes.len() as u64;
        }
        Ok(())
    }
}

fn at(path: &Path, error: std::io::Error) -> Error {
    Error::from(error).within(path.display())
}
