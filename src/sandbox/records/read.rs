//! One record as a GET shows it.

use serde_json::Map;
use serde_json::Value;

use crate::sandbox::context::Context;
use crate::sandbox::failure::Failure;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::quoted;

/// The full record, or 404.
pub(crate) fn bean(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
) -> Result<Map<String, Value>, Failure> {
    let projection = &cx.projections[&module.name];
    let mut statement = cx.db.prepare_cached(&projection.by_id)?;
    let mut rows = statement.query((&cx.actor.user_id, id))?;
    match rows.next()? {
        Some(row) => {
            let mut bean = projection.bean(row, &cx.actor.zone)?;
            if let Some(rights) = cx.rights(module) {
                rights.restrict(&mut bean);
            }
            Ok(bean)
        }
        None => Err(Failure::no_record(&module.name, id)),
    }
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
