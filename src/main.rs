//! The `sugarmill` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// With the system's allocator, checking a large playbook costs more for each step than checking a small one by a wider
/// margin (docs/performance.md, Check).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    sugarmill::cli::main()
}
