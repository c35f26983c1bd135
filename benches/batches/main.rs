//! What sugarmill makes of an instance's time, and of its own: requests over the fewest that would do, time over the least
//! possible, memory and processor time over what the work itself takes.
//!
//! `cargo bench --bench batches` runs everything; with a name behind `--` only that: `requests`, `makespan`, `steering`,
//! `client`, `memory`, `walking`. `memory` and `walking` take a number besides, such as `memory 1000000`.

mod client;
mod jobs;
mod makespan;
mod memory;
mod price;
mod requests;
mod shop;
mod steering;
mod walking;

use std::error::Error;
use std::io::Write;

type Failure = Box<dyn Error>;

/// Entries of a batch, which is the limit that the floors are worked out with.
const BATCH: usize = 100;

fn main() -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let names = [
        "requests", "makespan", "steering", "client", "memory", "walking",
    ];
    let chosen = |name: &str| {
        arguments.iter().any(|argument| argument == name)
            || !names
                .iter()
                .any(|name| arguments.iter().any(|argument| argument == name))
    };
    let number: Option<usize> = arguments.iter().find_map(|argument| argument.parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if chosen("requests") {
            requests::run().await?;
        }
        if chosen("makespan") {
            makespan::run().await?;
        }
        if chosen("steering") {
            steering::run().await?;
        }
        if chosen("client") {
            client::run().await?;
        }
        if chosen("memory") {
            memory::run(number.unwrap_or(200_000)).await?;
        }
        if chosen("walking") {
            walking::run(number.unwrap_or(200_000)).await?;
        }
        Ok(())
    })
}

fn count32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn ratio(one: usize, other: usize) -> f64 {
    f64::from(count32(one)) / f64::from(count32(other.max(1)))
}

fn report(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
