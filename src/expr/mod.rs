//! Templates and JSONPath: compiled, their references found, evaluated over results.

mod attributes;
mod calls;
mod compare;
mod dates;
mod depth;
mod elsewhere;
mod functions;
mod included;
mod list;
mod numbers;
mod objects;
mod origin;
mod path;
mod phone;
mod references;
mod results;
mod scope;
mod search;
mod signatures;
mod slips;
mod slug;
mod syntax;
mod template;
#[cfg(test)]
mod tests;
mod touched;
mod tree;
mod truth;
mod value;

pub use included::IncludedNames;
pub use included::IncludedVar;
pub use included::LateVar;
pub use list::ItemList;
pub use objects::Own;
pub use path::Path;
pub use path::PathError;
pub use path::Reads;
pub use references::Comparison;
pub use references::Extent;
pub use references::Part;
pub use references::Reference;
pub use references::Sign;
pub use references::StepNames;
pub use references::Written;
pub use results::Effect;
pub use results::Hit;
pub use results::ItemResult;
pub use results::ItemSource;
pub use results::KeyHit;
pub use results::Phase;
pub use results::Repeat;
pub use results::Results;
pub use results::ResultsError;
pub use results::Seq;
pub use results::Standing;
pub use results::StepNo;
pub use results::StepResult;
pub use results::Tally;
pub use scope::Failure;
pub use scope::Scope;
pub use scope::World;
pub use slips::foreign_name;
pub use template::Rendered;
pub use template::SYNTAX;
pub use template::Seen;
pub use template::Template;
pub use touched::EdgeKind;
pub use touched::Sought;
pub use touched::Touched;
pub use touched::Unknown;
pub use tree::Tree;

/// Attributes a step's result has.
pub const STEP_ATTRIBUTES: &[&str] = objects::STEP_ATTRIBUTES;

/// Attributes an item's result has, beside the fields of its record.
pub const ITEM_ATTRIBUTES: &[&str] = objects::ITEM_ATTRIBUTES;
