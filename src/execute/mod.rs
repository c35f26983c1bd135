//! The one loop: over a reader it plans, over a writer it applies.

mod apply;
mod ask;
mod closed;
mod contradict;
mod deliver;
mod digest;
mod dispatch;
mod drift;
mod drive;
mod earlier;
mod error;
mod expectations;
mod export;
mod hanging;
mod held;
mod ids;
mod included;
mod inquiry;
mod items;
mod judge;
mod kinship;
mod landing;
mod looking;
mod lookup;
mod meanwhile;
mod memory;
mod named;
mod needs;
mod order;
mod ours;
mod outcomes;
mod page;
mod partly;
mod patience;
mod plan;
mod reading;
mod rebound;
mod reconcile;
mod recovered;
mod renew;
mod seen;
mod sending;
mod sheet;
mod side_effects;
mod standing;
mod steer;
mod sync_key;
mod tied;
mod touches;
mod turns;
mod under;
mod undo;
mod upsert;
mod vacant;
mod walk;
mod window;

use std::sync::Arc;

pub use apply::ApplyEnd;
pub use apply::ApplyOptions;
pub use apply::apply;
pub use ask::Asker;
pub use error::ExecuteError;
pub use export::Exports;
pub use memory::Memory;
pub use patience::Health;
pub use plan::PlanEnd;
pub use plan::Refusal;
pub use plan::plan;
pub use renew::Renewal;
pub use steer::Pace;
use tokio::sync::watch;
pub use undo::plan_undo;
pub use undo::settle_open;

use crate::check::Checked;
use crate::check::WriteAccess;
use crate::check::included_names;
use crate::diag::Vault;
use crate::event::Activity;
use crate::event::Event;
use crate::event::Listener;
use crate::expr::World;
use crate::ledger::Ledger;
use crate::metadata::Metadata;
use crate::operation::Origin;
use crate::plan::Drifted;
use crate::plan::Guard;
use crate::plan::Planner;
use crate::runfile::Header;
use crate::runfile::Requests;
use crate::runfile::RunFile;
use crate::runfile::RunFileError;
use crate::runfile::Steered;

/// What somebody outside wants of a running loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wish {
    GoOn,
    /// Send nothing new, wait for answers a while, write down, end.
    Stop,
}

/// Everything a plan or an apply works with.
pub struct Engine<'a> {
    pub checked: &'a Checked,
    pub metadata: Arc<Metadata>,
    pub renewal: Renewal,
    pub origin: Origin,
    /// Who is logged in, as the instance knows them.
    pub user_id: String,
    pub world: World,
    pub file: RunFile,
    /// Without one, nothing finds again what a key made on an instance that gives ids of its own.
    pub ledger: Option<Ledger>,
    pub asker: Asker,
    pub guard: Guard,
    /// What a record is worth that says it is closed to the user.
    pub write_access: WriteAccess,
    /// Of a run file that takes another back: what becomes of records that somebody changed since.
    pub recovering: Option<Drifted>,
    pub exports: Exports,
    /// The secrets for which operations have stand-ins.
    pub vault: Arc<Vault>,
    pub zone: Option<jiff::tz::TimeZone>,
    pub events: &'a mut dyn Listener,
    pub wish: watch::Receiver<Wish>,
    pub memory: Memory,
}

impl Engine<'_> {
    /// The run file alone; everything else that reads it is closed.
    pub fn into_file(self) -> RunFile {
        self.file
    }

    fn planner(&self) -> Planner<'_> {
        Planner {
            checked: self.checked,
            metadata: &self.metadata,
            world: &self.world,
            origin: &self.origin,
            vault: &self.vault,
            zone: self.zone.clone(),
        }
    }

    fn tell(&mut self, event: &Event) {
        self.events.hear(event);
    }

    /// Says how far it is, and how much is sent at once where something is sent.
    fn tell_progress(&mut self, activity: Activity) -> Result<(), RunFileError> {
        let mut progress = self.file.progress()?;
        if activity != Activity::Planning
            && let Some(steered) = self.file.get::<Steered>()?
        {
            progress.slots = steered.slots;
            progress.batch_size = steered.entries;
        }
        progress.activity = activity;
        self.tell(&Event::Progress(progress));
        Ok(())
    }

    /// Adds what this session sent since it was last counted to what stands in the run file.
    pub fn count_requests(&self) -> Result<(), RunFileError> {
        self.file.put(&self.requests_so_far()?)
    }

    /// What all commands on this file sent. What of it was not counted yet has to be written down by whoever asks.
    fn requests_so_far(&self) -> Result<Requests, RunFileError> {
        let counts = self.asker.reader().take_counts();
        let mut requests = self.file.get::<Requests>()?.unwrap_or_default();
        requests.http += counts.http;
        requests.bulk += counts.bulk;
        requests.operations += counts.operations;
        requests.retries += counts.retries;
        requests.milliseconds += u64::try_from(counts.took.as_millis()).unwrap_or(u64::MAX);
        Ok(requests)
    }

    fn stop_wished(&self) -> bool {
        *self.wish.borrow() != Wish::GoOn
    }
}

/// A world that reads results from the run file.
pub fn world(
    file: &RunFile,
    checked: &Checked,
    header: &Header,
    now: jiff::ZonedDateTime,
) -> Result<World, RunFileError> {
    let world = World::new(Arc::new(file.results()?), &header.vars, now);
    Ok(world.including(included_names(checked, &header.included_vars)))
}

/// The time as run files and reports write it.
pub fn timestamp() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
