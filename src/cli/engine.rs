//! What plan and apply have in common: an engine over a run file.

use std::sync::Arc;
use std::time::Duration;

use jiff::ZonedDateTime;
use tokio::sync::watch;

use super::failure::Failure;
use super::instance::Session;
use super::load::Loaded;
use super::progress::Shown;
use crate::check::WriteAccess;
use crate::execute;
use crate::execute::Asker;
use crate::execute::Engine;
use crate::execute::Exports;
use crate::execute::Health;
use crate::execute::Memory;
use crate::execute::Pace;
use crate::execute::Wish;
use crate::operation::Origin;
use crate::plan::Guard;
use crate::playbook::Settings;
use crate::runfile::Header;
use crate::runfile::RunFile;
use crate::runfile::Undoes;

/// How long nobody may get an answer before a run is given up, unless the playbook says otherwise.
const MAX_OUTAGE: Duration = Duration::from_hours(1);

/// While planning nothing is at stake, so it is given up sooner.
const MAX_OUTAGE_OF_A_PLAN: Duration = Duration::from_mins(2);

/// What the loop is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Plan,
    Apply,
}

pub(crate) fn health(settings: &Settings, task: Task) -> Health {
    Health::new(match task {
        Task::Plan => settings
            .max_outage
            .unwrap_or(MAX_OUTAGE_OF_A_PLAN)
            .min(MAX_OUTAGE_OF_A_PLAN),
        Task::Apply => settings.max_outage.unwrap_or(MAX_OUTAGE),
    })
}

/// The playbook's own ceilings on how much is sent at once.
pub(crate) fn pace(settings: &Settings) -> Pace {
    let pace = Pace::default();
    let number = |asked: Option<u32>, otherwise: usize| {
        asked.map_or(otherwise, |asked| asked.max(1) as usize)
    };
    Pace {
        entries: number(settings.batch_size, pace.entries),
        slots: number(settings.concurrency, pace.slots),
        ..pace
    }
}

pub(crate) fn build<'a>(
    loaded: &'a Loaded,
    header: &'a Header,
    session: &Session,
    file: RunFile,
    health: &Health,
    shown: &'a mut Shown,
    wish: watch::Receiver<Wish>,
) -> Result<Engine<'a>, Failure> {
    let now: ZonedDateTime = header.now.parse().map_err(|error| {
        Failure::arguments(format!("the run file's time does not read: {error}"))
    })?;
    let recovering = file.get::<Undoes>()?.map(|undoes| undoes.drifted);
    Ok(Engine {
        checked: &loaded.checked,
        metadata: Arc::new(header.metadata.clone()),
        renewal: execute::Renewal::default(),
        origin: Origin {
            identity: header.identity.clone(),
            playbook: loaded.checked.name.clone(),
            generation: header.generation.unwrap_or(loaded.checked.generation),
            run: header.run_id.clone(),
        },
        user_id: session.me.id.clone(),
        world: execute::world(&file, &loaded.checked, header, now)?.in_zone(loaded.zone.clone()),
        asker: Asker::new(session.reader.clone(), health.clone(), wish.clone()),
        // What takes a run back leaves the files it wrote.
        exports: match recovering {
            Some(_) => Exports::Later,
            None => Exports::WhenFinal(loaded.exports.clone()),
        },
        recovering,
        write_access: WriteAccess::Required,
        vault: Arc::clone(&session.vault),
        file,
        ledger: None,
        guard: Guard::new(loaded.checked.limits.clone()),
        zone: loaded.zone.clone(),
        events: shown,
        wish,
        memory: Memory::default(),
    })
}
