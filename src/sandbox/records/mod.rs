//! Records: reading, creating, changing, deleting.

mod change;
mod collections;
mod read;
mod write;

pub(crate) use change::link_item;
pub(crate) use read::map;
pub(crate) use read::restricted;
pub(crate) use read::text;
pub(crate) use read::written;

pub(crate) use write::create;
pub(crate) use write::create_related;
pub(crate) use write::delete;
pub(crate) use write::rewrite;
pub(crate) use write::update;
