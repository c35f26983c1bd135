//! The one place where Sugar values are judged: what a field takes, and whether what came back is what was sent.

mod accept;
mod canonical;
mod decimal;
mod edit;
#[cfg(test)]
mod equality;
mod list;
mod print;
mod rejected;
mod same;
mod time;

pub use accept::Context;
pub use accept::accept;
pub use accept::not_an_option;
pub use canonical::canonical;
pub use edit::Edit;
pub use edit::has_parts;
pub use print::Print;
pub use print::is_own;
pub use rejected::Rejected;
pub use same::Verdict;
pub use same::flag;
pub use same::is_empty;
pub use same::same;
pub use same::to_bring_back;
