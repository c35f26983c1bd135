//! Running the reads of a page of items, side by side: what each page brings is in the run file before the next is asked
//! for, so that a read may be as large as it likes.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Engine;
use super::ExecuteError;
use super::order::Order;
use super::order::REMARK;
use super::walk::Found;
use super::walk::Walk;
use crate::check::CheckedAction;
use crate::check::CheckedRead;
use crate::check::CheckedStep;
use crate::check::Projection;
use crate::expr::Seq;
use crate::kill;
use crate::operation::Key;
use crate::plan::List;
use crate::plan::ReadPlan;
use crate::runfile::FoundRecord;
use crate::runfile::Place;
use crate::runfile::ReadResult;
use crate::wire::Fault;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::Page;

/// Reads that share a request.
const TOGETHER: usize = 50;

/// Records that a round may bring at most, however many reads share it.
const OF_A_ROUND: usize = 5_000;

/// Why a read gave nothing.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) label: Label,
    pub(super) message: String,
    pub(super) status: Option<u16>,
}

/// A record as it came, and where it is to stand if they did not come in order.
struct Placed {
    place: Option<Place>,
    record: Map<String, Json>,
}

/// One item's read on its way.
struct Reading {
    seq: Seq,
    walk: Walk,
    stored: u64,
    /// Where records may have to be put in order here.
    order: Option<Order>,
    /// All records with their places, where `select` searches them: a path has to see the whole answer.
    whole: Option<Vec<Placed>>,
    unread: Option<Unread>,
}

impl Engine<'_> {
    /// Walks all reads to their ends in common rounds. What they found is in the run file then, and belongs to nothing
    /// until their items do.
    pub(super) async fn read(
        &mut self,
        step: &CheckedStep,
        plans: Vec<(Seq, ReadPlan)>,
    ) -> Result<Vec<Result<ReadResult, Unread>>, ExecuteError> {
        // A run that was killed may have left part of them.
        let all: Vec<Seq> = plans.iter().map(|(seq, _)| *seq).collect();
        self.file.forget_found(&all)?;
        let mut readings: Vec<Reading> = plans
            .into_iter()
            .map(|(seq, plan)| Reading {
                seq,
                order: self.order(&plan),
                walk: Walk::new(plan),
                stored: 0,
                whole: step.select.is_some().then(Vec::new),
                unread: None,
            })
            .collect();
        loop {
            let mut open: Vec<&mut Reading> = readings
                .iter_mut()
                .filter(|reading| reading.unread.is_none() && !reading.walk.is_done())
                .collect();
            if open.is_empty() {
                break;
            }
            for together in open.chunks_mut(TOGETHER) {
                self.round(step, together).await?;
            }
        }
        let mut unordered = readings
            .iter()
            .filter(|reading| reading.unread.is_none() && reading.walk.order_wanted().is_some())
            .peekable();
        if unordered.peek().is_some() {
            self.file.explain_step(step.number, Some(REMARK))?;
        }
        for reading in unordered {
            self.file.put_in_order(reading.seq)?;
        }
        let results: Vec<Result<ReadResult, Unread>> = readings
            .into_iter()
            .map(|reading| (reading.seq, reading.finish(step)))
            .map(|(seq, result)| {
                if result.is_err() {
                    self.file.forget_found(&[seq])?;
                }
                Ok(result)
            })
            .collect::<Result<_, ExecuteError>>()?;
        Ok(results)
    }

    /// Asks each for its next page, in one request, and stores what came.
    async fn round(
        &mut self,
        step: &CheckedStep,
        readings: &mut [&mut Reading],
    ) -> Result<(), ExecuteError> {
        let each = u32::try_from(OF_A_ROUND / readings.len())
            .map_or(Page::MOST, |each| each.min(Page::MOST));
        let reads = readings
            .iter()
            .filter_map(|reading| reading.walk.next(each))
            .collect();
        let answers = self.asker.all(reads).await?;
        let mut found = Vec::new();
        for (reading, answer) in readings.iter_mut().zip(answers) {
            let mut records = reading.walk.feed(answer);
            if reading.walk.repeats() {
                records = self.file.not_seen(reading.seq, records)?;
            }
            reading.walk.take(&mut records);
            let order = match reading.walk.order_wanted() {
                Some(_) => reading.order.as_ref(),
                None => None,
            };
            for record in records {
                let place = order.map(|order| order.place(&record));
                if let Some(whole) = &mut reading.whole {
                    whole.push(Placed {
                        place: place.clone(),
                        record: record.clone(),
                    });
                }
                let record = projected(&step.projection, record);
                match self.planner().record_key(step, &record) {
                    Ok(key) => found.push(FoundRecord {
                        seq: reading.seq,
                        n: reading.stored,
                        key,
                        place,
                        fields: record,
                    }),
                    Err(failure) => {
                        reading.refuse(format!(
                            "the key of a record cannot be worked out: {failure}"
                        ));
                        break;
                    }
                }
                reading.stored += 1;
            }
        }
        if let Some((seq, key)) = self.file.add_found(&found)?
            && let Some(reading) = readings.iter_mut().find(|reading| reading.seq == seq)
        {
            reading.refuse(two_have(&key));
        }
        kill::passes(kill::Point::InRead);
        Ok(())
    }
}

