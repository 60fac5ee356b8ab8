//! How a file is compressed, by its name.

use datafusion::datasource::file_format::file_compression_type::FileCompressionType;

const COMPRESSIONS: [(&str, FileCompressionType); 4] = [
    (".gz", FileCompressionType::GZIP),
    (".zst", FileCompressionType::ZSTD),
    (".bz2", FileCompressionType::BZIP2),
    (".xz", FileCompressionType::XZ),
];

/// How a file of this name is compressed.
pub(super) fn compression_of(name: &str) -> FileCompressionType {
    let lower = name.to_ascii_lowercase();
    COMPRESSIONS
        .iter()
        .find(|(ending, _)| lower.ends_with(ending))
        .map_or(FileCompressionType::UNCOMPRESSED, |(_, compression)| {
            *compression
        })
}

/// The name in lower case, without the ending of a compression.
pub(super) fn without_compression(name: &str) -> String {
    let mut lower = name.to_ascii_lowercase();
    let plain = COMPRESSIONS
        .iter()
        .find_map(|(ending, _)| lower.strip_suffix(ending))
        .map(str::len);
    lower.truncate(plain.unwrap_or(lower.len()));
    lower
}
