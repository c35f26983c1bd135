//! The embedded Sugar server. It imports `wire` and nothing else of the project, so that it shares no mistake with
//! what it judges.
//!
//! A request's way: `line` accepts the connection, `server` reads the request, `call` decodes it with all the tolerance
//! clients rely on, `service` lets faults and the cost model have their say and takes a bulk apart, `engine` (one thread,
//! one connection) authenticates and runs each call, `route` says which `endpoint` it is, `dispatch` calls the function
//! that serves it. Records go through `records`, lists through `list` and `filter`, links through `relate` and `links`;
//! `schema` holds the modules, read from the data files under `stock/`, and `store` turns fields into SQL and back.

mod administration;
mod answer;
mod audit;
mod bulk;
mod call;
mod config;
mod context;
mod cost;
mod demo;
mod dispatch;
mod duplicates;
mod endpoint;
mod engine;
mod failure;
mod faults;
mod favorites;
mod fields;
mod files;
mod filter;
mod integrate;
mod line;
mod links;
mod list;
mod log;
mod mass;
mod me;
mod metadata;
mod multipart;
mod oauth;
mod orders;
mod query;
mod records;
mod relate;
mod rights;
mod route;
mod schema;
mod search;
mod server;
mod service;
mod store;
mod time;
mod upload;
mod workers;

#[cfg(test)]
mod tests;

pub use config::ClientIds;
pub use config::Concurrent;
pub use config::Config;
pub use config::Demo;
pub use config::Limits;
pub use config::Sessions;
pub use config::UnknownChoice;
pub use cost::CostModel;
pub use faults::Effect;
pub use faults::Fault;
pub use faults::Faults;
pub use faults::GoneField;
pub use faults::Scope;
pub use faults::UnknownFault;
pub use schema::SchemaError;
pub use server::Running;
pub use server::SandboxError;
pub use server::start;
