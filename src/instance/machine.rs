//! What the machine has.

use std::sync::LazyLock;

/// Asking for it reads several files, which is too much for each statement.
static CORES: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// How many cores may be used.
pub fn cores() -> usize {
    *CORES
}

/// How many bytes of memory there are: the machine's, or the container's where that is less.
pub fn memory() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| parse_meminfo(&text));
    let container = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]
    .iter()
    .filter_map(|path| {
        std::fs::read_to_string(path)
            .ok()?
            .trim()
            .parse::<u64>()
            .ok()
    })
    .min();
    let fallback = 4 << 30;
    machine
        .unwrap_or(fallback)
        .min(container.unwrap_or(u64::MAX))
}

fn parse_meminfo(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_in_kilobytes() {
        assert_eq!(
            parse_meminfo("MemTotal:       24000 kB\nMemFree: 1 kB\n"),
            Some(24_576_000)
        );
        assert_eq!(parse_meminfo("nothing"), None);
        assert!(cores() >= 1);
        assert!(memory() > 0);
    }
}
