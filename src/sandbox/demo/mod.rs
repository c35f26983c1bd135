//! Demo data: the same for the same seed, with fixed dates, so that nothing depends on the day.

mod dice;
mod fill;
mod leftovers;
mod names;
mod people;
mod records;

pub(crate) use fill::fill;
