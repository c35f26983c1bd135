//! Before a record is written, what it holds is compared with what the plan saw.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::ask::Asker;
use super::hanging::About;
use super::hanging::hanging;
use super::held::Bound;
use super::held::held;
use super::judge;
use super::meanwhile::Meanwhile;
use super::meanwhile::meanwhile;
use super::needs::Absence;
use super::needs::Known;
use super::ours::Beside;
use super::partly::leave_out;
use super::partly::partly;
use super::side_effects;
use super::upsert::matching;
use super::upsert::overtaken;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::metadata::value::Verdict;
use crate::metadata::value::is_own;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::operation::Hanging;
use crate::operation::Omissions;
use crate::operation::Replaced;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Fields;
use crate::plan::Need;
use crate::runfile::Settlement;
use crate::runfile::Stamp;
use crate::runfile::StoredOperation;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Read;
use crate::wire::RecordId;

/// What a record's present values mean for an operation on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// As the plan saw it, with the stamp it has now.
    AsPlanned {
        modified: Option<String>,
        record: Map<String, Json>,
    },
    /// As it shall be already.
    Done,
    Gone,
    /// Somebody changed what would be overwritten.
    Drifted {
        message: String,
        modified: Option<String>,
        record: Map<String, Json>,
    },
    Unreadable(Fault),
}

/// Operations that may go, with the stamps to send along.
#[derive(Debug, Default)]
pub(super) struct Cleared {
    pub(super) stamps: BTreeMap<Seq, String>,
    /// What updates are about to overwrite, and what stands beside it.
    pub(super) images: BTreeMap<Seq, Map<String, Json>>,
    /// Records that links are not made to, since somebody bound them otherwise.
    pub(super) omitted: Vec<(Seq, Omissions)>,
    /// What was there before links, where somebody set or removed some of them.
    pub(super) before: Vec<(Seq, Map<String, Json>)>,
    pub(super) settled: Vec<(Seq, Settlement)>,
}

/// What has to be asked before operations go: one request for all of them.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Whose records are looked at, and what writes ahead of them in the same batch will have changed by then.
    records: Vec<(Seq, BTreeSet<String>)>,
    needs: Vec<(Need, Absence)>,
    /// Operations on links and favorites, and what there is of them.
    links: Vec<(Seq, Need)>,
    /// Upserts that are creates as long as nothing matches.
    upserts: Vec<Seq>,
    reads: Vec<Read>,
    /// Records that links are about to bind to others.
    bound: Vec<(Seq, Bound)>,
    /// Records that are about to be deleted.
    deleted: Vec<(Seq, About)>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Looked {
    known: Vec<Known>,
    links: Vec<Known>,
    matches: Vec<Result<Answer, Fault>>,
    /// Whom they are bound to now.
    held: Vec<Option<Replaced>>,
    /// What hangs on them now.
    hanging: Vec<Hanging>,
}

/// What operations ahead of one do to its record.
#[derive(Default)]
struct Ahead {
    makes: bool,
    sets: BTreeSet<String>,
}

