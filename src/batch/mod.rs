//! What is ready into batches: the fewest, fullest `/bulk` requests that keep the meaning. Pure, and the same for the same
//! input.

mod compile;
mod load;
mod ready;
mod records;
mod size;
#[cfg(test)]
mod tests;
mod touch;

pub use compile::compile;
pub use ready::Batch;
pub use ready::Budget;
pub use ready::Carried;
pub use ready::Class;
pub use ready::Entry;
pub use ready::MergeKey;
pub use ready::Ready;
pub use records::share_a_record;
pub use size::bytes;
pub use size::records_by_class;
pub use touch::Manner;
pub use touch::Place;
pub use touch::Touch;
pub use touch::Touched;
