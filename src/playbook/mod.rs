//! The playbook language: YAML text in, a located [`Playbook`] out.

mod ast;
mod node;

pub use ast::*;
pub use node::Node;
