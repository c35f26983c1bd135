//! `doctor --write-test MODULE`: one record, made and deleted, to see what the instance does with writes.
//!
//! Leave to write comes as for an apply: with the lock of a run file. This one holds nothing but its header, lies in a folder
//! for temporary files, and is gone with the test.

use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::plan;
use crate::cli::failure::Failure;
use crate::cli::instance::Way;
use crate::cli::settings::Settings;
use crate::cli::turn;
use crate::cli::turn::Queue;
use crate::client;
use crate::client::Below;
use crate::client::Finding;
use crate::client::Me;
use crate::client::Trial;
use crate::client::Tried;
use crate::client::Wanted;
use crate::client::Writer;
use crate::diag::Seals;
use crate::execute;
use crate::execute::Wish;
use crate::metadata::Metadata;
use crate::plan::Guard;
use crate::playbook::Limits;
use crate::runfile::Header;
use crate::runfile::Instance;
use crate::runfile::Lock;
use crate::runfile::PlaybookText;
use crate::runfile::RunFile;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// What the record is called, for whoever comes across it.
const NAME: &str = "sugarmill doctor --write-test, may be deleted";

/// Modules on the far side that a record can be made in at no risk, the best first.
const FAR: [&str; 4] = ["Notes", "Tasks", "Calls", "Contacts"];

/// How long what is under way is awaited after a signal, as in a run.
const PATIENCE: Duration = Duration::from_secs(7);

/// The record and what is made below it; and one below a parent that is not there, should it be taken.
const CHANGES: u64 = 3;

pub(super) async fn run(
    queue: Queue<'_>,
    way: &Way,
    me: &Me,
    module: &str,
) -> Result<Vec<(Tried, Finding)>, Failure> {
    let signals = queue.signals;
    let module = ModuleName::new(module);
    let metadata = described(way, std::slice::from_ref(&module));
    let metadata = signals.unless_stopped(metadata).await??;
    let link = metadata.module(module.as_str()).and_then(|known| {
        FAR.iter().find_map(|far| {
            let leads_there = |link: &str| metadata.far_module(module.as_str(), link) == Some(far);
            let link = known.links().find(|link| leads_there(&link.name))?;
            Some((LinkName::new(link.name.clone()), ModuleName::new(*far)))
        })
    });
    if !metadata.has_module(module.as_str()) {
        return Err(Failure::Arguments {
            message: format!("the instance shows this user no module `{module}`"),
            help: Some(
                "name one in which a record may be made and deleted, such as `Notes`".into(),
            ),
        });
    }
    let below = match link {
        None => None,
        Some((link, far)) => {
            let of_far = described(way, std::slice::from_ref(&far));
            let of_far = signals.unless_stopped(of_far).await??;
            let fields = of_far.sample(far.as_str(), NAME);
            Some(Below {
                link,
                module: far,
                fields,
            })
        }
    };
    let folder = tempfile::tempdir().map_err(|source| Failure::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    let fields = metadata.sample(module.as_str(), NAME);
    let writer = writer(queue.settings, way, me, metadata, folder.path())?;
    let wish = signals.wish();
    let goes_on = || *wish.borrow() == Wish::GoOn;
    let trial = Trial {
        writer: &writer,
        goes_on: &goes_on,
        module,
        fields,
        id: fresh(),
        nobody: fresh(),
        below,
    };
    let mut stopped = signals.wish();
    let out_of_patience = async {
        // Nobody can wish any more: then it goes on to its end.
        if stopped.wait_for(|wish| *wish == Wish::Stop).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(PATIENCE).await;
    };
    let findings = tokio::select! {
        findings = trial.run() => Some(findings),
        () = out_of_patience => None,
    };
    match findings {
        Some(findings) if goes_on() => Ok(findings),
        findings => Err(Failure::Interrupted {
            exit: signals.exit(),
            help: Some(what_is_left(findings.as_deref(), &trial.module)),
        }),
    }
}

/// Of a test that was broken off.
fn what_is_left(findings: Option<&[(Tried, Finding)]>, module: &ModuleName) -> String {
    let gone = |one: &(Tried, Finding)| matches!(one, (Tried::Gone, Finding::Works(_)));
    let failed = |one: &(Tried, Finding)| match one {
        (_, Finding::Fails(message)) => Some(message.clone()),
        _ => None,
    };
    match findings {
        Some([]) => "nothing was created".into(),
        Some(findings) if findings.iter().any(gone) => "what was created is deleted".into(),
        Some(findings) if let Some(said) = findings.iter().find_map(failed) => said,
        Some(_) | None => format!(
            "look whether {module} has a record `{NAME}` and delete it: the instance took too long to be waited for"
        ),
    }
}

async fn described(way: &Way, modules: &[ModuleName]) -> Result<Metadata, Failure> {
    let read = client::fetch_metadata(&way.reader, Wanted::Modules(modules)).await;
    let reading = read.map_err(|failure| match failure {
        client::Failure::Stop(error) => Failure::Client(error),
        failure => Failure::Instance(format!("the instance's metadata cannot be read: {failure}")),
    })?;
    Ok(reading.metadata)
}

/// A client that may write, by the lock of a run file of its own.
fn writer(
    settings: &Settings,
    way: &Way,
    me: &Me,
    metadata: Metadata,
    folder: &Path,
) -> Result<Writer, Failure> {
    let path = folder.join("write-test.run");
    let file = RunFile::create(&path, &header(settings, way, me, metadata))?;
    let guard = Guard::new(Limits {
        max_changes: Some(CHANGES),
        max_deletes: Some(CHANGES),
        ..Limits::default()
    });
    let lock = Lock::take(&path, &turn::holder(&path))?;
    Ok(Writer::new(way.reader.clone(), lock.permit(&file, &guard)?))
}

fn header(settings: &Settings, way: &Way, me: &Me, metadata: Metadata) -> Header {
    let started = execute::timestamp();
    Header {
        run_id: plan::run_id(settings),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        now: started.clone(),
        generation: None,
        started,
        playbook: PlaybookText {
            name: "write-test".into(),
            path: String::new(),
            text: String::new(),
            includes: Vec::new(),
        },
        vars: serde_json::Map::new(),
        included_vars: std::collections::BTreeMap::new(),
        instance: Instance {
            url: way.name.clone(),
            user: me.user_name.clone(),
            user_id: me.id.clone(),
            metadata_hash: None,
            flags: Vec::new(),
            confirm: None,
        },
        identity: way.name.clone(),
        seals: Seals::default(),
        metadata,
    }
}

fn fresh() -> RecordId {
    RecordId::new(Uuid::now_v7().to_string())
}
