//! The `tributary` command.

use mimalloc::MiMalloc;

/// Gives freed memory back to the system, where glibc's allocator keeps what many threads freed in
/// pieces.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// After how many milliseconds mimalloc gives back what was freed.
const PURGE_DELAY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10");

fn main() -> std::process::ExitCode {
    #[cfg(unix)]
    begin_with_purge_delay();
    tributary::cli::main()
}

/// Begins anew with what mimalloc reads from the environment alone, before anything else runs.
///
/// By itself it keeps what was freed for a second, by which stages of a refresh that follow each other
/// within that hold the memory of all of them. Where the program cannot begin anew it goes on as it is.
#[cfg(unix)]
fn begin_with_purge_delay() {
    use std::os::unix::process::CommandExt;

    let (name, delay) = PURGE_DELAY;
    if std::env::var_os(name).is_some() {
        return;
    }
    let mut arguments = std::env::args_os();
    if let (Ok(program), Some(called)) = (std::env::current_exe(), arguments.next()) {
        let mut command = std::process::Command::new(program);
        let _ = command.arg0(called).args(arguments).env(name, delay).exec();
    }
}
