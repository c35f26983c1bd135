//! Reading `GET /metadata` as it comes.
//!
//! Real answers are untidy: `"isnull": "true"` beside `false`, `_hash` among the fields, `[]` for an empty map, and
//! attributes nobody has described (fact sheet 7). Nothing here fails; what is not understood is left out and noted.

mod answer;
mod definition;
mod lenient;
mod note;
mod rights;
#[cfg(test)]
mod tests;

pub use answer::Reading;
pub use answer::read;
pub use answer::read_dropdown;
pub use note::Note;
pub use rights::record_acl;
