//! `MassUpdate`: one change, or deletion, for many records (fact sheet 1.7).

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::call::Call;
use super::context::Context;
use super::failure::Failure;
use super::links;
use super::records;
use super::schema::Module;
use super::store::text_of;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Update,
    Delete,
}

/// Records that cannot be changed are counted as failed; the call as a whole works out.
pub(crate) fn mass(
    cx: &Context<'_>,
    module: &Module,
    change: Change,
    call: &Call,
) -> Result<Value, Failure> {
    let parameters = call
        .argument("massupdate_params")
        .and_then(Value::as_object)
        .ok_or_else(|| Failure::missing("massupdate_params"))?;
    let ids: Vec<String> = match parameters.get("uid") {
        Some(Value::Array(ids)) => ids.iter().filter_map(text_of).collect(),
        Some(Value::String(ids)) => ids.split(',').map(|id| id.trim().to_owned()).collect(),
        _ => return Err(Failure::missing("uid")),
    };
    let mut failed = 0;
    for id in &ids {
        let done = match change {
            Change::Update => update(cx, module, id, parameters),
            Change::Delete => records::delete(cx, module, id, None),
        };
        match done {
            Ok(()) => {}
            Err(Failure::Refused { .. }) => failed += 1,
            Err(store) => return Err(store),
        }
    }
    Ok(json!({ "status": "done", "failed": failed }))
}

fn update(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    parameters: &Map<String, Value>,
) -> Result<(), Failure> {
    let mut fields = parameters.clone();
    fields.remove("uid");
    let lists = fields.remove("prospect_lists");
    if fields
        .remove("team_name_type")
        .is_some_and(|kind| kind == "add")
    {
        add_teams(cx, module, id, &mut fields)?;
    }
    records::update(cx, module, id, None, &fields)?;
    for list in lists
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(text_of)
    {
        let link = module.require_link("prospect_lists")?;
        links::add(cx, module, id, link, &list, &Map::new())?;
    }
    Ok(())
}

/// Keeps the teams that are there and adds the new ones.
fn add_teams(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    fields: &mut Map<String, Value>,
) -> Result<(), Failure> {
    let Some(Value::Array(new)) = fields.get("team_name").cloned() else {
        return Ok(());
    };
    let bean = records::map(&records::written(cx, module, id)?);
    let mut teams = bean
        .get("team_name")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for team in new {
        if !teams.iter().any(|present| present["id"] == team["id"]) {
            teams.push(team);
        }
    }
    fields.insert("team_name".into(), Value::Array(teams));
    Ok(())
}
