//! The sandbox over HTTP, as a client meets it.

mod bulk;
mod extras;
mod faults;
mod filters;
mod links;
mod login;
mod metadata;
mod operators;
mod records;
mod rights;
mod site;
mod tolerance;
