//! What a plan will cost when it is applied, and what may follow from it beyond what it sets.
//!
//! It is an estimate: how operations are packed is decided while they are sent, by how the instance answers.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::ReportError;
use super::text::grouped;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::runfile::Header;
use crate::runfile::Pending;
use crate::runfile::Requests;
use crate::runfile::RunView;
use crate::runfile::StepView;
use crate::wire::LINKED_AT_ONCE;

/// After the one published measurement of an instance (w-systems.com, 2016-10-27), in milliseconds: a request, and each
/// record in it.
const REQUEST: f64 = 450.0;
const CREATE: f64 = 112.0;
const UPDATE: f64 = 76.0;
const DELETE: f64 = 91.0;
const READ: f64 = 31.0;

/// Entries of a batch and batches at a time, where the playbook does not say otherwise.
const BATCH: u64 = 100;
const SLOTS: u64 = 4;

/// While the number of slots is still looked for, batches are small: so many operations go in batches of so many.
const SMALL_BATCH: u64 = 20;
const IN_SMALL_BATCHES: u64 = 560;

/// Log in, ask who one is, log out.
const AROUND: u64 = 3;

/// Fewer requests than this say nothing of an instance.
const ENOUGH: u64 = 3;

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Estimate {
    /// Something is not known before the run; it is at least so much.
    pub at_least: bool,
    pub requests: u64,
    pub seconds: f64,
    /// Whether the time is by what requests took while planning, or by what they took elsewhere.
    pub rate: Rate,
    /// Of a request while planning, in milliseconds.
    pub measured: Option<u64>,
    pub run_file_bytes: u64,
    pub may_follow: Vec<Consequence>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rate {
    Measured,
    /// 450 ms a request, and 112, 76, 91, 31 ms for each record made, changed, deleted, read.
    Published,
}

/// What may come of a plan besides what it sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Consequence {
    pub kind: ConsequenceKind,
    pub count: u64,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsequenceKind {
    /// Records get another assigned user.
    Assigned,
    Deleted,
    /// Records that can be linked to one other only leave the one they have.
    Moved,
    /// Records lose an e-mail address, or what is said of it, since another takes its place.
    Addresses,
    /// Records get tags, and Sugar makes those that it does not have.
    Tagged,
    /// Calls of other endpoints; what one does, only the endpoint knows.
    Called,
    /// Records are made or changed; what hooks and workflows of the instance do then, no plan can know.
    Saved,
    /// Operations of which nobody knows yet what they are.
    Deferred,
}

/// Of a plan that has something left to send.
pub(super) fn of(
    view: &RunView,
    header: &Header,
    steps: &[StepView],
) -> Result<Option<Estimate>, ReportError> {
    let mut pending = view.pending()?;
    pending.retain(|one| one.action.is_write());
    let unexpanded = steps.iter().any(|step| step.writes && !step.expanded);
    if pending.is_empty() && !unexpanded {
        return Ok(None);
    }
    let waves = waves(&pending, &view.needed_steps()?);
    let mut cost = Cost::default();
    for wave in &waves {
        cost.add(wave);
    }
    let requests = view.requests()?;
    let records = steps.iter().map(|step| step.records).sum();
    let (rate, scale) = scale(&requests, records);
    Ok(Some(Estimate {
        at_least: unexpanded || pending.iter().any(|one| one.deferred > 0),
        requests: cost.requests + AROUND,
        seconds: tenths((cost.milliseconds + whole(AROUND) * REQUEST) * scale / 1000.0),
        rate,
        measured: measured(&requests),
        run_file_bytes: view.size()?,
        may_follow: consequences(
            &pending,
            view.reassigned(&header.instance.user_id)?,
            view.moved()?,
            view.addresses_lost()?,
            view.tagged()?,
        ),
    }))
}

/// What can be sent side by side. Steps whose operations need nothing of each other share batches.
#[derive(Debug, Default, PartialEq)]
struct Wave {
    entries: u64,
    /// Records that are looked at again before they are written.
    looked_at: u64,
    milliseconds: f64,
}

fn waves(pending: &[Pending], needed: &BTreeMap<StepNo, BTreeSet<StepNo>>) -> Vec<Wave> {
    // Steps come in the order of their needs, so those before are known.
    let mut depths: BTreeMap<StepNo, usize> = BTreeMap::new();
    let mut waves: Vec<Wave> = Vec::new();
    for one in pending {
        let before = needed.get(&one.step).into_iter().flatten();
        let depth = before
            .filter_map(|up| depths.get(up))
            .map(|depth| depth + 1)
            .max()
            .unwrap_or(0);
        depths.insert(one.step, depth);
        while waves.len() <= depth {
            waves.push(Wave::default());
        }
        waves[depth].add(one);
    }
    waves
}

impl Wave {
    fn add(&mut self, one: &Pending) {
        let (each, looked_at) = match one.action {
            Action::Create => (CREATE, false),
            Action::Upsert => (CREATE, true),
            Action::Update => (UPDATE, true),
            Action::Delete => (DELETE, true),
            Action::Link
            | Action::Unlink
            | Action::Favorite
            | Action::Unfavorite
            | Action::Call => (UPDATE, false),
            Action::Read | Action::Assert | Action::Export => return,
        };
        self.entries += match one.action {
            Action::Link => one.count.max(one.changes.div_ceil(LINKED_AT_ONCE as u64)),
            Action::Unlink => one.count.max(one.changes),
            _ => one.count,
        };
        self.milliseconds += each * whole(one.count.max(one.changes));
        if looked_at {
            self.looked_at += one.count;
            self.milliseconds += READ * whole(one.count);
        }
    }
}

#[derive(Debug, Default)]
struct Cost {
    requests: u64,
    entries: u64,
    milliseconds: f64,
}

impl Cost {
    fn add(&mut self, wave: &Wave) {
        if wave.entries == 0 {
            return;
        }
        // Few operations are spread over all slots; many fill whole batches.
        let batches = wave.entries.min(SLOTS).max(wave.entries.div_ceil(BATCH));
        let looks = wave.looked_at.div_ceil(BATCH * SLOTS);
        let rounds = batches.div_ceil(SLOTS) + looks;
        let small = IN_SMALL_BATCHES
            .saturating_sub(self.entries)
            .min(wave.entries);
        let large = wave.entries - small;
        let sent = small.div_ceil(SMALL_BATCH) + large.div_ceil(BATCH);
        self.entries += wave.entries;
        self.requests += sent.max(batches) + looks;
        self.milliseconds +=
            whole(rounds) * REQUEST + wave.milliseconds / whole(batches.min(SLOTS));
    }
}

/// How this instance compares to the published one: the time planning took, by the time it would have taken there.
fn scale(requests: &Requests, records: u64) -> (Rate, f64) {
    if measured(requests).is_none() {
        return (Rate::Published, 1.0);
    }
    let there = whole(requests.http) * REQUEST + whole(requests.operations.max(records)) * READ;
    (Rate::Measured, whole(requests.milliseconds) / there)
}

fn measured(requests: &Requests) -> Option<u64> {
    let is_enough = requests.http >= ENOUGH && requests.milliseconds > 0;
    is_enough.then(|| requests.milliseconds / requests.http)
}

fn consequences(
    pending: &[Pending],
    reassigned: u64,
    moved: u64,
    addresses: u64,
    tagged: u64,
) -> Vec<Consequence> {
    let records = |count| match count {
        1 => "1 record".to_owned(),
        count => format!("{} records", grouped(count)),
    };
    let sum = |is: fn(Action) -> bool| -> u64 {
        let of = pending.iter().filter(|one| is(one.action));
        of.map(|one| one.count).sum()
    };
    let deleted = sum(|action| action == Action::Delete);
    let called = sum(|action| action == Action::Call);
    let saved = sum(|action| matches!(action, Action::Create | Action::Upsert | Action::Update));
    let deferred: u64 = pending.iter().map(|one| one.deferred).sum();
    let get = if reassigned == 1 { "gets" } else { "get" };
    let is = |count| if count == 1 { "is" } else { "are" };
    [
        (
            ConsequenceKind::Assigned,
            reassigned,
            format!(
                "{} {get} a new assigned user; Sugar may send mail",
                records(reassigned)
            ),
        ),
        (
            ConsequenceKind::Deleted,
            deleted,
            format!(
                "{} {} deleted; Sugar has no way to bring a deleted record back",
                records(deleted),
                is(deleted)
            ),
        ),
        (
            ConsequenceKind::Moved,
            moved,
            match moved {
                1 => "1 record leaves the one it was linked to, since it can have one only"
                    .to_owned(),
                count => format!(
                    "{} records leave the one they were linked to, since they can have one only",
                    grouped(count)
                ),
            },
        ),
        (
            ConsequenceKind::Addresses,
            addresses,
            format!(
                "{} {} another primary e-mail address; the old one may be dropped, and its `opt_out` and `invalid_email` \
                 with it",
                records(addresses),
                if addresses == 1 { "gets" } else { "get" }
            ),
        ),
        (
            ConsequenceKind::Tagged,
            tagged,
            format!(
                "{} {} tags; Sugar makes those it does not have, and undo leaves them there",
                records(tagged),
                if tagged == 1 { "gets" } else { "get" }
            ),
        ),
        (
            ConsequenceKind::Called,
            called,
            match called {
                1 => "1 call of another endpoint; it cannot be taken back".to_owned(),
                count => format!(
                    "{} calls of other endpoints; they cannot be taken back",
                    grouped(count)
                ),
            },
        ),
        (
            ConsequenceKind::Saved,
            saved,
            format!(
                "{} {} saved; hooks and workflows of the instance may act on {}",
                records(saved),
                is(saved),
                if saved == 1 { "it" } else { "them" }
            ),
        ),
        (
            ConsequenceKind::Deferred,
            deferred,
            match deferred {
                1 => "what 1 operation does is known only when others have run".to_owned(),
                count => format!(
                    "what {} operations do is known only when others have run",
                    grouped(count)
                ),
            },
        ),
    ]
    .into_iter()
    .filter(|(_, count, _)| *count > 0)
    .map(|(kind, count, message)| Consequence {
        kind,
        count,
        message,
    })
    .collect()
}

impl Estimate {
    /// "about 12", "at least 12".
    pub(super) fn requests_text(&self) -> String {
        let about = if self.at_least { "at least" } else { "about" };
        format!("{about} {}", grouped(self.requests))
    }

    /// "2 min 10 s", in as few digits as an estimate deserves.
    pub(super) fn time_text(&self) -> String {
        let time = Duration::try_from_secs_f64(self.seconds).unwrap_or(Duration::MAX);
        let seconds = time.as_secs_f64().round();
        let whole_seconds = time.as_secs() + u64::from(seconds > whole(time.as_secs()));
        match whole_seconds {
            _ if self.seconds < 1.0 => "less than a second".to_owned(),
            0..=59 => format!("{whole_seconds} s"),
            60..=599 => format!(
                "{} min {} s",
                whole_seconds / 60,
                whole_seconds % 60 / 10 * 10
            ),
            600..=7199 => format!("{} min", whole_seconds / 60),
            more => format!("{} h {} min", grouped(more / 3600), more % 3600 / 60),
        }
    }

    pub(super) fn rate_text(&self) -> &'static str {
        match self.rate {
            Rate::Measured => "at the pace of planning",
            Rate::Published => "at the pace of an instance measured in 2016",
        }
    }

    pub(super) fn size_text(&self) -> String {
        const MIB: u64 = 1 << 20;
        match self.run_file_bytes.div_ceil(MIB) {
            0 | 1 => "less than 1 MiB".to_owned(),
            size => format!("{} MiB", grouped(size)),
        }
    }
}

