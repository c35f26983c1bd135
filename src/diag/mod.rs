//! Problems: collected as data, drawn in one place.

mod draw;
mod excerpt;
mod mask;
mod problem;
mod source;
mod suggest;
mod vault;

pub use draw::Colour;
pub use draw::Style;
pub use draw::draw;
pub use mask::Secrets;
pub use problem::Code;
pub use problem::Problem;
pub use problem::Problems;
pub use problem::Row;
pub use problem::Severity;
pub use problem::Told;
pub use source::Located;
pub use source::Position;
pub use source::Source;
pub use source::SourceId;
pub use source::Sources;
pub use source::Span;
pub use suggest::all_of;
pub use suggest::counted;
pub use suggest::did_you_mean;
pub use suggest::grouped;
pub use suggest::nearest;
pub use suggest::nearest_and_all;
pub use suggest::one_of;
pub use vault::SHORTEST_SECRET;
pub use vault::Seals;
pub use vault::SecretValues;
pub use vault::TooShort;
pub use vault::Unfit;
pub use vault::Vault;
