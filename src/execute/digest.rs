//! What tells one plan from another: playbook, data and operations in one hash.

use serde_json::Value as Json;

use crate::metadata::value::canonical;
use crate::runfile::OperationView;
use crate::runfile::RunFileError;
use crate::runfile::RunView;

/// Hashes everything that apply would go by. Runs of the same plan differ in run id and times only, and those are left out.
pub(super) fn digest(view: &RunView) -> Result<String, RunFileError> {
    let header = view.header()?;
    // Stand-ins of secrets are new for each plan but for their tags.
    let nonce = header.seals.nonce();
    let steady = |text: String| match header.seals.is_empty() {
        true => text,
        false => text.replace(&nonce, ""),
    };
    let mut hasher = blake3::Hasher::new();
    for part in [
        &header.playbook.text,
        &header.identity,
        &header.instance.url,
    ] {
        add(&mut hasher, part.as_bytes());
    }
    for included in &header.playbook.includes {
        add(&mut hasher, included.path.as_bytes());
        add(&mut hasher, included.text.as_bytes());
    }
    if let Some(generation) = header.generation {
        add(&mut hasher, generation.to_string().as_bytes());
    }
    let of_vars = |vars| steady(canonical(&Json::Object(vars)));
    add(&mut hasher, of_vars(header.vars).as_bytes());
    for (id, vars) in header.included_vars {
        add(&mut hasher, id.as_bytes());
        add(&mut hasher, of_vars(vars).as_bytes());
    }
    view.each_unplanned(|row| add(&mut hasher, row.as_bytes()))?;
    view.each_planned(|operation| {
        add(&mut hasher, steady(of_operation(operation)).as_bytes());
    })?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// With its length before it, so that no two lists of parts read the same.
fn add(hasher: &mut blake3::Hasher, part: &[u8]) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part);
}

fn of_operation(operation: &OperationView) -> String {
    let change = serde_json::to_value(&operation.change).unwrap_or_default();
    let parts = [
        Json::from(operation.seq.0),
        Json::from(operation.key.as_str()),
        Json::from(operation.action.as_str()),
        Json::from(operation.state.as_str()),
        Json::from(operation.label.clone()),
        change,
        Json::Object(operation.before.clone()),
        Json::Object(operation.after.clone()),
    ];
    canonical(&Json::from(parts.to_vec()))
}
