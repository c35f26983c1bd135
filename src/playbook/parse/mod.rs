//! Located nodes to a [`Playbook`](super::Playbook): the shape of everything, and nothing of what needs metadata.
//!
//! All problems of a file are found in one go: a part that is wrong is reported and left out, and reading goes on.

mod action;
mod arguments;
mod call;
mod controls;
mod entries;
mod export;
mod file;
mod for_each;
mod include;
mod names;
mod playbook;
mod reader;
mod settings;
mod step;
mod targets;
#[cfg(test)]
mod tests;
mod value;
mod verb;
mod written;

pub use file::Broken;
pub use file::load;
pub use file::load_allowing;
pub use file::load_as_far;
pub use file::parse;
pub(super) use file::parse_as_far;
pub(super) use file::read_playbook;
