//! What an instance says of its modules, and what that means for a value. No I/O: the client fetches, this reads.
//!
//! Nobody else compares or coerces Sugar values; see [`value`].

mod diff;
mod hanging;
mod kind;
mod lookup;
mod model;
mod read;
mod relation;
mod sample;
mod snapshot;
pub mod value;
mod writable;

pub use diff::Attribute;
pub use diff::Change;
pub use diff::ChangeKind;
pub use diff::Subject;
pub use diff::diff;
pub use kind::FieldKind;
pub use lookup::FarSide;
pub use model::Acl;
pub use model::Dropdown;
pub use model::Field;
pub use model::Mark;
pub use model::Metadata;
pub use model::Module;
pub use model::Relationship;
pub use model::Right;
pub use model::Server;
pub use read::Note;
pub use read::Reading;
pub use read::read;
pub use read::read_dropdown;
pub use read::record_acl;
pub use relation::Parentage;
pub use relation::is_single_address;
pub use snapshot::FORMAT;
pub use snapshot::SnapshotError;
pub use snapshot::from_text;
pub use snapshot::to_text;
pub use writable::Writable;
