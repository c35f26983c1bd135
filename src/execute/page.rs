//! One page of a step's items: their rows, their keys, and what each comes to.

use std::collections::HashMap;

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
}

fn place_name((index, row): &(u64, Option<Row>)) -> String {
    match row {
        Some(row) => format!("{}:{}", row.file, row.line),
        None => format!("item {index}"),
    }
}
