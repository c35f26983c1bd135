//! The `sugarmill` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sugarmill::cli::main()
}
