//! A checked playbook against what the instance says of itself: names, literal values, links, rights. Pure.
//!
//! Sugar drops an unknown field without a word and stores any value of a dropdown (fact sheet 4.2), so a mistake that is not found
//! here is found by nobody. What metadata does not describe is not judged: a module that is listed but not described, a
//! field of a kind nobody documents, a value that a template gives. Values of templates are judged while planning,
//! conditions and relations by [`RenderedJudge`].

mod condition;
mod dropdowns;
mod examiner;
mod links;
mod meaning;
mod needed;
mod operators;
mod order;
mod rendered;
mod set;
mod steps;
#[cfg(test)]
mod tests;
mod uses;
mod values;

pub(super) use examiner::Declared;
pub use examiner::WriteAccess;
pub(super) use meaning::Known;
pub use needed::far_modules;
pub use needed::modules;
pub use rendered::RenderedJudge;
pub(super) use steps::Judge;
pub use steps::against;
pub use steps::against_with;
