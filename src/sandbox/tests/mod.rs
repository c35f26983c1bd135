//! The sandbox over HTTP, as a client meets it.

mod bulk;
mod extras;
mod faults;
mod filters;
mod links;
mod load;
mod login;
mod metadata;
mod operators;
mod records;
mod request_log;
mod rights;
mod site;
mod tolerance;