impl Engine<'_> {
    /// How records of a read that has no limit are ordered.
    fn order(&self, plan: &ReadPlan) -> Option<Order> {
        let ReadPlan::Walk {
            list: List::Module { module, .. },
            order_by: Some(order_by),
            limit: None,
            ..
        } = plan
        else {
            return None;
        };
        Some(Order::new(order_by, module.as_str(), &self.metadata))
    }
}

fn two_have(key: &Key) -> String {
    format!("two records have the key `{key}`")
}

impl Reading {
    fn refuse(&mut self, message: String) {
        self.unread = Some(Unread {
            label: LocalLabel::DuplicateKey.into(),
            message,
            status: None,
        });
    }

    /// What is kept beside the records: a count, and what `select` finds.
    fn finish(self, step: &CheckedStep) -> Result<ReadResult, Unread> {
        if let Some(unread) = self.unread {
            return Err(unread);
        }
        let whole = self.whole.map(|mut whole| {
            // Those that came in the server's order have no places.
            whole.sort_by(|one, other| one.place.cmp(&other.place));
            whole.into_iter().map(|placed| placed.record).collect()
        });
        let found = self.walk.finish().map_err(Unread::from)?;
        let count = found.count;
        let selected = step
            .select
            .as_ref()
            .map(|path| path.value.find(&answer(step, found, whole)));
        Ok(ReadResult {
            records: self.stored,
            count,
            selected,
        })
    }
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Self {
            label: fault.label(),
            message: fault.to_string(),
            status: fault.status(),
        }
    }
}

/// The answer as Sugar gave it, pages joined, for `select`.
fn answer(step: &CheckedStep, found: Found, records: Option<Vec<Map<String, Json>>>) -> Json {
    let records = records.unwrap_or_default();
    match (found.answer, found.count, &step.action) {
        (Some(answer), ..) => answer,
        (None, Some(count), _) => json!({ "record_count": count }),
        (None, None, CheckedAction::Read(CheckedRead::Get { .. })) => json!(records.first()),
        (None, None, CheckedAction::Read(CheckedRead::Me)) => {
            json!({ "current_user": records.first() })
        }
        (None, None, _) => json!({ "records": records }),
    }
}

fn projected(projection: &Projection, mut record: Map<String, Json>) -> Map<String, Json> {
    match projection {
        Projection::All => record.retain(|name, _| name != "_acl"),
        Projection::Fields(fields) => {
            record.retain(|name, _| name == "id" || fields.contains(name));
        }
    }
    record
}
