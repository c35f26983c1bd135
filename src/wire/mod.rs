//! Sugar's REST interface as closed types: requests, answers, faults, labels. No I/O.

mod label;

pub use label::Label;
pub use label::LocalLabel;
pub use label::SugarLabel;
