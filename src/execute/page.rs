//! One page of a step's items: their rows, their keys, and what each comes to.

use std::collections::HashMap;
use std::fmt;

use super::Engine;
use super::ExecuteError;
use super::items::RawItem;
use crate::check::CheckedStep;
use crate::diag::Row;
use crate::expr::ItemSource;
use crate::expr::Seq;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::State;
use crate::plan::Expanded;
use crate::plan::Item;
use crate::plan::Opening;
use crate::plan::ended;
use crate::playbook::OnDuplicate;
use crate::runfile::PlannedItem;
use crate::wire::Label;
use crate::wire::LocalLabel;

impl Engine<'_> {
    pub(super) async fn expand_page(
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
            let opening = match raw.bad {
                Some(failure) => Opening::bad(failure),
                None => self.planner().open(step, &item.source),
            };
            let key = opening.key().cloned();
            let place = items.len();
            let holder = match &key {
                Some(key) => self.holder(step, key, &seen, &items)?,
                None => None,
            };
            let clash = match (&key, holder) {
                // Nobody is in the way of what is left out, and it is in nobody's.
                (Some(_), Some(_)) if opening.is_left_out() => {
                    items.push(item);
                    keys.push(None);
                    expanded.push(self.planner().expand(step, &items[place], opening));
                    continue;
                }
                (Some(key), Some(holder)) => {
                    self.clash(step, key, &holder, &items, &mut keys, &mut expanded)?
                }
                _ => None,
            };
            match clash {
                Some(message) => {
                    let text = key.unwrap_or_else(|| Key::from_index(index));
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
                    if let Some(key) = &key {
                        seen.insert(key.clone(), place);
                    }
                    keys.push(key);
                    expanded.push(self.planner().expand(step, &item, opening));
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

    /// The earlier item that has a key.
    fn holder(
        &self,
        step: &CheckedStep,
        key: &Key,
        seen: &HashMap<Key, usize>,
        items: &[Item],
    ) -> Result<Option<Holder>, ExecuteError> {
        if let Some(place) = seen.get(key) {
            let item = &items[*place];
            return Ok(Some(Holder {
                index: item.seq.index(),
                row: item.row.clone(),
                here: Some(*place),
            }));
        }
        let found = self.file.find_key(step.number, key)?;
        Ok(found.map(|(index, row)| Holder {
            index,
            row,
            here: None,
        }))
    }

    /// Why an item does not get its key. With `on_duplicate: last` the one that holds it gives way, and so does always
    /// one that is left out.
    fn clash(
        &mut self,
        step: &CheckedStep,
        key: &Key,
        holder: &Holder,
        items: &[Item],
        keys: &mut [Option<Key>],
        expanded: &mut [Expanded],
    ) -> Result<Option<String>, ExecuteError> {
        let is_left_out = match holder.here {
            Some(place) => {
                matches!(&expanded[place], Expanded::Ended(operation) if is_left_out(operation.label.as_ref()))
            }
            None => {
                let seq = Seq::new(step.number, holder.index);
                let operation = self.file.operation(seq)?;
                operation.is_some_and(|operation| is_left_out(operation.label.as_ref()))
            }
        };
        if !is_left_out && step.on_duplicate != OnDuplicate::Last {
            return Ok(Some(format!("the key `{key}` is taken by {holder}")));
        }
        let message = format!("a later item has the key `{key}` too");
        match holder.here {
            Some(place) => {
                keys[place] = None;
                if !is_left_out {
                    let base = ended(step, &items[place], key.clone());
                    expanded[place] = Expanded::Ended(Box::new(Operation {
                        state: State::Skipped,
                        label: Some(LocalLabel::DuplicateKey.into()),
                        message: Some(message),
                        ..base
                    }));
                }
            }
            None => self.file.give_way(step.number, holder.index, &message)?,
        }
        Ok(None)
    }
}

/// An item that has a key which another one asks for.
struct Holder {
    index: u64,
    row: Option<Row>,
    /// Its place in the page, if it is in the same.
    here: Option<usize>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.row {
            Some(row) => write!(f, "{}:{}", row.file, row.line),
            None => write!(f, "item {}", self.index),
        }
    }
}

fn is_left_out(label: Option<&Label>) -> bool {
    label == Some(&LocalLabel::Condition.into())
}
