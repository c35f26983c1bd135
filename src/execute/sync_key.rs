//! Upserts by a key of another system: what the plan can know of the record that has the key.
//!
//! The upsert itself, `PATCH /<module>/sync_key/<value>`, is documented. For reading by such a key there is only
//! `GET /integrate/<module>/sync_key/<value>`, which no document describes and one client uses (fact sheet 1.7). So it is
//! not asked. Where metadata lists `sync_key` among the fields of the module, the key is a field like any other, and
//! filtering by a field is documented: then the plan filters, shows before and after, and sends nothing where all is so
//! already. It believes a record only that shows the very key itself. Where metadata lists no such field, or the filter is
//! refused, the plan says what would be sent and no more.
//!
//! What the endpoint does is for it to decide all the same: it runs as administrator, and may see a record that a filter
//! does not. That is why such an upsert is irreversible even where the plan found nothing.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use serde_json::json;

use super::Engine;
use super::ExecuteError;
use crate::check::CheckedStep;
use crate::expr::EdgeKind;
use crate::expr::Seq;
use crate::operation::Change;
use crate::operation::SYNC_KEY;
use crate::plan::Draft;
use crate::plan::Expanded;
use crate::plan::Item;
use crate::plan::ended;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Filter;
use crate::wire::FilterForm;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::RecordId;

/// What is known of a key before its upsert is sent.
enum Holder {
    Unknown,
    Nobody,
    Record(RecordId),
}

impl Engine<'_> {
    /// Looks for the records of a page of upserts by key. Those that cannot be sent end here.
    pub(super) async fn with_keys(
        &self,
        step: &CheckedStep,
        expanded: Vec<Expanded>,
        items: &[Item],
    ) -> Result<Vec<Expanded>, ExecuteError> {
        let reads: Vec<Read> = expanded
            .iter()
            .filter_map(|one| self.look_for(one))
            .collect();
        let mut answers = self.asker.all(reads).await?.into_iter();
        // Keys of this page, which the run file does not know yet.
        let mut here: BTreeMap<String, Seq> = BTreeMap::new();
        let mut resolved = Vec::with_capacity(expanded.len());
        for (one, item) in expanded.into_iter().zip(items) {
            let holder = match self.look_for(&one) {
                Some(_) => answers
                    .next()
                    .map_or(Holder::Unknown, |answer| holder(&one, answer)),
                None => Holder::Unknown,
            };
            let Expanded::Write(draft) = one else {
                resolved.push(one);
                continue;
            };
            let key = draft.key.clone();
            resolved.push(match self.by_key(draft, holder, &mut here)? {
                Ok(draft) => Expanded::Write(draft),
                Err((label, message)) => {
                    let base = ended(step, item, key);
                    let failed = self.planner().failed(step, base, label, message);
                    Expanded::Ended(Box::new(failed))
                }
            });
        }
        Ok(resolved)
    }

    fn by_key(
        &self,
        mut draft: Draft,
        holder: Holder,
        here: &mut BTreeMap<String, Seq>,
    ) -> Result<Result<Draft, (Label, String)>, ExecuteError> {
        let Change::UpsertByKey {
            module,
            sync_key,
            record,
            ..
        } = &mut draft.change
        else {
            return Ok(Ok(draft));
        };
        let of_page = here.insert(sync_key.clone(), draft.seq);
        let other = match of_page {
            Some(seq) => Some(seq),
            None => self
                .file
                .earlier_with_sync_key(draft.seq, module.as_str(), sync_key)?,
        };
        if let Some(other) = other {
            if other.step() == draft.seq.step() {
                let row = self.file.item(other)?.and_then(|(_, row, _)| row);
                let place = super::upsert::place(other, row.as_ref());
                let message = format!("it has the same `sync_key` as {place}");
                return Ok(Err((LocalLabel::Ambiguous.into(), message)));
            }
            // Sent at the same time, both could make a record.
            draft.needs.push((other, EdgeKind::Order));
        }
        match holder {
            Holder::Unknown => {}
            Holder::Record(id) => *record = Some(id),
            Holder::Nobody => {
                if let Some(lacking) = draft.upsert.take().and_then(|upsert| upsert.lacking)
                    && other.is_none()
                {
                    return Ok(Err(lacking));
                }
            }
        }
        Ok(Ok(draft))
    }

    /// The question who has the key of a draft, where it can be asked.
    fn look_for(&self, expanded: &Expanded) -> Option<Read> {
        let Expanded::Write(draft) = expanded else {
            return None;
        };
        let (module, sync_key) = (draft.change.module()?, draft.change.sync_key()?);
        self.metadata.field(module.as_str(), SYNC_KEY)?;
        Some(question(module, sync_key))
    }
}

fn question(module: &ModuleName, sync_key: &str) -> Read {
    Read::Filter {
        module: module.clone(),
        filter: Filter::new(vec![json!({ SYNC_KEY: sync_key })]),
        saved_filter: None,
        form: FilterForm::Post,
        page: Page {
            fields: Some(vec!["id".into(), SYNC_KEY.into()]),
            order_by: None,
            max_num: 2,
            offset: 0,
        },
    }
}

fn holder(expanded: &Expanded, answer: Result<Answer, Fault>) -> Holder {
    let Expanded::Write(draft) = expanded else {
        return Holder::Unknown;
    };
    let page = match answer {
        Ok(answer) => answer.records(),
        Err(fault) => {
            tracing::debug!("who has the sync_key cannot be asked: {fault}");
            None
        }
    };
    let Some(page) = page else {
        return Holder::Unknown;
    };
    let found: Vec<RecordId> = page
        .records
        .iter()
        // A database that does not tell letters' cases apart would give another key's record.
        .filter(|record| record.get(SYNC_KEY).and_then(Json::as_str) == draft.change.sync_key())
        .filter_map(|record| record.get("id")?.as_str().map(RecordId::new))
        .collect();
    match (found.as_slice(), page.records.len()) {
        ([], 0) => Holder::Nobody,
        ([one], 1) => Holder::Record(one.clone()),
        _ => Holder::Unknown,
    }
}
