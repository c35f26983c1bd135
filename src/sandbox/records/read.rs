//! One record as a GET shows it.

use serde_json::Map;
use serde_json::Value;

use crate::sandbox::context::Context;
use crate::sandbox::failure::Failure;
use crate::sandbox::rights;
use crate::sandbox::rights::Action;
use crate::sandbox::schema::Module;

/// The full record as JSON text, where it is there and the user may view it.
pub(crate) fn text(cx: &Context<'_>, module: &Module, id: &str) -> Result<String, Failure> {
    rights::record(cx, module, id, Action::View)?;
    written(cx, module, id)
}

/// The full record as the answer of a write shows it: who wrote it is shown what came of it.
pub(crate) fn written(cx: &Context<'_>, module: &Module, id: &str) -> Result<String, Failure> {
    let projection = &cx.projections[&module.name];
    let mut statement = cx.db.prepare_cached(&projection.by_id)?;
    let mut rows = statement.query((&cx.actor.user_id, id))?;
    match rows.next()? {
        Some(row) => Ok(restricted(
            cx,
            module,
            projection.bean(row, &cx.actor.zone)?,
        )),
        None => Err(Failure::no_record(&module.name, id)),
    }
}

/// The record without what the user may not see.
pub(crate) fn restricted(cx: &Context<'_>, module: &Module, text: String) -> String {
    match cx.rights(module) {
        None => text,
        Some(rights) => {
            let mut bean = map(&text);
            rights.restrict(&mut bean);
            Value::Object(bean).to_string()
        }
    }
}

/// The map behind a record's text.
pub(crate) fn map(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("records are printed as JSON maps")
}
