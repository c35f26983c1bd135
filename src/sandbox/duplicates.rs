//! `POST /<module>/duplicateCheck`: records that look like the candidate.
//!
//! Sugar's rules are configured by module and not published in full; here a person is the same by first and last name,
//! anything else by the beginning of its name, and both by an email address.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::answer::Records;
use super::context::Context;
use super::failure::Failure;
use super::fields::Selection;
use super::filter;
use super::list;
use super::list::Page;
use super::list::Wanted;
use super::rights::Action;
use super::schema::Module;

pub(crate) fn check(
    cx: &Context<'_>,
    module: &Module,
    candidate: &Map<String, Value>,
) -> Result<Records, Failure> {
    let given = |name: &str| {
        candidate
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let mut any = Vec::new();
    if module.has_person_name() {
        if let Some(last) = given("last_name") {
            let mut person = vec![json!({ "last_name": last })];
            person.extend(given("first_name").map(|first| json!({ "first_name": first })));
            any.push(json!({ "$and": person }));
        }
    } else if let Some(name) = given("name") {
        any.push(json!({ "name": { "$starts": name } }));
    }
    if let Some(address) = given("email1").filter(|_| module.field("email").is_some()) {
        any.push(json!({ "email": address }));
    }
    let page = Page {
        size: 20,
        offset: 0,
    };
    let order = list::order(cx, module, None)?;
    let selection = Selection::default();
    let wanted = Wanted {
        selection: &selection,
        page,
        order: &order,
    };
    list::select(cx, module, Action::List, wanted, |sql| {
        filter::push(cx, module, &json!([{ "$or": any }]), sql)
    })
}
