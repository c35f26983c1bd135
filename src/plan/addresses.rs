//! `email1` and `email`: two names for the same addresses of a record.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use crate::metadata::is_single_address;
use crate::metadata::value::is_empty;

/// The field that holds all addresses.
pub(super) const ADDRESSES: &str = "email";

/// The field that shows the primary one (fact sheet 4.1).
const PRIMARY: &str = "email1";

/// All addresses of a new record that is given its primary one and no other.
pub(super) fn made(fields: &Map<String, Json>) -> Option<Json> {
    let primary = fields.get(PRIMARY).filter(|address| !is_empty(address))?;
    let others = |name: &String| name == ADDRESSES || (is_single_address(name) && name != PRIMARY);
    let alone = !fields.keys().any(others);
    alone.then(|| json!([{ "email_address": primary, "primary_address": true }]))
}

/// The field by which one address is set, if one is.
pub(super) fn single(fields: &Map<String, Json>) -> Option<&String> {
    fields.keys().find(|name| is_single_address(name))
}
