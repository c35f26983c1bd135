//! Running the reads of a page of items, side by side.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Asker;
use super::ExecuteError;
use super::walk::Found;
use super::walk::Walk;
use crate::check::CheckedAction;
use crate::check::CheckedRead;
use crate::check::CheckedStep;
use crate::check::Projection;
use crate::plan::Planner;
use crate::plan::ReadPlan;
use crate::runfile::ReadResult;
use crate::wire::Fault;

impl Asker {
    /// Walks all reads to their ends in common rounds.
    pub(super) async fn read(
        &self,
        plans: Vec<ReadPlan>,
    ) -> Result<Vec<Result<Found, Fault>>, ExecuteError> {
        let mut walks: Vec<Walk> = plans.into_iter().map(Walk::new).collect();
        loop {
            let mut reads = Vec::new();
            let mut asking = Vec::new();
            for (place, walk) in walks.iter().enumerate() {
                if let Some(read) = walk.next() {
                    reads.push(read);
                    asking.push(place);
                }
            }
            if reads.is_empty() {
                return Ok(walks.into_iter().map(Walk::finish).collect());
            }
            for (place, answer) in asking.into_iter().zip(self.all(reads).await?) {
                walks[place].feed(answer);
            }
        }
    }
}

/// What is kept of what was found: the fields somebody uses, the keys, what `select` finds.
pub(super) fn keep(
    planner: &Planner<'_>,
    step: &CheckedStep,
    found: Found,
) -> Result<ReadResult, String> {
    let selected = step
        .select
        .as_ref()
        .map(|path| path.find(&whole(step, &found)));
    let mut result = ReadResult {
        count: found.count,
        selected,
        ..ReadResult::default()
    };
    for record in found.records {
        let record = projected(&step.projection, record);
        let key = planner
            .record_key(step, &record)
            .map_err(|failure| format!("the key of a record cannot be worked out: {failure}"))?;
        if let Some(key) = &key
            && result
                .records
                .iter()
                .any(|(known, _)| known.as_ref() == Some(key))
        {
            return Err(format!("two records have the key `{key}`"));
        }
        result.records.push((key, record));
    }
    Ok(result)
}

/// The answer as Sugar gave it, for `select`.
fn whole(step: &CheckedStep, found: &Found) -> Json {
    match (&found.answer, found.count, &step.action) {
        (Some(answer), ..) => answer.clone(),
        (None, Some(count), _) => json!({ "record_count": count }),
        (None, None, CheckedAction::Read(CheckedRead::Get { .. })) => {
            json!(found.records.first())
        }
        (None, None, CheckedAction::Read(CheckedRead::Me)) => {
            json!({ "current_user": found.records.first() })
        }
        (None, None, _) => json!({ "records": found.records }),
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
