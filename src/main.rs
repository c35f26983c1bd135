//! The `sugarmill` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// The system's allocator takes longer for a piece the more pieces there are: a playbook of 10,000 steps was checked in
/// a quarter more time with it (docs/performance.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    sugarmill::cli::main()
}
