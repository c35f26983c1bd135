//! The playbook language: YAML text in, a located [`Playbook`] out.

mod assemble;
mod ast;
pub mod code;
mod instance_schema;
pub mod language;
mod node;
mod parse;
mod reach;
pub mod rows;
mod schema;
mod text_file;
pub mod yaml;

pub use assemble::Library;
pub use assemble::assemble;
pub use ast::*;
pub use instance_schema::json_schema_for;
pub use node::Node;
pub use parse::Broken;
pub use parse::load;
pub use parse::load_allowing;
pub use parse::load_as_far;
pub use parse::name_in;
pub use parse::parse;
pub use reach::OutOfReach;
pub use reach::Reach;
pub use schema::json_schema;
pub use text_file::read_text;
