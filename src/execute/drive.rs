//! Expanding what can be expanded and planning what can be planned, until nothing more is known.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use super::Engine;
use super::ExecuteError;
use super::items::ItemWalk;
use super::items::RawItem;
use super::needs::Absence;
use super::reading;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::Projection;
use crate::diag::Row;
use crate::event::Event;
use crate::expr::Failure;
use crate::expr::ItemSource;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::metadata::FieldKind;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Draft;
use crate::plan::Earlier;
use crate::plan::Expanded;
use crate::plan::Fields;
use crate::plan::Item;
use crate::plan::Need;
use crate::plan::ReadPlan;
use crate::plan::conflict;
use crate::plan::ended;
use crate::plan::finish;
use crate::playbook::OnDuplicate;
use crate::playbook::Wait;
use crate::runfile::ItemOutcome;
use crate::runfile::PlannedItem;
use crate::runfile::RunFileError;
use crate::wire::Fault;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::RecordId;

/// Items worked on at once: enough to share requests, few enough to stay small.
const PAGE: usize = 500;

/// Where a barrier stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Barrier {
    Open,
    Closed,
    /// A step it waits for did not go well.
    Broken(StepNo),
}

impl Engine<'_> {
    /// Goes through the steps in order until nothing more can be expanded or planned without sending something.
    pub(super) async fn drive(&mut self) -> Result<(), ExecuteError> {
        let checked = self.checked;
        loop {
            let mut moved = false;
            for step in &checked.steps {
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

    /// Whether a step's `depends_on` lets it go on.
    pub(super) fn barrier(&self, step: &CheckedStep) -> Result<Barrier, RunFileError> {
        let mut barrier = Barrier::Open;
        for (on, wait) in &step.depends_on {
            let row = self.file.step(*on)?;
            if !row.is_settled() {
                barrier = Barrier::Closed;
            } else if row.bad > 0 && *wait == Wait::Succeeded {
                return Ok(Barrier::Broken(*on));
            }
        }
        Ok(barrier)
    }

    async fn try_expand(&mut self, step: &CheckedStep) -> Result<bool, ExecuteError> {
        match self.barrier(step)? {
            // What a write would do can be worked out before its turn; what a read finds cannot.
            Barrier::Closed if !step.is_write() => return Ok(false),
            Barrier::Open | Barrier::Closed => {}
            Barrier::Broken(on) => {
                let name = &self.checked.step(on).id;
                let message = format!("it waits for step `{name}`, which did not succeed");
                self.end_whole(step, State::Skipped, LocalLabel::Dependency.into(), message)?;
                return Ok(true);
            }
        }
        if self.file.step(step.number)?.items > 0 {
            self.file.forget_items(step.number)?;
        }
        let scope = self.world.scope();
        let mut walk = match ItemWalk::open(self.checked, step, &scope) {
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
        let mut index = 0;
        loop {
            let page = walk.page(PAGE);
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
            index = next;
        }
        self.file.expanded(step.number)?;
        self.judge_reads(step)?;
        let row = self.file.step(step.number)?;
        self.tell(&match step.is_write() {
            true => Event::Expanded {
                step: step.number,
                name: step.id.clone(),
                items: row.items,
            },
            false => Event::Read {
                step: step.number,
                name: step.id.clone(),
                records: row.records,
            },
        });
        Ok(true)
    }

    /// A step that ends as a whole has one operation that says so.
    fn end_whole(
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
        let base = ended(step, &item, Key::from_index(index));
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
        self.file.add_items(step.number, &[planned])?;
        self.file.expanded(step.number)?;
        Ok(())
    }

    async fn expand_page(
        &mut self,
        step: &CheckedStep,
        first: u64,
        page: Vec<RawItem>,
    ) -> Result<Vec<PlannedItem>, ExecuteError> {
        let mut items = Vec::with_capacity(page.len());
        let mut keys: Vec<Option<Key>> = Vec::with_capacity(page.len());
        let mut expanded = Vec::with_capacity(page.len());
        // Keys of this page, which the run file does not know yet.
        let mut seen: HashMap<Key, usize> = HashMap::new();
        for (index, raw) in (first..).zip(page) {
            let row = match (raw.row, &raw.source) {
                (Some(row), _) => Some(row),
                // What is made of a row's result comes from that row too.
                (None, ItemSource::Item { step, index }) => self
                    .file
                    .item(Seq::new(*step, *index))?
                    .and_then(|(_, row, _)| row),
                (None, ItemSource::Value(_)) => None,
            };
            let item = Item {
                seq: Seq::new(step.number, index),
                source: raw.source,
                row,
            };
            let key = match raw.bad {
                Some(failure) => Err(failure),
                None => self.planner().key(step, &item.source),
            };
            let clash = match &key {
                Ok(Some(key)) => self.clash(step, key, &seen, &items, &mut keys, &mut expanded)?,
                _ => None,
            };
            let place = items.len();
            match clash {
                Some(message) => {
                    let text = key.ok().flatten().unwrap_or_else(|| Key::from_index(index));
                    let base = ended(step, &item, text);
                    let label = Label::from(LocalLabel::DuplicateKey);
                    let operation = match step.on_duplicate {
                        OnDuplicate::First => Operation {
                            state: State::Skipped,
                            label: Some(label),
                            message: Some(message),
                            ..base
                        },
                        OnDuplicate::Error | OnDuplicate::Last => {
                            self.planner().failed(step, base, label, message)
                        }
                    };
                    keys.push(None);
                    expanded.push(Expanded::Ended(Box::new(operation)));
                }
                None => {
                    let named = key.as_ref().ok().cloned().flatten();
                    if let Some(key) = &named {
                        seen.insert(key.clone(), place);
                    }
                    keys.push(named);
                    expanded.push(self.planner().expand(step, &item, key));
                }
            }
            items.push(item);
        }
        let outcomes = self.outcomes(step, expanded, &items).await?;
        Ok(items
            .into_iter()
            .zip(keys)
            .zip(outcomes)
            .map(|((item, key), outcome)| PlannedItem {
                index: item.seq.index(),
                key,
                row: item.row,
                source: item.source,
                outcome,
            })
            .collect())
    }

    /// Whether another item has the key already. With `on_duplicate: last` that one gives way.
    fn clash(
        &mut self,
        step: &CheckedStep,
        key: &Key,
        seen: &HashMap<Key, usize>,
        items: &[Item],
        keys: &mut [Option<Key>],
        expanded: &mut [Expanded],
    ) -> Result<Option<String>, ExecuteError> {
        let (earlier, here) = match seen.get(key) {
            Some(place) => (
                (items[*place].seq.index(), items[*place].row.clone()),
                Some(*place),
            ),
            None => match self.file.find_key(step.number, key)? {
                Some(found) => (found, None),
                None => return Ok(None),
            },
        };
        let place_of_earlier = place_name(&earlier);
        if step.on_duplicate != OnDuplicate::Last {
            return Ok(Some(format!(
                "the key `{key}` is taken by {place_of_earlier}"
            )));
        }
        let message = format!("a later item has the key `{key}` too");
        match here {
            Some(place) => {
                keys[place] = None;
                let base = ended(step, &items[place], key.clone());
                expanded[place] = Expanded::Ended(Box::new(Operation {
                    state: State::Skipped,
                    label: Some(LocalLabel::DuplicateKey.into()),
                    message: Some(message),
                    ..base
                }));
            }
            None => self.file.give_way(step.number, earlier.0, &message)?,
        }
        Ok(None)
    }

    /// Deferred operations whose reasons are gone.
    async fn replan(&mut self, step: &CheckedStep) -> Result<bool, ExecuteError> {
        match self.barrier(step)? {
            Barrier::Closed if !step.is_write() => return Ok(false),
            Barrier::Open | Barrier::Closed => {}
            Barrier::Broken(on) => return self.skip_step(step, on),
        }
        let mut moved = false;
        let mut after = None;
        loop {
            let page = self.file.plannable(step.number, after, 500)?;
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
                let key = self.planner().key(step, &item.source);
                expanded.push(self.planner().expand(step, &item, key));
                items.push(item);
            }
            let outcomes = self.outcomes(step, expanded, &items).await?;
            moved |= outcomes.iter().any(|outcome| !is_deferred(outcome));
            let outcomes: Vec<_> = items.iter().map(|item| item.seq).zip(outcomes).collect();
            self.file.replace(&outcomes)?;
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

    /// Asks what a page needs to know and works out what becomes of each item.
    async fn outcomes(
        &mut self,
        step: &CheckedStep,
        expanded: Vec<Expanded>,
        items: &[Item],
    ) -> Result<Vec<ItemOutcome>, ExecuteError> {
        match &step.action {
            CheckedAction::Write(_) => self.write_outcomes(step, expanded, items).await,
            CheckedAction::Read(_) | CheckedAction::Assert { .. } => {
                self.read_outcomes(step, expanded, items).await
            }
        }
    }

    async fn read_outcomes(
        &mut self,
        step: &CheckedStep,
        expanded: Vec<Expanded>,
        items: &[Item],
    ) -> Result<Vec<ItemOutcome>, ExecuteError> {
        let plans: Vec<ReadPlan> = expanded
            .iter()
            .filter_map(|expanded| match expanded {
                Expanded::Read(plan) => Some(plan.clone()),
                _ => None,
            })
            .collect();
        let mut found = self.asker.read(plans).await?.into_iter();
        let planner = self.planner();
        let mut outcomes = Vec::with_capacity(expanded.len());
        for (expanded, item) in expanded.into_iter().zip(items) {
            let failed = |label: Label, message: String, status: Option<u16>| {
                let base = Operation {
                    status,
                    ..ended(step, item, Key::from_index(item.seq.index()))
                };
                operation_outcome(planner.failed(step, base, label, message), None)
            };
            outcomes.push(match expanded {
                Expanded::Ended(operation) => ItemOutcome::Operation {
                    operation,
                    result: None,
                },
                Expanded::Read(_) => match found
                    .next()
                    .unwrap_or_else(|| Ok(super::walk::Found::default()))
                {
                    Ok(found) => match reading::keep(&planner, step, found) {
                        Ok(result) => ItemOutcome::Read(result),
                        Err(message) => failed(LocalLabel::DuplicateKey.into(), message, None),
                    },
                    Err(fault) => failed(fault.label(), fault.to_string(), fault.status()),
                },
                Expanded::Holds | Expanded::Write(_) => {
                    ItemOutcome::Read(crate::runfile::ReadResult::default())
                }
            });
        }
        Ok(outcomes)
    }

    async fn write_outcomes(
        &mut self,
        step: &CheckedStep,
        expanded: Vec<Expanded>,
        items: &[Item],
    ) -> Result<Vec<ItemOutcome>, ExecuteError> {
        let expanded = self.with_matches(step, expanded, items).await?;
        let used = match &step.projection {
            Projection::All => BTreeSet::new(),
            Projection::Fields(fields) => fields.clone(),
        };
        let mut needs: Vec<(Need, Absence)> = Vec::new();
        let mut earlier: Vec<Vec<Earlier>> = Vec::new();
        for expanded in &expanded {
            if let Expanded::Write(draft) = expanded {
                let writes = self.earlier(draft)?;
                needs.push(self.need(draft, &writes, &used)?);
                earlier.push(writes);
            }
        }
        let drafts: Vec<&Draft> = expanded
            .iter()
            .filter_map(|expanded| match expanded {
                Expanded::Write(draft) => Some(draft),
                _ => None,
            })
            .collect();
        let known = self.asker.know(&needs).await?;
        let known = self.with_parents(&drafts, known).await?;
        let known = self.with_held(&drafts, known).await?;
        let mut known = known.into_iter().zip(earlier);
        let mut outcomes = Vec::with_capacity(expanded.len());
        // Writes of this page, which the run file does not know yet.
        let mut here: BTreeMap<(ModuleName, RecordId), Vec<Earlier>> = BTreeMap::new();
        for (expanded, item) in expanded.into_iter().zip(items) {
            outcomes.push(match expanded {
                Expanded::Write(draft) => {
                    let (known, mut earlier) =
                        known.next().unwrap_or((Ok(Current::Missing), Vec::new()));
                    let change = &draft.change;
                    let of_page = here
                        .entry((change.module().clone(), change.record().clone()))
                        .or_default();
                    earlier.extend(of_page.iter().cloned());
                    let outcome = self.write_outcome(step, item, draft, known, &earlier);
                    of_page.extend(planned_write(&outcome));
                    outcome
                }
                Expanded::Ended(operation) => ItemOutcome::Operation {
                    operation,
                    result: None,
                },
                Expanded::Read(_) | Expanded::Holds => {
                    ItemOutcome::Read(crate::runfile::ReadResult::default())
                }
            });
        }
        Ok(outcomes)
    }

    fn write_outcome(
        &self,
        step: &CheckedStep,
        item: &Item,
        draft: Draft,
        known: Result<Current, Fault>,
        earlier: &[Earlier],
    ) -> ItemOutcome {
        let current = match known {
            Ok(current) => current,
            Err(fault) => {
                let base = Operation {
                    status: fault.status(),
                    ..ended(step, item, draft.key.clone())
                };
                let operation = self
                    .planner()
                    .failed(step, base, fault.label(), fault.to_string());
                return operation_outcome(operation, None);
            }
        };
        let clash = conflict(&draft, earlier).map(|(other, name)| {
            format!(
                "steps `{}` and `{}` set `{name}` of {} `{}` to different values",
                self.checked.step(other.step()).id,
                step.id,
                draft.change.module(),
                draft.change.record()
            )
        });
        let held = match &current {
            Current::Record(record) | Current::Detached(record) => Some(record.clone()),
            Current::Missing | Current::NoParent | Current::Links(_) => None,
        };
        let operation = finish(draft, current, earlier, self.metadata);
        let operation = match (clash, operation.state) {
            (Some(message), State::Planned | State::Unchanged) => {
                let base = Operation {
                    change: None,
                    ..operation
                };
                self.planner()
                    .failed(step, base, LocalLabel::Conflict.into(), message)
            }
            (None, State::Failed) => {
                let (label, message) = (
                    operation.label.clone(),
                    operation.message.clone().unwrap_or_default(),
                );
                let label = label.unwrap_or_else(|| LocalLabel::InvalidValue.into());
                self.planner().failed(step, operation, label, message)
            }
            _ => operation,
        };
        let result = known_result(&operation, held);
        operation_outcome(operation, result)
    }

    /// This run's earlier writes to the record of a draft.
    fn earlier(&self, draft: &Draft) -> Result<Vec<Earlier>, ExecuteError> {
        let (module, record) = (draft.change.module(), draft.change.record());
        let writes = self
            .file
            .writes_to(module.as_str(), record.as_str(), draft.seq)?;
        Ok(writes
            .into_iter()
            .filter(|write| {
                matches!(
                    write.action,
                    Action::Create | Action::Update | Action::Favorite | Action::Unfavorite
                )
            })
            .map(|write| Earlier {
                seq: write.seq,
                state: write.state,
                creates: write.action == Action::Create,
                sets: write
                    .change
                    .as_ref()
                    .map(|change| change.fields().into_owned())
                    .unwrap_or_default(),
                after: write.after,
            })
            .collect())
    }

    /// Nothing is asked of a record that only this run will create.
    fn need(
        &self,
        draft: &Draft,
        earlier: &[Earlier],
        used: &BTreeSet<String>,
    ) -> Result<(Need, Absence), ExecuteError> {
        let not_there_yet = |writes: &[Earlier]| {
            writes
                .iter()
                .any(|write| write.creates && !write.state.is_settled())
        };
        let absence = match draft.change {
            Change::Create { .. } | Change::Delete { .. } => Absence::Expected,
            _ => Absence::Odd,
        };
        if not_there_yet(earlier) {
            return Ok((Need::Absent, absence));
        }
        let mut need = draft.need(used);
        // What a link leads to is no field of the record.
        if let Need::Record {
            module,
            fields: Fields::These(fields),
            ..
        } = &mut need
        {
            fields.retain(|name| {
                let field = self.metadata.field(module.as_str(), name);
                field.is_none_or(|field| field.kind != FieldKind::Link)
            });
            fields.extend(
                self.metadata
                    .companions(module.as_str(), fields.clone().iter()),
            );
        }
        // A record that will be created cannot be linked yet either.
        if let Need::Links {
            module,
            link,
            columns,
            ..
        } = &mut need
        {
            *columns = self.columns(module, link);
        }
        if let Need::Links {
            module,
            link,
            others,
            ..
        } = &mut need
            && let Some(far) = self.metadata.far_module(module.as_str(), link.as_str())
        {
            let mut kept = Vec::with_capacity(others.len());
            for other in others.drain(..) {
                let writes = self.file.writes_to(far, other.as_str(), draft.seq)?;
                let new = writes
                    .iter()
                    .any(|write| write.action == Action::Create && !write.state.is_settled());
                if !new {
                    kept.push(other);
                }
            }
            *others = kept;
            if others.is_empty() {
                return Ok((Need::Nothing, absence));
            }
        }
        Ok((need, absence))
    }
}

/// What a planned write of fields means to later ones of the same record.
fn planned_write(outcome: &ItemOutcome) -> Option<Earlier> {
    let ItemOutcome::Operation { operation, .. } = outcome else {
        return None;
    };
    let change = operation.change.as_ref()?;
    let sets = change.fields().into_owned();
    (operation.state == State::Planned && !sets.is_empty()).then(|| Earlier {
        seq: operation.seq,
        state: operation.state,
        creates: operation.action == Action::Create,
        sets,
        after: operation.after.clone(),
    })
}

fn place_name((index, row): &(u64, Option<Row>)) -> String {
    match row {
        Some(row) => format!("{}:{}", row.file, row.line),
        None => format!("item {index}"),
    }
}

fn is_deferred(outcome: &ItemOutcome) -> bool {
    matches!(outcome, ItemOutcome::Operation { operation, .. } if operation.state == State::Deferred)
}

fn operation_outcome(
    operation: Operation,
    result: Option<serde_json::Map<String, serde_json::Value>>,
) -> ItemOutcome {
    ItemOutcome::Operation {
        operation: Box::new(operation),
        result,
    }
}

/// What expressions may know of the record an operation works on: what it has, overlaid with what it will have.
fn known_result(
    operation: &Operation,
    held: Option<serde_json::Map<String, serde_json::Value>>,
) -> Option<serde_json::Map<String, serde_json::Value>> {
    if !matches!(operation.state, State::Planned | State::Unchanged) {
        return None;
    }
    let change = operation.change.as_ref()?;
    let mut result = held.unwrap_or_default();
    if operation.state == State::Planned
        && !matches!(
            change,
            Change::Delete { .. } | Change::Link { .. } | Change::Unlink { .. }
        )
    {
        result.extend(operation.after.clone());
    }
    result.insert("id".into(), change.record().as_str().into());
    Some(result)
}
