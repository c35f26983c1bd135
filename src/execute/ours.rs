//! What of that which hangs on a record is this run's own doing: what an earlier operation takes away, moves or deletes
//! hangs there no more by the time the record is deleted, and what one brings nobody else has linked.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Engine;
use super::ExecuteError;
use super::hanging::About;
use super::hanging::hanging;
use super::needs::Known;
use crate::check::CheckedAction;
use crate::check::CheckedWrite;
use crate::expr::Seq;
use crate::operation::Change;
use crate::operation::Hanging;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Drifted;
use crate::plan::End;
use crate::plan::Fate;
use crate::plan::Recovery;
use crate::plan::left_for;
use crate::runfile::StoredOperation;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// What this run does to each of those that hang on a record.
type Fates = BTreeMap<(LinkName, RecordId), Fate>;

/// What is known of a run's operations beside its file.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Records whose delete is planned and not written down yet.
    pub(super) deleted: BTreeSet<About>,
    /// Operations that will not be done after all, which is not written down yet.
    pub(super) not_done: BTreeSet<Seq>,
    /// The records that links lead to, of those that were asked for.
    links: BTreeMap<Seq, BTreeSet<RecordId>>,
}

impl Engine<'_> {
    /// What hangs on the records of deletes that are there before this run; nothing for anything else.
    pub(super) async fn hanging_of<'a>(
        &self,
        changes: impl Iterator<Item = (Seq, &'a Change)>,
        known: &[Known],
    ) -> Result<Vec<Hanging>, ExecuteError> {
        let mut found = vec![Hanging::default(); known.len()];
        let mut places = Vec::new();
        let mut records = Vec::new();
        for (place, ((seq, change), known)) in changes.zip(known).enumerate() {
            if let (Change::Delete { module, record }, Ok(Current::Record(_))) = (change, known)
                && !self.is_made_here(module.as_str(), record, seq)?
            {
                places.push(place);
                records.push((module.clone(), record.clone()));
            }
        }
        let all = hanging(&self.asker, &self.metadata, &records).await?;
        for (place, hanging) in places.into_iter().zip(all) {
            found[place] = hanging;
        }
        Ok(found)
    }

    /// Puts into the before-image of a planned delete what hangs on its record by the time it has its turn.
    pub(super) fn hang(
        &self,
        operation: &mut Operation,
        hanging: Hanging,
        beside: &mut Beside,
    ) -> Result<(), ExecuteError> {
        let Some(Change::Delete { module, record }) = &operation.change else {
            return Ok(());
        };
        if operation.state != State::Planned {
            return Ok(());
        }
        let about = (module.clone(), record.clone());
        let left = self.left_hanging(&about, hanging, operation.seq, beside)?;
        operation.before.extend(left.to_map());
        beside.deleted.insert(about);
        Ok(())
    }

    /// The same of an undo, which leaves a record alone on which others hang that it does not take away before.
    pub(super) fn hang_recovered(
        &self,
        mut operation: Operation,
        recovery: &Recovery,
        hanging: Hanging,
        drifted: Drifted,
        beside: &mut Beside,
    ) -> Result<Operation, ExecuteError> {
        let Some(Change::Delete { module, record }) = &operation.change else {
            return Ok(operation);
        };
        if operation.state == State::Planned && drifted == Drifted::LeftAlone {
            let about = (module.clone(), record.clone());
            let left = self.left_hanging(&about, hanging.clone(), operation.seq, beside)?;
            let is_below = |link: &LinkName, other: &RecordId| {
                let end = End {
                    module: module.clone(),
                    record: record.clone(),
                    link: link.clone(),
                };
                let below = recovery.below.as_ref();
                below.is_some_and(|parent| end.is_below(other, parent, &self.metadata))
            };
            let stays = left.without(is_below);
            if !stays.is_empty() {
                let theirs = self.unknown_here(module, stays.clone())?;
                return Ok(left_for(operation, &stays, &theirs));
            }
        }
        self.hang(&mut operation, hanging, beside)?;
        Ok(operation)
    }

    /// Those on which this run does not work at all.
    fn unknown_here(&self, module: &ModuleName, hanging: Hanging) -> Result<Hanging, ExecuteError> {
        let mut known: BTreeSet<(LinkName, RecordId)> = BTreeSet::new();
        for (link, others) in hanging.named() {
            let far = self.metadata.far_module(module.as_str(), link.as_str());
            for other in others {
                if let Some(far) = far
                    && self.file.works_on(far, other.as_str())?
                {
                    known.insert((link.clone(), other.clone()));
                }
            }
        }
        Ok(hanging.without(|link, id| known.contains(&(link.clone(), id.clone()))))
    }

    /// What of it no earlier operation takes away.
    pub(super) fn left_hanging(
        &self,
        about: &About,
        hanging: Hanging,
        before: Seq,
        beside: &mut Beside,
    ) -> Result<Hanging, ExecuteError> {
        let fates = self.fates(about, &hanging, before, beside)?;
        let goes = |link: &LinkName, id: &RecordId| {
            fates.get(&(link.clone(), id.clone())) == Some(&Fate::Goes)
        };
        Ok(hanging.without(goes))
    }

    /// The record that an operation is about to delete, unless this run made it.
    pub(super) fn about_to_delete(
        &self,
        operation: &StoredOperation,
    ) -> Result<Option<About>, ExecuteError> {
        let Some(Change::Delete { module, record }) = &operation.change else {
            return Ok(None);
        };
        let is_made_here = self.is_made_here(module.as_str(), record, operation.seq)?;
        Ok((!is_made_here).then(|| (module.clone(), record.clone())))
    }

    /// Why a record is not deleted: more hangs on it now than when that was planned, and it was not this run that hung it
    /// there.
    pub(super) fn hung_since(
        &self,
        operation: &StoredOperation,
        now: Hanging,
        beside: &mut Beside,
    ) -> Result<Option<String>, ExecuteError> {
        let Some(Change::Delete { module, record }) = &operation.change else {
            return Ok(None);
        };
        let links = self.metadata.hanging_links(module.as_str());
        let planned = Hanging::from_map(&operation.before, |name| links.contains(&name));
        let more = now.beyond(&planned);
        let about = (module.clone(), record.clone());
        let fates = self.fates(&about, &more, operation.seq, beside)?;
        let more = more.without(|link, id| fates.contains_key(&(link.clone(), id.clone())));
        Ok((!more.is_empty()).then(|| {
            let told = more.told();
            format!("somebody linked {told} to it since it was planned; it is left as it is")
        }))
    }

    /// The last that earlier operations of this run do to each.
    fn fates(
        &self,
        (module, record): &About,
        hanging: &Hanging,
        before: Seq,
        beside: &mut Beside,
    ) -> Result<Fates, ExecuteError> {
        let mut fates = Fates::new();
        if hanging.is_empty() {
            return Ok(fates);
        }
        let own = self
            .file
            .writes_to(module.as_str(), record.as_str(), before)?;
        for (link, others) in hanging.named() {
            let end = End {
                module: module.clone(),
                record: record.clone(),
                link: link.clone(),
            };
            let far = self.metadata.far_module(module.as_str(), link.as_str());
            let Some(far) = far.map(ModuleName::new) else {
                continue;
            };
            for other in others {
                let of_other = self.file.writes_to(far.as_str(), other.as_str(), before)?;
                let moved = self.moved(&end, other, before, beside)?;
                let writes = own.iter().chain(&of_other);
                let done = writes.filter(|write| !beside.not_done.contains(&write.seq));
                let told = done.filter_map(|write| {
                    let fate = end.fate(other, write.change.as_ref()?, &self.metadata)?;
                    Some((write.seq, fate))
                });
                let moved = moved.into_iter().map(|seq| (seq, Fate::Goes));
                let last = told.chain(moved).max_by_key(|(seq, _)| *seq);
                let is_deleted = beside.deleted.contains(&(far.clone(), other.clone()));
                let fate = match is_deleted {
                    true => Some(Fate::Goes),
                    false => last.map(|(_, fate)| fate),
                };
                if let Some(fate) = fate {
                    fates.insert((link.clone(), other.clone()), fate);
                }
            }
        }
        Ok(fates)
    }

    /// Writes down where the links of a page lead, where that will be asked.
    pub(super) fn lead(&mut self, links: Vec<(Seq, Change)>) -> Result<(), ExecuteError> {
        let is_asked = |change: &Change| {
            let module = change.module();
            matches!(change, Change::Link { .. })
                && module.is_some_and(|module| self.may_delete(module))
        };
        let mut links = links;
        links.retain(|(_, change)| is_asked(change));
        Ok(self.file.lead(&links)?)
    }

    /// Whether records of a module are deleted; an undo deletes what was made.
    fn may_delete(&self, module: &ModuleName) -> bool {
        let mut steps = self.checked.steps.iter();
        self.recovering.is_some()
            || steps.any(|step| match &step.action {
                CheckedAction::Write(CheckedWrite::Delete { module: of, .. }) => {
                    of.value == *module
                }
                _ => false,
            })
    }

    /// The links of other records of the same module that take one along. Records at the far end are found by their own
    /// writes; these are written under the records that they are about.
    fn moved(
        &self,
        end: &End,
        other: &RecordId,
        before: Seq,
        beside: &mut Beside,
    ) -> Result<Vec<Seq>, ExecuteError> {
        let pair = (&end.record, other);
        let mut found = self.file.leading_to(&end.module, &end.link, pair, before)?;
        for seq in &found {
            if !beside.links.contains_key(seq) {
                beside.links.insert(*seq, self.file.links(*seq)?);
            }
        }
        found.retain(|seq| {
            let links = beside.links.get(seq);
            !beside.not_done.contains(seq) && links.is_some_and(|links| links.contains(other))
        });
        Ok(found)
    }
}
