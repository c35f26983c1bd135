//! What every label and every code of a diagnostic means, and what to do: the words behind `explain`, and the rules of
//! SARIF. Data and look-ups; nothing here is met at run time by the engine.

mod entry;
mod found;
mod local;
mod sugar;
mod text;

pub use entry::Explanation;
pub use entry::Origin;
pub use entry::explain;
pub use entry::explanations;
pub use text::explanation_text;
pub use text::explanations_text;
