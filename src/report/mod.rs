//! Run file → what people and programs read: terminal text, JSON, progress lines.
//!
//! Everything is read through `source`, behind the curtain of `privacy`; no rendering sees the run file itself.

mod error;
mod explain;
mod github;
mod graph;
mod json;
mod metadata_diff;
mod model;
mod outcome;
mod privacy;
mod progress;
mod runs;
mod sarif;
mod source;
#[cfg(test)]
mod tests;
mod text;

pub use error::ReportError;
pub use explain::Explanation;
pub use explain::Origin;
pub use explain::explain;
pub use explain::explanations;
pub use github::github_annotations;
pub use graph::GraphFormat;
pub use graph::graph;
pub use json::Operations;
pub use json::Options;
pub use json::read;
pub use json::schema;
pub use json::write_json;
pub use metadata_diff::metadata_diff_text;
pub use model::Diagnostic;
pub use model::InstanceReport;
pub use model::OperationReport;
pub use model::PlaybookReport;
pub use model::Report;
pub use model::RequestCounts;
pub use model::RowReport;
pub use model::RunReport;
pub use model::Severity;
pub use model::SteeredReport;
pub use model::StepReport;
pub use model::Summary;
pub use outcome::Kind;
pub use outcome::Outcome;
pub use outcome::RunResult;
pub use outcome::result;
pub use privacy::Privacy;
pub use progress::Activity;
pub use progress::progress_line;
pub use runs::RunLine;
pub use runs::run_lines;
pub use runs::runs_text;
pub use sarif::sarif;
pub use text::Listing;
pub use text::TextOptions;
pub use text::write_text;
