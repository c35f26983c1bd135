//! YAML text to [`Node`](super::Node)s with places.
//!
//! YAML 1.2: `NO`, `on` and dates are text. Beyond it, what would silently lose something of what was written stays
//! text (`0755`, `+4930123`, `1_000`) or is refused (an integer past 64 bits, `.nan`).

mod extent;
mod fault;
mod hole;
mod patch;
mod place;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod tree;

pub use text::LARGEST_TEXT;
pub use text::decode;
pub use text::read;
pub use text::read_as_far;
pub use tree::Document;
