//! The e-mail addresses of a record of which a run set one by itself: Sugar keeps the others, so they are looked at as a
//! whole before they are put back as a whole.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value as Json;

use crate::metadata::value::flag;

/// What a run found, and what it did to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Addresses {
    /// `email` as the run found it.
    pub found: Json,
    /// What it put in place of `replaced`; addresses, or nothing.
    pub set: Vec<Json>,
    pub replaced: Vec<Json>,
}

impl Addresses {
    /// Whether somebody added an address since, took one away, or marked one otherwise.
    pub fn are_changed(&self, now: &Json) -> bool {
        let (found, now) = (by_address(&self.found), by_address(now));
        let are_in = |list: &[Json], address: &str| {
            list.iter()
                .filter_map(Json::as_str)
                .any(|one| one.trim().to_lowercase() == address)
        };
        let is_ours = |address: &str| are_in(&self.set, address);
        let is_added = |address: &&String| !found.contains_key(*address) && !is_ours(address);
        let is_gone =
            |address: &&String| !now.contains_key(*address) && !are_in(&self.replaced, address);
        let is_marked = |address: &&String| {
            let (Some(was), Some(is)) = (found.get(*address), now.get(*address)) else {
                return false;
            };
            !is_ours(address)
                && ["opt_out", "invalid_email"]
                    .iter()
                    .any(|mark| flag(&was[*mark]) != flag(&is[*mark]))
        };
        now.keys()
            .any(|address| is_added(&address) || is_marked(&address))
            || found.keys().any(|address| is_gone(&address))
    }
}

fn by_address(list: &Json) -> BTreeMap<String, &Json> {
    let members = list.as_array().into_iter().flatten();
    members
        .filter_map(|member| {
            let address = member.get("email_address")?.as_str()?;
            Some((address.trim().to_lowercase(), member))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_somebody_did_is_told_from_what_the_run_did() {
        let one =
            |address: &str, opt_out: Json| json!({ "email_address": address, "opt_out": opt_out });
        let addresses = Addresses {
            found: json!([one("a@x.de", json!(true)), one("b@x.de", json!(false))]),
            set: vec![json!("New@x.de")],
            replaced: vec![json!("a@x.de")],
        };
        let (new, b) = (one("new@x.de", json!(false)), one("B@x.de", json!("0")));
        for ours in [
            json!([new, b]),
            json!([b, new, one("a@x.de", json!("1"))]),
            addresses.found.clone(),
        ] {
            assert!(!addresses.are_changed(&ours), "{ours}");
        }
        for theirs in [
            json!([new, b, one("c@x.de", json!(true))]),
            json!([new]),
            json!([new, one("b@x.de", json!(true))]),
            json!([new, b, one("a@x.de", json!(false))]),
        ] {
            assert!(addresses.are_changed(&theirs), "{theirs}");
        }
    }
}
