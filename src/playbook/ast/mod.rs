//! A playbook as it was written: every part with its place, nothing resolved, nothing checked against metadata.
//!
//! Text that may hold templates stays text here; `expr` compiles it.

mod action;
mod limits;
mod playbook;
mod step;

pub use action::*;
pub use limits::*;
pub use playbook::*;
pub use step::*;
