//! Writes blocks to `.part` files, which take their names when all of them are complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

use super::block::Block;
use super::target::{FILES, Target};

const BUFFER: usize = 1 << 20;

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
