//! Kills a process that writes to a table.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};

use rand::RngExt as _;
use rand_pcg::Pcg64;

/// Runs a test of this program as a process of its own, and kills it some time after it has told so
/// many numbers; answers the last of them, where it has come so far.
pub(super) fn run_until_killed(
    test: &str,
    environment: &[(&str, String)],
    numbers: usize,
    random: &mut Pcg64,
) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", test])
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = lines.map_while(Result::ok).filter_map(|line| {
        let number = line.strip_prefix("told ")?;
        Some(number.parse::<u64>().unwrap())
    });
    let last = told.nth(numbers);
    // How far the next write gets is up to how long this machine takes for this.
    let spin: u64 = (0..random.random_range(0..20_000_000_u64)).fold(0, |a, b| a ^ b);
    assert!(spin < u64::MAX);
    child.kill().unwrap();
    child.wait().unwrap();
    last
}

/// Tells a number, in the process that is to be killed.
pub(super) fn tell(number: u64) {
    println!("\ntold {number}");
    std::io::stdout().flush().unwrap();
}