impl Look {
    /// What has to be known before operations go, which come in their order.
    fn at<'a>(operations: impl Iterator<Item = &'a StoredOperation>, metadata: &Metadata) -> Self {
        let mut look = Self::default();
        let mut ahead: BTreeMap<(&ModuleName, &RecordId), Ahead> = BTreeMap::new();
        for operation in operations {
            let Some(change) = &operation.change else {
                continue;
            };
            let Some((module, record)) = change.about() else {
                continue;
            };
            let before = ahead.entry((module, record)).or_default();
            // A record that is made ahead of it is nobody else's yet.
            if overwrites(operation) && !before.makes {
                look.records.push((operation.seq, before.sets.clone()));
                look.needs
                    .push((record_need(operation, change, metadata), Absence::Odd));
            }
            if let Some(conditions) = change.unless() {
                look.upserts.push(operation.seq);
                look.reads.push(matching(module, conditions));
            }
            before.makes |= matches!(change, Change::Create { .. });
            if !before.makes {
                let fields = change.fields();
                before
                    .sets
                    .extend(metadata.companions(module.as_str(), fields.keys()));
                before.sets.extend(fields.keys().cloned());
            }
        }
        look
    }

    pub(super) fn is_needless(&self) -> bool {
        self.needs.is_empty()
            && self.links.is_empty()
            && self.reads.is_empty()
            && self.bound.is_empty()
            && self.deleted.is_empty()
    }

    pub(super) async fn ask(
        &self,
        asker: &Asker,
        metadata: &Metadata,
    ) -> Result<Looked, ExecuteError> {
        let bound: Vec<Bound> = self.bound.iter().map(|(_, bound)| bound.clone()).collect();
        let links = self
            .links
            .iter()
            .map(|(_, need)| (need.clone(), Absence::Odd));
        let needs: Vec<(Need, Absence)> = self.needs.iter().cloned().chain(links).collect();
        let deleted: Vec<About> = self
            .deleted
            .iter()
            .map(|(_, about)| about.clone())
            .collect();
        let ((mut known, matches), held, hanging) = tokio::try_join!(
            asker.know_beside(&needs, self.reads.clone()),
            held(asker, metadata, &bound),
            hanging(asker, metadata, &deleted)
        )?;
        let links = known.split_off(self.needs.len());
        Ok(Looked {
            known,
            links,
            matches,
            held,
            hanging,
        })
    }
}

