//! What a page needs to know, asked, and what becomes of each item by it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Engine;
use super::ExecuteError;
use super::closed::closed;
use super::contradict::Bound;
use super::contradict::Clash;
use super::contradict::Deleted;
use super::contradict::key;
use super::named;
use super::named::Dangling;
use super::needs::Absence;
use super::ours::Beside;
use crate::check::CheckedAction;
use crate::check::CheckedStep;
use crate::check::Projection;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::metadata::Acl;
use crate::metadata::record_acl;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Binding;
use crate::plan::Current;
use crate::plan::Draft;
use crate::plan::Earlier;
use crate::plan::Expanded;
use crate::plan::Item;
use crate::plan::Need;
use crate::plan::conflict;
use crate::plan::ended;
use crate::plan::finish;
use crate::plan::with_ties;
use crate::runfile::ItemOutcome;
use crate::runfile::ReadResult;
use crate::wire::Fault;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

impl Engine<'_> {
    /// Asks what a page needs to know and works out what becomes of each item.
    pub(super) async fn outcomes(
        &mut self,
        step: &CheckedStep,
        expanded: Vec<Expanded>,
        items: &[Item],
    ) -> Result<Vec<ItemOutcome>, ExecuteError> {
        match &step.action {
            CheckedAction::Write(_) => self.write_outcomes(step, expanded, items).await,
            CheckedAction::Read(_)
            | CheckedAction::Assert { .. }
            | CheckedAction::Export { .. } => self.read_outcomes(step, expanded, items).await,
        }
    }

    async fn read_outcomes(
        &mut self,
        step: &CheckedStep,
        expanded: Vec<Expanded>,
        items: &[Item],
    ) -> Result<Vec<ItemOutcome>, ExecuteError> {
        let plans = expanded
            .iter()
            .zip(items)
            .filter_map(|(expanded, item)| match expanded {
                Expanded::Read(plan) => Some((item.seq, plan.clone())),
                _ => None,
            })
            .collect();
        let mut found = self.read(step, plans).await?.into_iter();
        let planner = self.planner();
        let mut outcomes = Vec::with_capacity(expanded.len());
        for (expanded, item) in expanded.into_iter().zip(items) {
            outcomes.push(match expanded {
                Expanded::Ended(operation) => ItemOutcome::Operation {
                    operation,
                    result: None,
                },
                Expanded::Read(plan) => match found.next() {
                    Some(Err(unread)) => {
                        let base = Operation {
                            status: unread.status,
                            about: plan.about(),
                            ..ended(step, item, planner.called(step, item))
                        };
                        let failed = planner.failed(step, base, unread.label, unread.message);
                        operation_outcome(failed, None)
                    }
                    Some(Ok(result)) => ItemOutcome::Read(result),
                    None => ItemOutcome::Read(ReadResult::default()),
                },
                Expanded::Holds | Expanded::Write(_) => ItemOutcome::Read(ReadResult::default()),
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
        let mut expanded = self.with_keys(step, expanded, items).await?;
        let other_ids = self.with_given_ids(&mut expanded)?;
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
        let asked = self.named(&expanded)?;
        needs.extend(asked.iter().map(named::need));
        let mut known = self.know_by_any_id(&mut needs, &other_ids).await?;
        let of_named = known.split_off(known.len() - asked.len());
        self.keep_named(asked, of_named);
        self.take_ids(&mut expanded, &needs, &other_ids)?;
        let drafts: Vec<&Draft> = expanded
            .iter()
            .filter_map(|expanded| match expanded {
                Expanded::Write(draft) => Some(draft),
                _ => None,
            })
            .collect();
        let known = self.with_parents(&drafts, known).await?;
        let known = Box::pin(self.with_held(&drafts, known)).await?;
        let changes = drafts.iter().map(|draft| (draft.seq, &draft.change));
        let mut hanging = self.hanging_of(changes, &known).await?.into_iter();
        let mut beside = Beside::default();
        let mut known = known.into_iter().zip(earlier);
        let mut outcomes = Vec::with_capacity(expanded.len());
        // Writes of this page, which the run file does not know yet.
        let mut here: BTreeMap<(ModuleName, RecordId), Vec<Earlier>> = BTreeMap::new();
        let mut bound = Bound::new();
        let mut bindings_of: Vec<(Seq, Vec<Binding>)> = Vec::new();
        let mut links: Vec<(Seq, Change)> = Vec::new();
        let mut refused: Option<String> = None;
        let mut dangling = Dangling::default();
        for (expanded, item) in expanded.into_iter().zip(items) {
            outcomes.push(match expanded {
                Expanded::Write(mut draft) => {
                    let (known, mut earlier) =
                        known.next().unwrap_or((Ok(Current::Missing), Vec::new()));
                    let about = draft.change.about();
                    let about = about.map(|(module, record)| (module.clone(), record.clone()));
                    let of_page = about.map(|about| here.entry(about).or_default());
                    earlier.extend(of_page.iter().flat_map(|writes| writes.iter().cloned()));
                    let seq = draft.seq;
                    let otherwise = self.bound_otherwise(&draft, &bound)?;
                    let ties = self.ties_before(step, &draft.change, seq)?;
                    let clash = self.tied_otherwise(step, &draft.change, &ties);
                    let behind = ties.iter().filter(|tie| !tie.state.is_settled());
                    for tie in behind {
                        if !draft.needs.iter().any(|(seq, _)| *seq == tie.seq) {
                            draft.needs.push((tie.seq, EdgeKind::Order));
                        }
                    }
                    let known = known.map(|current| with_ties(current, &ties));
                    let deleted = self.deleted_besides(step, &draft)?;
                    let otherwise = (otherwise, deleted, clash);
                    let binds = self.binds(&draft.change);
                    let acl = match (&refused, &known) {
                        (None, Ok(current)) => acl_of(current),
                        _ => None,
                    };
                    let mut outcome =
                        self.write_outcome(step, item, draft, known, &earlier, otherwise);
                    let hanging = hanging.next().unwrap_or_default();
                    if let ItemOutcome::Operation { operation, .. } = &mut outcome {
                        self.hang(operation, hanging, &mut beside)?;
                        refused = refused.or_else(|| to_be_refused(operation, &acl?));
                        self.note_dangling(operation, &mut dangling)?;
                    }
                    if let Some(of_page) = of_page {
                        of_page.extend(planned_write(&outcome));
                    }
                    if is_planned(&outcome) {
                        for binding in &binds {
                            let of_page = bound.entry(key(binding)).or_default();
                            of_page.push((seq, binding.to.clone()));
                        }
                        bindings_of.push((seq, binds));
                        links.extend(planned_link(&outcome));
                    }
                    outcome
                }
                Expanded::Ended(operation) => ItemOutcome::Operation {
                    operation,
                    result: None,
                },
                Expanded::Read(_) | Expanded::Holds => ItemOutcome::Read(ReadResult::default()),
            });
        }
        self.file.bind(&bindings_of)?;
        self.lead(links)?;
        self.warn_of_dangling(step, dangling)?;
        if let Some(refused) = refused {
            self.warn_of_closed(step, &refused)?;
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
        (otherwise, deleted, tied): (Option<Clash>, Option<Deleted>, Option<String>),
    ) -> ItemOutcome {
        let current = match known {
            Ok(current) => current,
            Err(fault) => {
                let about = draft.change.about();
                let base = Operation {
                    status: fault.status(),
                    about: about.map(|(module, record)| (module.clone(), record.clone())),
                    ..ended(step, item, draft.key.clone())
                };
                let operation = self
                    .planner()
                    .failed(step, base, fault.label(), fault.to_string());
                return operation_outcome(operation, None);
            }
        };
        let comes_first = |seq: Seq| self.upstream_of(step).contains(&seq.step());
        let clash = conflict(&draft, earlier, comes_first, &self.metadata);
        let clash = clash.map(|(other, conflict)| Clash {
            other,
            conflict,
            about: draft.change.about().map_or_else(
                || "one record".to_owned(),
                |(module, record)| format!("{module} `{record}`"),
            ),
        });
        let clash = clash.or(otherwise).map(|clash| {
            let there = &self.checked.step(clash.other.step()).id;
            clash.conflict.told(there, &step.id, &clash.about)
        });
        let acl = acl_of(&current);
        let held = match &current {
            Current::Record(record) | Current::Detached(record) => Some(record.clone()),
            Current::Missing | Current::NoParent | Current::Links(_) => None,
        };
        let operation = finish(draft, current, earlier, &self.metadata);
        // What need not be sent minds no delete, unless it is to hold behind it.
        let takes_away = matches!(operation.action, Action::Unlink | Action::Delete);
        let deleted = deleted
            .filter(|deleted| operation.state == State::Planned || (deleted.is_gone && !takes_away))
            .map(|deleted| deleted.message);
        let conflict = clash.or(tied).or(deleted);
        let conflict = conflict.map(|message| (Label::from(LocalLabel::Conflict), message));
        let closed = || {
            let closed = self.closed_to(step, &operation, &acl?)?;
            Some((Label::from(SugarLabel::NotAuthorized), closed))
        };
        let operation = match (conflict.or_else(closed), operation.state) {
            (Some((label, message)), State::Planned | State::Unchanged) => {
                let about = operation.change.as_ref().and_then(Change::about);
                let base = Operation {
                    about: about.map(|(module, record)| (module.clone(), record.clone())),
                    change: None,
                    ..operation
                };
                self.planner().failed(step, base, label, message)
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
}

/// What the record read says of this user.
fn acl_of(current: &Current) -> Option<Acl> {
    match current {
        Current::Record(record) | Current::Detached(record) => record.get("_acl").map(record_acl),
        Current::Missing | Current::NoParent | Current::Links(_) => None,
    }
}

/// What of an operation that is to be sent the instance will refuse, as things are.
fn to_be_refused(operation: &Operation, acl: &Acl) -> Option<String> {
    match operation.state {
        State::Planned => closed(operation.change.as_ref()?, &BTreeSet::new(), acl),
        _ => None,
    }
}

fn is_planned(outcome: &ItemOutcome) -> bool {
    matches!(outcome, ItemOutcome::Operation { operation, .. } if operation.state == State::Planned)
}

fn planned_link(outcome: &ItemOutcome) -> Option<(Seq, Change)> {
    let ItemOutcome::Operation { operation, .. } = outcome else {
        return None;
    };
    let change = operation.change.as_ref();
    let is_link = change.filter(|change| matches!(change, Change::Link { .. }));
    Some((operation.seq, is_link?.clone()))
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
        before: operation.before.clone(),
        after: operation.after.clone(),
    })
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
    // Without an id, nothing is known: what a call answers, and whom an upsert by key finds.
    let record = change.record()?;
    let mut result = held.unwrap_or_default();
    if operation.state == State::Planned
        && !matches!(
            change,
            Change::Delete { .. } | Change::Link { .. } | Change::Unlink { .. }
        )
    {
        result.extend(operation.after.clone());
    }
    result.insert("id".into(), record.as_str().into());
    Some(result)
}
