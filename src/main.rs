//! The `tributary` command.

use mimalloc::MiMalloc;

/// Gives freed memory back to the system, where glibc's allocator keeps what many threads freed in
/// pieces.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    tributary::cli::main()
}