impl Engine<'_> {
    /// What has to be known before operations go, which come in their order.
    pub(super) fn look<'a>(
        &self,
        operations: impl Iterator<Item = &'a StoredOperation> + Clone,
    ) -> Result<Look, ExecuteError> {
        let mut look = Look::at(operations.clone(), &self.metadata);
        for operation in operations {
            let bound = self.about_to_bind(operation)?;
            look.bound
                .extend(bound.into_iter().map(|bound| (operation.seq, bound)));
            let links = self.need_of_links(operation)?;
            look.links.extend(links.map(|need| (operation.seq, need)));
            let deleted = self.about_to_delete(operation)?;
            look.deleted
                .extend(deleted.map(|about| (operation.seq, about)));
        }
        Ok(look)
    }

    /// What a look means for the operations it was for. What is not to be done is taken out of them.
    pub(super) fn cleared(
        &self,
        operations: &mut BTreeMap<Seq, StoredOperation>,
        look: &Look,
        looked: Looked,
    ) -> Result<Cleared, ExecuteError> {
        let mut cleared = Cleared::default();
        for (seq, answer) in look.upserts.iter().zip(looked.matches) {
            let change = operations.get(seq).and_then(|one| one.change.as_ref());
            if let Some(settlement) = change.and_then(|change| overtaken(change, answer)) {
                cleared
                    .settled
                    .push((*seq, self.tolerated(*seq, settlement)));
            }
        }
        let mut rebound_elsewhere: BTreeMap<Seq, Omissions> = BTreeMap::new();
        for ((seq, bound), now) in look.bound.iter().zip(&looked.held) {
            let Some(operation) = operations.get(seq) else {
                continue;
            };
            if let Some(why) = self.rebound(operation, bound, now.as_ref())? {
                let omissions = rebound_elsewhere.entry(*seq).or_default();
                omissions.insert(bound.record().clone(), why);
            }
        }
        for ((seq, _), known) in look.links.iter().zip(&looked.links) {
            let (Some(operation), Ok(Current::Links(linked))) = (operations.get(seq), known) else {
                continue;
            };
            for (id, why) in self.recast(operation, linked)? {
                let omissions = rebound_elsewhere.entry(*seq).or_default();
                omissions.entry(id).or_insert(why);
            }
        }
        let mut not_sent = BTreeSet::new();
        for (seq, omissions) in rebound_elsewhere {
            let Some(operation) = operations.get_mut(&seq) else {
                continue;
            };
            match leave_out(operation, &omissions) {
                Some(settlement) => {
                    not_sent.insert(seq);
                    cleared.settled.push((seq, self.tolerated(seq, settlement)));
                }
                None => cleared.omitted.push((seq, omissions)),
            }
        }
        for ((seq, _), known) in look.links.iter().zip(looked.links) {
            let Some(operation) = operations.get(seq) else {
                continue;
            };
            // What cannot be read is for the write itself to find out.
            let Ok(current) = known else { continue };
            match meanwhile(operation, current, &self.metadata) {
                _ if not_sent.contains(seq) => {}
                Meanwhile::AsPlanned => {}
                Meanwhile::Partly(before) => cleared.before.push((*seq, before)),
                Meanwhile::Done => {
                    let settlement = partly(operation, Settlement::new(State::Unchanged));
                    cleared
                        .settled
                        .push((*seq, self.tolerated(*seq, settlement)));
                }
            }
        }
        let deleted = look.deleted.iter().map(|(seq, _)| *seq);
        let mut hanging: BTreeMap<Seq, Hanging> = deleted.zip(looked.hanging).collect();
        let mut beside = Beside::default();
        let settled = cleared.settled.iter();
        let failed = settled.filter(|(_, settlement)| !settlement.state.is_good());
        beside.not_done.extend(failed.map(|(seq, _)| *seq));
        for ((seq, ahead), known) in look.records.iter().zip(looked.known) {
            let Some(operation) = operations.get(seq) else {
                continue;
            };
            let now = hanging.remove(seq).unwrap_or_default();
            let settlement = match self.standing(operation, known, ahead)? {
                Standing::AsPlanned { modified, record } => {
                    let hung = self.hung_since(operation, now, &mut beside)?;
                    let refused = hung
                        .map(|message| (Label::from(LocalLabel::Drift), message))
                        .or_else(|| self.closed_now(operation, &record));
                    if let Some((label, message)) = refused {
                        let settlement = Settlement::new(State::Failed).label(label, message);
                        beside.not_done.insert(*seq);
                        cleared
                            .settled
                            .push((*seq, self.tolerated(*seq, settlement)));
                        continue;
                    }
                    cleared
                        .stamps
                        .extend(modified.map(|modified| (operation.seq, modified)));
                    if !deletes(operation) {
                        cleared.images.insert(operation.seq, record);
                    }
                    continue;
                }
                Standing::Done => Settlement::new(State::Unchanged),
                Standing::Gone if deletes(operation) => Settlement::new(State::Unchanged),
                Standing::Gone => Settlement::new(State::Failed).label(
                    LocalLabel::Drift,
                    "somebody deleted the record since it was planned, or this user does not see it any more",
                ),
                Standing::Drifted { message, .. } => {
                    Settlement::new(State::Failed).label(LocalLabel::Drift, message)
                }
                Standing::Unreadable(fault) => judge::failed(&fault),
            };
            if !settlement.state.is_good() {
                beside.not_done.insert(*seq);
            }
            cleared
                .settled
                .push((operation.seq, self.tolerated(operation.seq, settlement)));
        }
        Ok(cleared)
    }

    /// How the record of an update or a delete stands to what was planned.
    /// `ahead` are fields that will have been written before it is its turn.
    pub(super) fn standing(
        &self,
        operation: &StoredOperation,
        known: Known,
        ahead: &BTreeSet<String>,
    ) -> Result<Standing, ExecuteError> {
        let last_was_us = match &known {
            Ok(Current::Record(record)) => self.was_us(operation, record)?,
            _ => false,
        };
        Ok(match standing(operation, known, ahead, &self.metadata) {
            Standing::Drifted {
                modified,
                record,
                message,
            } if !deletes(operation) => Standing::Drifted {
                message: self.not_done_before(operation, &record)?.unwrap_or(message),
                modified,
                record,
            },
            // What a write brings along, such as the name beside an id, no plan can know. What is done already is no
            // reason to stop before a delete.
            Standing::Drifted {
                modified, record, ..
            } if last_was_us && deletes(operation) => Standing::AsPlanned { modified, record },
            standing => standing,
        })
    }

    /// Whether the last who saved the record of an operation was this run.
    fn was_us(
        &self,
        operation: &StoredOperation,
        record: &Map<String, Json>,
    ) -> Result<bool, ExecuteError> {
        let Some(change) = &operation.change else {
            return Ok(false);
        };
        let stamp = match change.about() {
            Some((module, record)) => self.file.stamp(module, record)?,
            None => None,
        };
        let says = |name: &str| record.get(name).and_then(Json::as_str);
        Ok(match stamp {
            None => false,
            Some(Stamp { at: Some(at), .. }) => says("date_modified") == Some(at.as_str()),
            // A write of ours moved it, and no answer showed to when.
            Some(Stamp { at: None, .. }) => says("modified_user_id") == Some(self.user_id.as_str()),
        })
    }
}

