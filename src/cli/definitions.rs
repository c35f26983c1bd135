//! Metadata of a command: from a committed snapshot, or from the instance.

use std::path::Path;

use super::failure::Failure;
use super::instance::Session;
use crate::check::Checked;
use crate::check::far_modules;
use crate::check::modules;
use crate::client;
use crate::client::Wanted;
use crate::metadata;
use crate::metadata::Metadata;
use crate::metadata::Reading;
use crate::wire::ModuleName;

/// A snapshot, or an answer of `/metadata` that somebody kept.
pub(crate) fn snapshot(path: &Path) -> Result<Metadata, Failure> {
    let name = path.display();
    let text = fs_err::read_to_string(path).map_err(|error| {
        Failure::arguments(format!(
            "the snapshot `{name}` cannot be read: {}",
            error.kind()
        ))
    })?;
    let reading = metadata::from_text(&text).map_err(|error| {
        Failure::arguments(format!("`{name}` is no metadata snapshot: {error}"))
    })?;
    Ok(noted(reading))
}

/// What the instance says of all its modules.
pub(crate) async fn everything(session: &Session) -> Result<Metadata, Failure> {
    fetch(session, Wanted::Everything).await
}

/// What the instance says of these modules, of those the playbooks name, and of those their links lead to.
pub(crate) async fn needed(
    session: &Session,
    named: &[ModuleName],
    playbooks: &[&Checked],
) -> Result<Metadata, Failure> {
    let mut wanted = named.to_vec();
    let add = |module: ModuleName, wanted: &mut Vec<ModuleName>| {
        let is_new = !wanted.contains(&module);
        if is_new {
            wanted.push(module);
        }
        is_new
    };
    for playbook in playbooks {
        for module in modules(playbook) {
            add(module, &mut wanted);
        }
    }
    let metadata = fetch(session, Wanted::Modules(&wanted)).await?;
    // Where links lead is known only now.
    let mut is_whole = true;
    for playbook in playbooks {
        for module in far_modules(playbook, &metadata) {
            is_whole &= !add(module, &mut wanted);
        }
    }
    if is_whole {
        return Ok(metadata);
    }
    fetch(session, Wanted::Modules(&wanted)).await
}

async fn fetch(session: &Session, wanted: Wanted<'_>) -> Result<Metadata, Failure> {
    client::fetch_metadata(&session.reader, wanted)
        .await
        .map(noted)
        .map_err(|failure| match failure {
            client::Failure::Stop(error) => Failure::Client(error),
            client::Failure::NotSent(fault) | client::Failure::Whole(fault) => {
                Failure::Instance(format!("its metadata cannot be read: {fault}"))
            }
        })
}

fn noted(reading: Reading) -> Metadata {
    for note in &reading.notes {
        tracing::info!("metadata: {note}");
    }
    reading.metadata
}