/// Counts and milliseconds are small beside 2^52, so nothing is lost.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of operations are small beside 2^52"
)]
fn whole(number: u64) -> f64 {
    number as f64
}

fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(step: u32, action: Action, count: u64) -> Pending {
        Pending {
            step: StepNo(step),
            action,
            count,
            changes: count,
            deferred: 0,
        }
    }

    fn cost(pending: &[Pending], needs: &[(u32, u32)]) -> (u64, f64) {
        let mut needed: BTreeMap<StepNo, BTreeSet<StepNo>> = BTreeMap::new();
        for (down, up) in needs {
            let of = needed.entry(StepNo(*down)).or_default();
            of.insert(StepNo(*up));
        }
        let mut cost = Cost::default();
        for wave in waves(pending, &needed) {
            cost.add(&wave);
        }
        (cost.requests, cost.milliseconds)
    }

    #[test]
    fn what_needs_nothing_of_each_other_shares_batches() {
        let pending = [pending(0, Action::Create, 50), pending(1, Action::Link, 50)];
        assert_eq!(
            cost(&pending, &[]),
            (5, 450.0 + 50.0 * (112.0 + 76.0) / 4.0)
        );
        let (requests, _) = cost(&pending, &[(1, 0)]);
        assert_eq!(requests, 8);
    }

    #[test]
    fn many_fill_batches_and_what_is_overwritten_is_looked_at() {
        let (requests, milliseconds) = cost(&[pending(0, Action::Update, 1_000)], &[]);
        assert_eq!(requests, 28 + 5 + 3, "small batches, large ones, and looks");
        // Three rounds of four batches, three looks, and a quarter of what the records take.
        let expected = 6.0 * 450.0 + 1_000.0 * (76.0 + 31.0) / 4.0;
        assert!((milliseconds - expected).abs() < 0.001, "{milliseconds}");
        assert_eq!(cost(&[], &[]), (0, 0.0));
    }

    #[test]
    fn the_pace_of_planning_is_compared_to_the_published_one() {
        let requests = |milliseconds| Requests {
            http: 10,
            bulk: 0,
            operations: 10,
            retries: 0,
            milliseconds,
        };
        assert_eq!(scale(&requests(0), 10), (Rate::Published, 1.0));
        let (rate, scale) = scale(&requests(2_405), 10);
        assert_eq!(rate, Rate::Measured);
        assert!((scale - 0.5).abs() < 0.001, "{scale}");
    }

    #[test]
    fn times_have_as_few_digits_as_an_estimate_deserves() {
        for (seconds, text) in [
            (0.0, "less than a second"),
            (0.94, "less than a second"),
            (1.4, "1 s"),
            (59.7, "1 min 0 s"),
            (133.0, "2 min 10 s"),
            (3_000.0, "50 min"),
            (40_000.0, "11 h 6 min"),
            (1e300, "5,124,095,576,030,431 h 0 min"),
        ] {
            let estimate = Estimate {
                at_least: false,
                requests: 1,
                seconds,
                rate: Rate::Published,
                measured: None,
                run_file_bytes: 0,
                may_follow: Vec::new(),
            };
            assert_eq!(estimate.time_text(), text, "{seconds}");
        }
    }
}