/// Whether the plan saw a record that it would now write over.
fn overwrites(operation: &StoredOperation) -> bool {
    matches!(
        operation.change,
        Some(
            Change::Update { .. }
                | Change::Delete { .. }
                | Change::UpsertByKey {
                    record: Some(_),
                    ..
                }
        )
    )
}

fn deletes(operation: &StoredOperation) -> bool {
    matches!(operation.change, Some(Change::Delete { .. }))
}

pub(super) fn record_need(
    operation: &StoredOperation,
    change: &Change,
    metadata: &Metadata,
) -> Need {
    let Some((module, record)) = change.about() else {
        return Need::Nothing;
    };
    let fields = match change {
        Change::Delete { .. } => Fields::All,
        // What stands beside what is written, such as the other addresses, is what undo would put back, or by what
        // the record was found.
        _ => side_effects::looked_at(
            metadata,
            module.as_str(),
            operation
                .after
                .keys()
                .chain(operation.before.keys())
                .cloned(),
        ),
    };
    Need::Record {
        module: module.clone(),
        record: record.clone(),
        fields,
    }
}

fn standing(
    operation: &StoredOperation,
    known: Known,
    ahead: &BTreeSet<String>,
    metadata: &Metadata,
) -> Standing {
    let record = match known {
        Ok(Current::Record(record)) => record,
        Ok(_) => return Standing::Gone,
        Err(fault) => return Standing::Unreadable(fault),
    };
    let modified = record
        .get("date_modified")
        .and_then(Json::as_str)
        .map(str::to_owned);
    let Some(change) = &operation.change else {
        return Standing::AsPlanned { modified, record };
    };
    let field = |name: &str| metadata.field(change.module().map_or("", ModuleName::as_str), name);
    let differs =
        |name: &str, value: &Json| same(field(name), value, record.get(name)) == Verdict::Different;
    let links = match change {
        Change::Delete { module, .. } => metadata.hanging_links(module.as_str()),
        _ => Vec::new(),
    };
    let differing = |wanted: &Map<String, Json>| -> Vec<String> {
        wanted
            .iter()
            .filter(|(name, _)| !is_stamp(name) && !ahead.contains(*name))
            // What hangs on it is no field of the record.
            .filter(|(name, _)| !links.contains(&name.as_str()))
            .filter(|(name, value)| differs(name, value))
            .map(|(name, _)| name.clone())
            .collect()
    };
    // A field that the answer does not have, or whose value nobody is shown, is not known to be as it shall be.
    let is_there = |(name, value): (&String, &Json)| {
        is_stamp(name)
            || record
                .get(name)
                .is_some_and(|got| same(field(name), value, Some(got)) == Verdict::Same)
    };
    if !deletes(operation) && ahead.is_empty() && operation.after.iter().all(is_there) {
        return Standing::Done;
    }
    let mut moved = differing(&operation.before);
    // An equal stamp says that nobody came after that second, and not that nobody came in it.
    if deletes(operation) && modified.is_some() && modified == operation.modified {
        moved.retain(|name| field(name).is_some_and(is_own));
    }
    if operation.attempts > 0 {
        // An attempt that failed may have stored a part.
        moved.retain(|name| match operation.after.get(name) {
            Some(after) => differs(name, after),
            None => deletes(operation),
        });
    }
    if moved.is_empty() {
        return Standing::AsPlanned { modified, record };
    }
    let names: Vec<String> = moved.iter().map(|name| format!("`{name}`")).collect();
    Standing::Drifted {
        message: format!("somebody changed {} since it was planned", names.join(", ")),
        modified,
        record,
    }
}

/// Fields that change with every save and say nothing of what somebody did.
pub(super) fn is_stamp(name: &str) -> bool {
    name.starts_with('_')
        || matches!(
            name,
            "date_modified" | "modified_user_id" | "modified_by_name" | "modified_user_link"
        )
}
