//! The instance over HTTP: one attempt a request, one session for everyone. The only home of reqwest.
//!
//! A [`Reader`] has no way to send a write; a [`Writer`] is made with a permit. Nothing here repeats a request, except
//! what the instance refused for a session that had ended and so did not do.

mod cache;
mod connection;
mod counts;
mod error;
mod exchange;
mod grant;
mod losses;
mod me;
mod metadata;
mod probe;
mod reader;
mod site;
mod tokens;
mod transport;
mod trial;
mod writer;

pub use cache::Cached;
pub use cache::MetadataCache;
pub use connection::ApiVersion;
pub use connection::Connection;
pub use connection::Credentials;
pub use connection::Proxy;
pub use counts::Counts;
pub use error::Cause;
pub use error::ClientError;
pub use error::Failure;
pub use me::Me;
pub use metadata::Wanted;
pub use metadata::fetch_metadata;
pub use metadata::fetch_metadata_hash;
pub use probe::Finding;
pub use probe::Probe;
pub use reader::Reader;
pub use site::PlainHttp;
pub use site::Site;
pub use site::SiteError;
pub use trial::Below;
pub use trial::Trial;
pub use trial::Tried;
pub use writer::Writer;

#[cfg(test)]
mod script;
#[cfg(test)]
mod tests;
