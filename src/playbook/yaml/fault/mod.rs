//! Words for text that is no YAML. The parser says what it stumbled over; a reader wants to know what to write.

mod blocks;
mod brackets;
mod document;
mod lines;
mod quotes;
mod rules;
mod signs;
mod words;

pub(super) use document::limit;
pub(super) use document::two_documents;
pub(super) use document::unknown_anchor;
pub(super) use rules::syntax;
pub(super) use words::named;
pub(super) use words::template_without_quotes;
