//! Personal data, kept out of reports unless somebody asks for it.
//!
//! What is hidden keeps a shape and a tag, so that a reader sees that it changes without seeing what it is.

mod curtain;
mod derived;
mod find;
mod origin;
mod shape;
mod words;

pub(super) use curtain::Curtain;
pub(super) use curtain::Of;
pub(super) use find::Personal;
pub(super) use shape::HIDDEN;

/// Whether a report shows personal data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Privacy {
    #[default]
    Hide,
    /// `--show-pii`.
    Show,
}
