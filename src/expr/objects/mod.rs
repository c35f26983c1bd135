//! `vars`, `steps` and an item as templates see them. Each access is recorded, and nothing is read before it is asked for.

mod access;
mod item;
mod items;
mod records;
mod root;
mod step;

pub(super) use access::Access;
pub(super) use access::stop;
pub(super) use item::Item;
pub(super) use item::source;
pub(super) use records::find;
pub(super) use root::Context;
pub use root::Own;
pub(super) use root::Steps;
pub(super) use step::ITEM_ATTRIBUTES;
pub(super) use step::STEP_ATTRIBUTES;
pub(super) use step::missing;
