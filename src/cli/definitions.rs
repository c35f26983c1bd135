//! Metadata of a command: from a committed snapshot, or from the instance.

use std::path::Path;

use super::failure::Failure;
use super::instance::Session;
use crate::check::Checked;
use crate::check::far_modules;
use crate::check::modules;
use crate::client;
use crate::client::Cached;
use crate::client::Wanted;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::SourceId;
use crate::diag::Sources;
use crate::metadata;
use crate::metadata::Metadata;
use crate::metadata::Reading;
use crate::metadata::SnapshotError;
use crate::playbook;
use crate::wire::ModuleName;

/// In MiB. The whole metadata of a large instance have some 10.
const LARGEST_SNAPSHOT: usize = 64;

const NO_SNAPSHOT: Code = Code("no_snapshot");

/// A snapshot, or an answer of `/metadata` that somebody kept.
pub(crate) fn snapshot(path: &Path) -> Result<Metadata, Failure> {
    let mut sources = Sources::default();
    let read = playbook::read_text(path, LARGEST_SNAPSHOT, &mut sources).and_then(|source| {
        metadata::from_text(&sources.get(source).text)
            .map_err(|error| no_snapshot(&error, source, &sources).into())
    });
    match read {
        Ok(reading) => Ok(noted(reading)),
        Err(problems) => Err(Failure::Problems {
            file: path.display().to_string(),
            problems,
            sources,
        }),
    }
}

/// Why a text is no snapshot, where the JSON of it breaks off if it does.
fn no_snapshot(error: &SnapshotError, source: SourceId, sources: &Sources) -> Problem {
    let (line, column) = error.position().unwrap_or((1, 1));
    let problem = Problem::error(NO_SNAPSHOT, error.to_string());
    problem
        .at(sources.get(source).span_at(source, line, column), "here")
        .help("a snapshot is what `sugarmill metadata pull` writes, or an answer of `/metadata`")
}

/// What the instance says of all its modules.
pub(crate) async fn everything(session: &Session) -> Result<Metadata, Failure> {
    fetch(session, hash(session).await?.as_deref(), Wanted::Everything).await
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
    let hash = hash(session).await?;
    let hash = hash.as_deref();
    let metadata = fetch(session, hash, Wanted::Modules(&wanted)).await?;
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
    fetch(session, hash, Wanted::Modules(&wanted)).await
}

/// What tells whether the cache holds the metadata of now; nothing where there is no cache, or the instance does not say.
async fn hash(session: &Session) -> Result<Option<String>, Failure> {
    match session.cache {
        Some(_) => client::fetch_metadata_hash(&session.reader)
            .await
            .map_err(unreadable),
        None => Ok(None),
    }
}

/// From the cache where that is possible; otherwise from the instance and into the cache.
async fn fetch(
    session: &Session,
    hash: Option<&str>,
    wanted: Wanted<'_>,
) -> Result<Metadata, Failure> {
    let (Some(cache), Some(hash)) = (&session.cache, hash) else {
        return Ok(noted(ask(session, wanted).await?));
    };
    match cache.load(wanted, hash) {
        Cached::Found(reading) => {
            tracing::info!("metadata: from the cache, they are the same at the instance");
            return Ok(noted(reading));
        }
        Cached::Missing => {}
        Cached::Damaged { path, reason } => {
            tracing::info!("`{}` is not used: {reason}", path.display());
        }
    }
    let mut reading = ask(session, wanted).await?;
    reading.metadata.hash = Some(hash.to_owned());
    if let Err(error) = cache.store(wanted, hash, &reading) {
        tracing::info!("metadata are not cached: {error}");
    }
    Ok(noted(reading))
}

async fn ask(session: &Session, wanted: Wanted<'_>) -> Result<Reading, Failure> {
    client::fetch_metadata(&session.reader, wanted)
        .await
        .map_err(unreadable)
}

fn unreadable(failure: client::Failure) -> Failure {
    match failure {
        client::Failure::Stop(error) => Failure::Client(error),
        client::Failure::NotSent(fault) | client::Failure::Whole(fault) => {
            Failure::Instance(format!("the instance's metadata cannot be read: {fault}"))
        }
    }
}

fn noted(reading: Reading) -> Metadata {
    for note in &reading.notes {
        tracing::info!("metadata: {note}");
    }
    reading.metadata
}
