//! What has to be known of records before they are written, asked in one request for all of them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::Engine;
use super::ExecuteError;
use super::ask::Asker;
use super::hanging::About;
use super::hanging::hanging;
use super::held::Bound;
use super::held::held;
use super::needs::Absence;
use super::needs::Known;
use super::side_effects;
use super::upsert::matching;
use crate::batch::Ready;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::operation::Change;
use crate::operation::Hanging;
use crate::operation::Replaced;
use crate::plan::Fields;
use crate::plan::Need;
use crate::runfile::StoredOperation;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::ModuleName;
use crate::wire::Read;
use crate::wire::RecordId;

/// What has to be asked before operations go: one request for all of them.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Whose records are looked at, and what writes ahead of them in the same batch will have changed by then.
    pub(super) records: Vec<(Seq, BTreeSet<String>)>,
    pub(super) needs: Vec<(Need, Absence)>,
    /// Operations on links and favorites, and what there is of them.
    pub(super) links: Vec<(Seq, Need)>,
    /// Upserts that are creates as long as nothing matches.
    pub(super) upserts: Vec<Seq>,
    pub(super) reads: Vec<Read>,
    /// Records that links are about to bind to others.
    pub(super) bound: Vec<(Seq, Bound)>,
    /// Records that are about to be deleted.
    pub(super) deleted: Vec<(Seq, About)>,
    /// Creates behind which something rides, and their ids.
    pub(super) vacant: Vec<(Seq, Need)>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) known: Vec<Known>,
    pub(super) links: Vec<Known>,
    pub(super) matches: Vec<Result<Answer, Fault>>,
    /// Whom they are bound to now.
    pub(super) held: Vec<Option<Replaced>>,
    /// What hangs on them now.
    pub(super) hanging: Vec<Hanging>,
    /// Whether the ids of creates are taken by now.
    pub(super) vacant: Vec<Known>,
}

/// What operations ahead of one do to its record.
#[derive(Default)]
struct Ahead {
    makes: bool,
    sets: BTreeSet<String>,
}

impl Look {
    /// What has to be known before operations go, which come in their order.
    fn at<'a>(operations: impl Iterator<Item = &'a StoredOperation>, metadata: &Metadata) -> Self {
        let mut look = Self::default();
        let mut ahead: BTreeMap<(&ModuleName, &RecordId), Ahead> = BTreeMap::new();
        for operation in operations {
            let Some(change) = &operation.change else {
                continue;
            };
            let Some((module, record)) = change.about() else {
                continue;
            };
            let before = ahead.entry((module, record)).or_default();
            // A record that is made ahead of it is nobody else's yet.
            if overwrites(operation) && !before.makes {
                look.records.push((operation.seq, before.sets.clone()));
                look.needs
                    .push((record_need(operation, change, metadata), Absence::Odd));
            }
            if let Some(conditions) = change.unless() {
                look.upserts.push(operation.seq);
                look.reads.push(matching(module, conditions));
            }
            before.makes |= matches!(change, Change::Create { .. });
            if !before.makes {
                let fields = change.fields();
                before
                    .sets
                    .extend(metadata.companions(module.as_str(), fields.keys()));
                before.sets.extend(fields.keys().cloned());
            }
        }
        look
    }

    pub(super) fn is_needless(&self) -> bool {
        self.needs.is_empty()
            && self.links.is_empty()
            && self.reads.is_empty()
            && self.bound.is_empty()
            && self.deleted.is_empty()
            && self.vacant.is_empty()
    }

    pub(super) async fn ask(
        &self,
        asker: &Asker,
        metadata: &Metadata,
    ) -> Result<Looked, ExecuteError> {
        let bound: Vec<Bound> = self.bound.iter().map(|(_, bound)| bound.clone()).collect();
        let links = self
            .links
            .iter()
            .map(|(_, need)| (need.clone(), Absence::Odd));
        let vacant = self
            .vacant
            .iter()
            .map(|(_, need)| (need.clone(), Absence::Expected));
        let needs = self.needs.iter().cloned();
        let needs: Vec<(Need, Absence)> = needs.chain(links).chain(vacant).collect();
        let deleted: Vec<About> = self
            .deleted
            .iter()
            .map(|(_, about)| about.clone())
            .collect();
        let ((mut known, matches), held, hanging) = tokio::try_join!(
            asker.know_beside(&needs, self.reads.clone()),
            held(asker, metadata, &bound),
            hanging(asker, metadata, &deleted)
        )?;
        let mut links = known.split_off(self.needs.len());
        let vacant = links.split_off(self.links.len());
        Ok(Looked {
            known,
            links,
            matches,
            held,
            hanging,
            vacant,
        })
    }
}

impl Engine<'_> {
    /// What has to be known before operations go, which come in their order.
    pub(super) fn look(
        &self,
        operations: &BTreeMap<Seq, StoredOperation>,
        ready: &[Ready],
    ) -> Result<Look, ExecuteError> {
        let mut look = Look::at(operations.values(), &self.metadata);
        look.vacant = self.perhaps_taken(operations, ready)?;
        for operation in operations.values() {
            let bound = self.about_to_bind(operation)?;
            look.bound
                .extend(bound.into_iter().map(|bound| (operation.seq, bound)));
            let links = self.need_of_links(operation)?;
            look.links.extend(links.map(|need| (operation.seq, need)));
            let deleted = self.about_to_delete(operation)?;
            look.deleted
                .extend(deleted.map(|about| (operation.seq, about)));
        }
        Ok(look)
    }
}

/// Whether the plan saw a record that it would now write over.
fn overwrites(operation: &StoredOperation) -> bool {
    matches!(
        operation.change,
        Some(
            Change::Update { .. }
                | Change::Delete { .. }
                | Change::UpsertByKey {
                    record: Some(_),
                    ..
                }
        )
    )
}

pub(super) fn record_need(
    operation: &StoredOperation,
    change: &Change,
    metadata: &Metadata,
) -> Need {
    let Some((module, record)) = change.about() else {
        return Need::Nothing;
    };
    let fields = match change {
        Change::Delete { .. } => Fields::All,
        // What stands beside what is written, such as the other addresses, is what undo would put back, or by what
        // the record was found.
        _ => side_effects::looked_at(
            metadata,
            module.as_str(),
            operation
                .after
                .keys()
                .chain(operation.before.keys())
                .cloned(),
        ),
    };
    Need::Record {
        module: module.clone(),
        record: record.clone(),
        fields,
    }
}
