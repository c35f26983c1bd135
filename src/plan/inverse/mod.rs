//! What a run did, into the changes that take it back. Pure: whoever asks says what the instance has now.
//!
//! An inverse is worked out in two steps, like any write of a plan. [`inverse`] needs only the run file and gives
//! [`Recovery`]s, which are kept; [`recover`] compares one with what the instance has now and gives an operation. So
//! what could not be taken back today can be tried again tomorrow, without the run file it came from.

mod addresses;
mod done;
mod newer;
mod recover;
mod recovery;
#[cfg(test)]
mod tests;

pub use done::Done;
pub use done::Irreversible;
pub use done::Later;
pub use done::inverse;
pub use newer::with_newer;
pub use recover::Drifted;
pub use recover::LastSaved;
pub use recover::recover;
pub use recovery::Recovery;
pub use recovery::Values;
