//! The sandbox over HTTP, as a client meets it.

mod bulk;
mod filters;
mod links;
mod login;
mod metadata;
mod records;
mod site;
mod tolerance;
