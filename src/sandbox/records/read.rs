//! One record as a GET shows it.

use serde_json::Map;
use serde_json::Value;

use crate::sandbox::context::Context;
use crate::sandbox::failure::Failure;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::quoted;

/// The full record as JSON text, or 404.
pub(crate) fn text(cx: &Context<'_>, module: &Module, id: &str) -> Result<String, Failure> {
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

/// The full record as a map, or 404.
pub(crate) fn bean(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
) -> Result<Map<String, Value>, Failure> {
    text(cx, module, id).map(|text| map(&text))
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

/// Whether a record is there and not deleted.
pub(crate) fn exists(cx: &Context<'_>, module: &Module, id: &str) -> Result<bool, Failure> {
    let mut sql = cx.sql(format!(
        "SELECT 1 FROM {} t WHERE t.deleted = 0 AND t.id = ",
        quoted(&module.table)
    ));
    sql.bind(id.to_owned());
    Ok(sql.first(cx.db, |_| Ok(()))?.is_some())
}
