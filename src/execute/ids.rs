//! Creates on an instance that gives ids of its own: the ledger knows which record each key made, and is asked wherever
//! the id that follows from the key would lead to it otherwise. Without a key the id follows from the run, so that a copy of
//! its file makes nothing twice.

use super::Engine;
use super::ExecuteError;
use super::needs::Absence;
use super::needs::Known;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Sources;
use crate::expr::Seq;
use crate::kill;
use crate::ledger::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::Pair;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Stability;
use crate::plan::Current;
use crate::plan::Expanded;
use crate::plan::Need;
use crate::playbook::Assume;
use crate::runfile::ClientIds;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Operations worked on at once.
const PAGE: u32 = 500;

const IDS_IGNORED: Code = Code("ids_ignored");

/// The ids that the record of a create may have beside the one it is asked for by first. The last of them is the one
/// that follows from its key; there are none where the ledger knows nothing of it.
pub(super) type OtherIds = Vec<RecordId>;

impl Engine<'_> {
    /// The id by which the ledger knows what an operation makes: of a create the one that follows from its key, in every
    /// run, or from this run where it has none. An upsert has `own`, the one it was planned with.
    fn computed(&self, step: &CheckedStep, key: &Key, own: &RecordId) -> RecordId {
        let stability = match (&step.action, &step.key) {
            (CheckedAction::Write(CheckedWrite::Upsert { .. }), _) => return own.clone(),
            (_, Some(_)) => Stability::Keyed,
            (_, None) => Stability::OfThisRun,
        };
        self.origin.record_id(&step.id, key, stability)
    }

    /// Lets the creates of a page mean the records that the ledger has for their keys. Gives, for each write, the other
    /// ids that its record may have.
    pub(super) fn with_given_ids(
        &mut self,
        page: &mut [Expanded],
    ) -> Result<Vec<OtherIds>, ExecuteError> {
        let mut ledger = self.ledger.as_mut().filter(|ledger| ledger.is_there());
        let mut others = Vec::with_capacity(page.len());
        for expanded in page {
            let Expanded::Write(draft) = expanded else {
                continue;
            };
            let mut of_draft = Vec::new();
            if let Change::Create { id, .. } = &draft.change
                && draft.upsert.is_none()
                && let Some(ledger) = &mut ledger
            {
                let computed = id.clone();
                let mut given = ledger.given(&computed)?.into_iter();
                if let Some(last) = given.next() {
                    draft.change = draft.change.with_id(last);
                    // Of what is known to be made it is asked whether it is there, whatever is assumed of the rest.
                    draft.assume = Assume::Nothing;
                    of_draft = given.chain([computed]).collect();
                }
            }
            others.push(of_draft);
        }
        Ok(others)
    }

    /// What the instance has, where a record that is not there by its first id is asked for by all others. Each need is
    /// left with the id that led somewhere, or the last.
    pub(super) async fn know_by_any_id(
        &self,
        needs: &mut [(Need, Absence)],
        others: &[OtherIds],
    ) -> Result<Vec<Known>, ExecuteError> {
        let mut known = self.asker.know(needs).await?;
        let mut further = Vec::new();
        let mut places = Vec::new();
        for (place, others) in others.iter().enumerate() {
            if !matches!(known[place], Ok(Current::Missing)) {
                continue;
            }
            for other in others {
                let (need, absence) = &needs[place];
                further.push((need.of_record(other), *absence));
                places.push(place);
            }
        }
        let answers = self.asker.know(&further).await?;
        for ((place, need), answer) in places.into_iter().zip(further).zip(answers) {
            if matches!(known[place], Ok(Current::Missing)) {
                known[place] = answer;
                needs[place] = need;
            }
        }
        Ok(known)
    }

    /// Gives the creates of a page the ids that they were found by, or at last their own.
    pub(super) fn take_ids(
        &self,
        page: &mut [Expanded],
        needs: &[(Need, Absence)],
        others: &[OtherIds],
    ) -> Result<(), ExecuteError> {
        let writes = page.iter_mut().filter_map(|expanded| match expanded {
            Expanded::Write(draft) => Some(draft),
            _ => None,
        });
        let mut is_ignored = false;
        for ((draft, (need, _)), others) in writes.zip(needs).zip(others) {
            let (Some(computed), Need::Record { record, .. }) = (others.last(), need) else {
                continue;
            };
            is_ignored |= record != computed;
            draft.change = draft.change.with_id(record.clone());
        }
        if is_ignored {
            self.file.put(&ClientIds::Ignored)?;
        }
        Ok(())
    }

    /// Writes the ids that an instance gave of its own into the ledger, before anything else is written of their creates:
    /// a kill in between loses nothing.
    pub(super) fn enter<'a>(
        &mut self,
        done: impl Iterator<Item = (&'a StoredOperation, &'a Settlement)>,
    ) -> Result<(), LedgerError> {
        let pairs: Vec<Pair> = done
            .filter_map(|(operation, settlement)| match &settlement.change {
                Some(Change::Create { module, id, .. }) => {
                    let own = operation.change.as_ref().and_then(Change::record)?;
                    self.pair((operation.seq, &operation.key, own), module, id)
                }
                _ => None,
            })
            .collect();
        self.add(&pairs)
    }

    fn add(&mut self, pairs: &[Pair]) -> Result<(), LedgerError> {
        if let Some(ledger) = self.ledger.as_mut().filter(|_| !pairs.is_empty()) {
            ledger.enter(pairs, &super::timestamp())?;
            kill::passes(kill::Point::AfterLedger);
        }
        Ok(())
    }

    /// Nothing, where the record has the id that it was to have.
    fn pair(
        &self,
        (seq, key, own): (Seq, &Key, &RecordId),
        module: &ModuleName,
        given: &RecordId,
    ) -> Option<Pair> {
        let step = self.checked.step(seq.step());
        let computed = self.computed(step, key, own);
        let is_other = step.creates() && computed != *given;
        is_other.then(|| Pair {
            module: module.clone(),
            computed,
            given: given.clone(),
        })
    }

    /// Brings the run file and the ledger together before anything is sent: what this run made is written into a ledger
    /// that does not know it, and what another run made since the plan is not made again.
    pub(super) async fn meet_ledger(&mut self) -> Result<(), ExecuteError> {
        let checked = self.checked;
        for step in checked.steps.iter().filter(|step| step.creates()) {
            if self.ledger.is_some() && self.file.get::<ClientIds>()? == Some(ClientIds::Ignored) {
                self.enter_made(step)?;
            }
            if self.ledger.as_ref().is_some_and(Ledger::is_there) {
                self.find_made(step).await?;
            }
        }
        Ok(())
    }

    fn enter_made(&mut self, step: &CheckedStep) -> Result<(), ExecuteError> {
        let mut after = None;
        loop {
            let page = self.file.creates_made(step.number, after, PAGE)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.seq);
            let pairs: Vec<Pair> = page
                .iter()
                .filter_map(|made| {
                    let own = (made.seq, &made.key, &made.record);
                    self.pair(own, &made.module, &made.record)
                })
                .collect();
            self.add(&pairs)?;
        }
    }

    async fn find_made(&mut self, step: &CheckedStep) -> Result<(), ExecuteError> {
        let mut after = None;
        loop {
            let page = self.file.creates_planned(step.number, after, PAGE)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.seq);
            let mut known = Vec::new();
            for planned in page {
                let given = self.given(planned.seq, &planned.key, &planned.record)?;
                if !given.is_empty() {
                    known.extend(self.file.operation(planned.seq)?);
                }
            }
            let held = self.held_ids(known.iter()).await?;
            let mut found = Vec::new();
            for (operation, held) in known.into_iter().zip(held) {
                if let Ok(Current::Record(record)) = held {
                    let settlement = self.found_made(&operation, &record);
                    found.push((operation.seq, settlement));
                }
            }
            if !found.is_empty() {
                self.file.put(&ClientIds::Ignored)?;
                self.file.settle(&found)?;
            }
        }
    }

    /// The ids that the ledger has for a create, the last one first.
    pub(super) fn given(
        &mut self,
        seq: Seq,
        key: &Key,
        own: &RecordId,
    ) -> Result<Vec<RecordId>, LedgerError> {
        let step = self.checked.step(seq.step());
        let computed = self.computed(step, key, own);
        match &mut self.ledger {
            Some(ledger) if step.creates() => ledger.given(&computed),
            _ => Ok(Vec::new()),
        }
    }

    /// Said once, to whom it is of use: whoever has kept a ledger goes on keeping it.
    pub(super) fn warn_of_ignored_ids(&self) -> Result<(), ExecuteError> {
        let relies_on_keys = self.checked.steps.iter().any(CheckedStep::creates_by_key);
        let is_kept = self.ledger.as_ref().is_some_and(|ledger| !ledger.is_new());
        let known = self.file.view()?.problems()?;
        let is_said = known.iter().any(|problem| problem.code == IDS_IGNORED.0);
        if !relies_on_keys || is_kept || is_said {
            return Ok(());
        }
        let (message, help) = match &self.ledger {
            Some(ledger) => (
                format!(
                    "this instance gives new records ids of its own, so only the ledger `{}` tells which record a `key` \
                     made: a run without it creates everything again",
                    ledger.path().display()
                ),
                "keep that file between runs, as a CI cache does; or use `upsert` with `match`, which needs none",
            ),
            None => (
                "this instance gives new records ids of its own, so `key` does not make creates repeatable here: \
                 running the playbook again creates everything again"
                    .to_owned(),
                "use `upsert` with `match`, which finds what is there already",
            ),
        };
        let problem = Problem::warning(IDS_IGNORED, message).help(help);
        Ok(self.file.add_problem(&problem, &Sources::default())?)
    }
}
