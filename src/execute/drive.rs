//! Expanding what can be expanded and planning what can be planned, until nothing more is known.

use super::Engine;
use super::ExecuteError;
use super::expectations::expects_of_reads;
use super::included::Included;
use super::items::ItemWalk;
use super::items::RawItem;
use super::turns::Barrier;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::CheckedWrite;
use crate::check::Items;
use crate::event::Activity;
use crate::event::Event;
use crate::expr::Failure;
use crate::expr::ItemSource;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::kill;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Item;
use crate::plan::ended;
use crate::plan::unnamed;
use crate::runfile::ItemOutcome;
use crate::runfile::KeptRow;
use crate::runfile::PlannedItem;
use crate::runfile::RunFileError;
use crate::wire::Label;
use crate::wire::LocalLabel;

/// Items worked on at once: enough to share requests, few enough to stay small.
const PAGE: u32 = 500;

impl Engine<'_> {
    /// Goes through the steps in order until nothing more can be expanded or planned without sending something.
    pub(super) async fn drive(&mut self) -> Result<(), ExecuteError> {
        if let Some(drifted) = self.recovering {
            return self.recover_deferred(drifted).await;
        }
        let checked = self.checked;
        loop {
            let mut moved = false;
            self.file.look_over_steps()?;
            for step in checked.steps.iter().filter(|step| !step.is_export()) {
                if self.stop_wished() {
                    return Ok(());
                }
                moved |= if self.file.step(step.number)?.expanded {
                    self.replan(step).await?
                } else {
                    self.try_expand(step).await?
                };
            }
            if !moved {
                return Ok(());
            }
        }
    }

    /// Whether what a step would do depends on what the steps that it waits for leave behind: reads do, and so does an
    /// upsert, which looks for its record, where one of them writes that module.
    fn reads_behind_it(&self, step: &CheckedStep) -> bool {
        let CheckedAction::Write(write) = &step.action else {
            return true;
        };
        let CheckedWrite::Upsert { module, .. } = write else {
            return false;
        };
        self.awaited_by(step).into_iter().any(|on| {
            let on = self.checked.step(on);
            let written = on.module().filter(|_| on.is_write());
            written.is_some_and(|written| written.value == module.value)
        })
    }

    /// A write that a read refers to and that is not done: what the read would find now is not what it is to find.
    fn written_first(&self, step: &CheckedStep) -> Result<Option<StepNo>, RunFileError> {
        if !matches!(step.action, CheckedAction::Read(_)) {
            return Ok(None);
        }
        for on in &step.reads {
            let write = self.checked.step(*on);
            if write.is_write() && !self.has_had_its_turn(write)? {
                return Ok(Some(*on));
            }
        }
        Ok(None)
    }

    async fn try_expand(&mut self, step: &CheckedStep) -> Result<bool, ExecuteError> {
        if self.written_first(step)?.is_some() {
            return Ok(false);
        }
        match self.barrier(step)? {
            // What a write would do can be worked out before its turn; what a read finds cannot.
            Barrier::Closed if self.reads_behind_it(step) => return Ok(false),
            Barrier::Open | Barrier::Closed => {}
            Barrier::Broken(on) => {
                let name = &self.checked.step(on).id;
                let message = format!("it waits for step `{name}`, which did not succeed");
                self.end_whole(step, State::Skipped, LocalLabel::Dependency.into(), message)?;
                return Ok(true);
            }
        }
        if self.file.is_begun(step.number)? {
            self.file.forget_items(step.number)?;
        }
        let included = self.included(step);
        let scope = self.world.scope_in(step.included);
        if let Ok(Included::No(message)) = included {
            let label = LocalLabel::Condition.into();
            self.end_whole(step, State::Skipped, label, message)?;
            return Ok(true);
        }
        let kept = self.file.kept_rows(step.number)?;
        let walk = included.and_then(|_| ItemWalk::open(self.checked, step, &scope, kept));
        let mut walk = match walk {
            Ok(walk) => walk,
            Err(Failure::Unknown) => return Ok(false),
            Err(failure) => {
                let (state, label) = match &failure {
                    Failure::Bad { .. } => (State::Skipped, LocalLabel::Dependency),
                    Failure::MissingKey { .. } => (State::Failed, LocalLabel::MissingKey),
                    _ => (State::Failed, LocalLabel::Template),
                };
                self.end_whole(step, state, label.into(), failure.to_string())?;
                return Ok(true);
            }
        };
        // Its items can be known now, so why they were not is no matter any more.
        self.file.explain_step(step.number, None)?;
        let mut index = 0;
        loop {
            let page = walk.page(PAGE as usize);
            if page.is_empty() {
                break;
            }
            let next = index + page.len() as u64;
            if let Some(max) = step.max
                && next > max
            {
                let message = format!("it has more than `max: {max}` items");
                self.file.forget_items(step.number)?;
                self.end_whole(
                    step,
                    State::Failed,
                    LocalLabel::InvalidValue.into(),
                    message,
                )?;
                return Ok(true);
            }
            let items = self.expand_page(step, index, page).await?;
            self.file.add_items(step.number, &items)?;
            self.tell_progress(Activity::Planning)?;
            kill::passes(kill::Point::InExpansion);
            index = next;
        }
        if expects_of_reads(step) {
            self.file.note_all_for_judgment(step.number)?;
        }
        self.file.expanded(step.number)?;
        self.judge_reads(step)?;
        let row = self.file.step(step.number)?;
        self.tell(&match step.is_write() {
            true => Event::Expanded {
                step: step.number,
                id: step.id.clone(),
                name: step.name.clone(),
                items: row.items,
            },
            false => Event::Read {
                step: step.number,
                id: step.id.clone(),
                name: step.name.clone(),
                records: row.records,
            },
        });
        Ok(true)
    }

    /// Keeps the rows of files whose steps are not expanded yet, or may be expanded anew: apply reads no file.
    pub(super) fn keep_rows(&mut self) -> Result<(), ExecuteError> {
        let checked = self.checked;
        for step in &checked.steps {
            let is_file = matches!(step.items, Some(Items::File(_) | Items::Searched { .. }));
            let is_open =
                !self.file.step(step.number)?.expanded || self.file.has_ended_whole(step.number)?;
            if !is_file || !is_open {
                continue;
            }
            let scope = self.world.scope_in(step.included);
            // A file that does not read is said to be so when its turn comes.
            let Ok(mut walk) = ItemWalk::open(checked, step, &scope, None) else {
                continue;
            };
            let mut from = 0;
            loop {
                let page = walk.page(PAGE as usize);
                if page.is_empty() {
                    break;
                }
                let rows: Vec<KeptRow> = page.into_iter().map(RawItem::keep).collect();
                self.file.keep_rows(step.number, from, &rows)?;
                from += rows.len() as u64;
            }
        }
        Ok(())
    }

    /// A step that ends as a whole has one operation that says so.
    pub(super) fn end_whole(
        &mut self,
        step: &CheckedStep,
        state: State,
        label: Label,
        message: String,
    ) -> Result<(), ExecuteError> {
        let index = self.file.step(step.number)?.items;
        let item = Item {
            seq: Seq::new(step.number, index),
            source: ItemSource::Value(serde_json::Value::Null),
            row: None,
        };
        // Of all its items together nothing has a name but the step.
        let key = match step.items {
            Some(_) => unnamed(step, &item),
            None => self.planner().called(step, &item),
        };
        let base = ended(step, &item, key);
        let operation = match state {
            State::Failed => self.planner().failed(step, base, label, message),
            state => Operation {
                state,
                label: Some(label),
                message: Some(message),
                ..base
            },
        };
        let planned = PlannedItem {
            index,
            key: None,
            row: None,
            source: item.source,
            outcome: ItemOutcome::Operation {
                operation: Box::new(operation),
                result: None,
            },
        };
        Ok(self.file.end_whole(step.number, &planned)?)
    }

    /// Deferred operations whose reasons are gone.
    async fn replan(&mut self, step: &CheckedStep) -> Result<bool, ExecuteError> {
        // Those that were done just before a kill.
        self.judge_reads(step)?;
        let row = self.file.step(step.number)?;
        if row.is_settled() {
            return Ok(false);
        }
        match self.barrier(step)? {
            Barrier::Closed if self.reads_behind_it(step) => return Ok(false),
            Barrier::Open | Barrier::Closed => {}
            Barrier::Broken(on) => return self.skip_step(step, on),
        }
        if row.deferred == 0 {
            return Ok(false);
        }
        let mut moved = false;
        let mut after = None;
        loop {
            let page = self.file.plannable(step.number, after, PAGE)?;
            let Some(last) = page.last() else {
                return Ok(moved);
            };
            after = Some(*last);
            let mut items = Vec::with_capacity(page.len());
            let mut expanded = Vec::with_capacity(page.len());
            for seq in page {
                let Some((_, row, source)) = self.file.item(seq)? else {
                    continue;
                };
                let item = Item { seq, source, row };
                let opening = self.planner().open(step, &item.source);
                expanded.push(self.planner().expand(step, &item, opening));
                items.push(item);
            }
            let outcomes = self.outcomes(step, expanded, &items).await?;
            moved |= outcomes.iter().any(|outcome| !is_deferred(outcome));
            let outcomes: Vec<_> = items.iter().map(|item| item.seq).zip(outcomes).collect();
            if expects_of_reads(step) {
                let reads: Vec<Seq> = items.iter().map(|item| item.seq).collect();
                self.file.note_for_judgment(&reads)?;
            }
            self.file.replace(&outcomes)?;
            kill::passes(kill::Point::AfterReplace);
            self.judge_reads(step)?;
        }
    }

    fn skip_step(&mut self, step: &CheckedStep, on: StepNo) -> Result<bool, ExecuteError> {
        let open = self.file.unsent(step.number, 1000)?;
        if open.is_empty() {
            return Ok(false);
        }
        let message = format!(
            "it waits for step `{}`, which did not succeed",
            self.checked.step(on).id
        );
        let skipped =
            crate::runfile::Settlement::new(State::Skipped).label(LocalLabel::Dependency, message);
        let settlements: Vec<_> = open.into_iter().map(|seq| (seq, skipped.clone())).collect();
        self.file.settle(&settlements)?;
        Ok(true)
    }
}

fn is_deferred(outcome: &ItemOutcome) -> bool {
    matches!(outcome, ItemOutcome::Operation { operation, .. } if operation.state == State::Deferred)
}
