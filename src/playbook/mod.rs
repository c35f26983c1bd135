//! The playbook language: YAML text in, a located [`Playbook`] out.

mod ast;
pub mod code;
mod instance_schema;
pub mod language;
mod node;
mod parse;
pub mod rows;
mod schema;
pub mod yaml;

pub use ast::*;
pub use instance_schema::json_schema_for;
pub use node::Node;
pub use parse::load;
pub use parse::parse;
pub use schema::json_schema;
