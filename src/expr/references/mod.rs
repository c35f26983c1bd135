//! What a template refers to, found in its tree without running it.

mod call;
mod comparison;
mod finder;
mod reference;
mod way;

pub(super) use call::Argument;
pub(super) use call::Called;
pub(super) use call::Callee;
pub use comparison::Comparison;
pub use comparison::Sign;
pub use comparison::Written;
pub(super) use comparison::given;
pub(super) use finder::Gives;
pub(super) use finder::of;
pub use reference::Extent;
pub use reference::Part;
pub use reference::Reference;
pub use reference::StepNames;
pub(super) use reference::root;
