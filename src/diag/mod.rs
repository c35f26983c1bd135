//! Problems: collected as data, drawn in one place.

mod problem;
mod source;

pub use problem::Code;
pub use problem::Problem;
pub use problem::Problems;
pub use problem::Row;
pub use problem::Severity;
pub use source::Located;
pub use source::Position;
pub use source::Source;
pub use source::SourceId;
pub use source::Sources;
pub use source::Span;
