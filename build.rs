//! How the program is linked.
//!
//! It has about half a million places that hold addresses. Told one by one, they take 11 MB, which are
//! read into memory at each start; as bit maps (`DT_RELR`), 100 kB. The C library has to know these:
//! glibc does from 2.36 on.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    // The library of this machine tells nothing of another one's.
    let is_own = env::var("HOST") == env::var("TARGET");
    let is_glibc = target("OS") == "linux" && target("ENV") == "gnu";
    if is_own && is_glibc && glibc_version().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's glibc.
fn glibc_version() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let told = String::from_utf8(told.ok()?.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
