//! The records that a link leads to: whether they are there, and what one that may have one at most is linked to now, so
//! that undo can put it back.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::Engine;
use super::ExecuteError;
use super::ask::Asker;
use super::needs::Absence;
use super::needs::Known;
use super::needs::of_relation;
use crate::expr::Seq;
use crate::metadata::Metadata;
use crate::metadata::Parentage;
use crate::metadata::value::is_empty;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Replaced;
use crate::plan::Current;
use crate::plan::Draft;
use crate::plan::End;
use crate::plan::Fields;
use crate::plan::Linked;
use crate::plan::Need;
use crate::wire::Answer;
use crate::wire::Filter;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

/// A record at one end of a link that has one at most at the other.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    module: ModuleName,
    record: RecordId,
    /// Its own link to its one.
    link: Option<LinkName>,
    /// The link by which its one leads to it.
    back: Option<(ModuleName, LinkName)>,
    columns: Vec<String>,
}

/// What a record that a link binds has now.
#[derive(Debug, Clone)]
enum Held {
    /// Nothing, or nothing that can be told.
    Free,
    By(Replaced),
    /// It is not there itself.
    Gone,
}

impl Engine<'_> {
    /// The columns of a relation, to be asked for with what is linked through it.
    pub(super) fn columns(&self, module: &ModuleName, link: &LinkName) -> Vec<String> {
        let columns = self.metadata.columns(module.as_str(), link.as_str());
        columns.into_iter().flatten().cloned().collect()
    }

    /// Asks whether the records that links lead to are there, and whom those that they are about to bind are bound to now.
    pub(super) async fn with_held(
        &self,
        drafts: &[&Draft],
        mut known: Vec<Known>,
    ) -> Result<Vec<Known>, ExecuteError> {
        let mut asked: Vec<Bound> = Vec::new();
        let mut places = Vec::new();
        let mut needs: Vec<(Need, Absence)> = Vec::new();
        let mut needed_by = Vec::new();
        for (place, (draft, known)) in drafts.iter().zip(&known).enumerate() {
            let change = &draft.change;
            let is_missing = matches!(known, Ok(Current::Missing));
            let Some((module, record)) = change.about() else {
                continue;
            };
            if is_missing && !self.is_new(module, record, draft.seq)? {
                continue;
            }
            let bound = self.bound(change, known.as_ref().ok());
            for (module, record) in self.led_to(change, known.as_ref().ok()) {
                // Of one that is bound it will be seen anyway.
                let is_bound = bound
                    .iter()
                    .any(|bound| bound.record == record && bound.module == module);
                if !is_bound && !self.is_new(&module, &record, draft.seq)? {
                    let fields = Fields::These(BTreeSet::new());
                    needed_by.push(place);
                    needs.push((
                        Need::Record {
                            module,
                            record,
                            fields,
                        },
                        Absence::Odd,
                    ));
                }
            }
            for bound in bound {
                // What this run makes is bound to nothing yet.
                if !self.is_new(&bound.module, &bound.record, draft.seq)? {
                    places.push(place);
                    asked.push(bound);
                }
            }
        }
        let (there, held) = tokio::try_join!(
            self.asker.know(&needs),
            all_held(&self.asker, &self.metadata, &asked, Absence::Odd)
        )?;
        for ((place, (need, _)), there) in needed_by.into_iter().zip(needs).zip(there) {
            if let (Need::Record { module, record, .. }, Ok(Current::Missing)) = (need, there)
                && let Some(linked) = linked(&mut known[place])
            {
                linked.missing.push((module, record));
            }
        }
        for ((place, bound), held) in places.into_iter().zip(asked).zip(held) {
            let is_left = drafts[place].change.record() == Some(&bound.record);
            match held {
                Held::Free => {}
                // Whether the left record is there was asked before.
                Held::Gone if is_left => {}
                Held::Gone => {
                    if let Some(linked) = linked(&mut known[place]) {
                        linked.missing.push((bound.module, bound.record));
                    }
                }
                Held::By(held) => {
                    if let Some(linked) = linked(&mut known[place]) {
                        linked.held.push(held);
                    }
                }
            }
        }
        Ok(known)
    }

    /// The records that a link leads to and is not linked to yet, as far as their module is known.
    fn led_to(&self, change: &Change, current: Option<&Current>) -> Vec<(ModuleName, RecordId)> {
        let (Change::Link { module, link, .. }, Some(open)) = (change, open(change, current))
        else {
            return Vec::new();
        };
        let Some(far) = self.metadata.far_module(module.as_str(), link.as_str()) else {
            return Vec::new();
        };
        let far = ModuleName::new(far);
        open.into_iter()
            .map(|id| (far.clone(), id.clone()))
            .collect()
    }

    /// Whether an earlier operation of this run will make the record, and has not yet.
    fn is_new(
        &self,
        module: &ModuleName,
        record: &RecordId,
        before: Seq,
    ) -> Result<bool, ExecuteError> {
        let writes = self
            .file
            .writes_to(module.as_str(), record.as_str(), before)?;
        Ok(writes
            .iter()
            .any(|write| write.action == Action::Create && !write.state.is_settled()))
    }

    /// The records that a link would bind to another one than now.
    pub(super) fn bound(&self, change: &Change, current: Option<&Current>) -> Vec<Bound> {
        let Change::Link {
            module,
            record,
            link,
            ..
        } = change
        else {
            return Vec::new();
        };
        let Some(open) = open(change, current) else {
            return Vec::new();
        };
        let (near, through) = (module.as_str(), link.as_str());
        let Some(far) = self.metadata.far_side(near, through) else {
            return Vec::new();
        };
        let far_module = ModuleName::new(far.module);
        let columns = self.columns(module, link);
        let mut bound = Vec::new();
        if self.metadata.leads_to_one(near, through) && !open.is_empty() {
            bound.push(Bound {
                module: module.clone(),
                record: record.clone(),
                link: Some(link.clone()),
                back: far
                    .link
                    .map(|back| (far_module.clone(), LinkName::new(back))),
                columns: columns.clone(),
            });
        }
        let Some(back) = far.link else {
            return bound;
        };
        if self.metadata.leads_to_one(far.module, back) {
            bound.extend(open.into_iter().map(|id| Bound {
                module: far_module.clone(),
                record: id.clone(),
                link: Some(LinkName::new(back)),
                back: Some((module.clone(), link.clone())),
                columns: columns.clone(),
            }));
        }
        bound
    }
}

/// The records of a link that are not linked yet.
fn open<'a>(change: &'a Change, current: Option<&Current>) -> Option<Vec<&'a RecordId>> {
    let Change::Link { targets, .. } = change else {
        return None;
    };
    let ids = targets.iter().map(|target| &target.id);
    match current? {
        Current::Links(linked) => Some(ids.filter(|id| !linked.contains(id)).collect()),
        Current::Missing => Some(ids.collect()),
        _ => None,
    }
}

/// What is known of a link whose left record is there, or will be.
fn linked(known: &mut Known) -> Option<&mut Linked> {
    if matches!(known, Ok(Current::Missing)) {
        *known = Ok(Current::Links(Linked::default()));
    }
    match known {
        Ok(Current::Links(linked)) => Some(linked),
        _ => None,
    }
}

/// Whom each record is bound to now, in their order; nothing where it is free or cannot be told.
pub(super) async fn held(
    asker: &Asker,
    metadata: &Metadata,
    bound: &[Bound],
) -> Result<Vec<Option<Replaced>>, ExecuteError> {
    let held = Box::pin(all_held(asker, metadata, bound, Absence::Expected))
        .await?
        .into_iter();
    let by = held.map(|held| match held {
        Held::By(replaced) => Some(replaced),
        Held::Free | Held::Gone => None,
    });
    Ok(by.collect())
}

/// `absence` is of the bound records: before an apply writes, some of them are still to be made.
async fn all_held(
    asker: &Asker,
    metadata: &Metadata,
    bound: &[Bound],
    absence: Absence,
) -> Result<Vec<Held>, ExecuteError> {
    let mut held: Vec<Held> = vec![Held::Free; bound.len()];
    let mut needs = Vec::new();
    let mut by_field = Vec::new();
    let mut reads = Vec::new();
    let mut by_link = Vec::new();
    for (place, bound) in bound.iter().enumerate() {
        let Some(link) = &bound.link else { continue };
        let parentage = metadata.parentage(bound.module.as_str(), link.as_str());
        let fields = match &parentage {
            Parentage::Fields(fields) => fields.iter().map(|name| (*name).into()).collect(),
            Parentage::Row {
                id_field: Some(id_field),
                ..
            } => BTreeSet::from([(*id_field).to_owned()]),
            Parentage::Row { id_field: None, .. } => {
                by_link.push(place);
                reads.push(its_one(bound, link));
                continue;
            }
        };
        by_field.push((place, parentage));
        let need = Need::Record {
            module: bound.module.clone(),
            record: bound.record.clone(),
            fields: Fields::These(fields),
        };
        needs.push((need, absence));
    }
    let mut others = Vec::new();
    let mut waiting = Vec::new();
    for ((place, parentage), known) in by_field.into_iter().zip(asker.know(&needs).await?) {
        let record = match known {
            Ok(Current::Record(record)) => record,
            Ok(Current::Missing) => {
                held[place] = Held::Gone;
                continue;
            }
            _ => continue,
        };
        let former = match parentage {
            Parentage::Fields(fields) => of_fields(&fields, &record).map(Former::Fields),
            Parentage::Row { id_field, .. } => {
                let id = id_field.and_then(|name| record.get(name)?.as_str());
                id.filter(|id| !id.is_empty())
                    .map(|id| Former::Linked(LinkTarget::plain(RecordId::new(id))))
            }
        };
        let bound = &bound[place];
        // The columns of that relation are seen only through it.
        if let (Some(Former::Linked(one)), Some((module, link))) = (&former, &bound.back)
            && !bound.columns.is_empty()
        {
            let need = Need::Links {
                module: module.clone(),
                record: one.id.clone(),
                link: link.clone(),
                others: vec![bound.record.clone()],
                columns: bound.columns.clone(),
            };
            others.push((need, Absence::Expected));
            waiting.push(place);
        }
        held[place] = former.map_or(Held::Free, |former| Held::By(bound.by(former)));
    }
    for (place, known) in waiting.into_iter().zip(asker.know(&others).await?) {
        let Ok(Current::Links(linked)) = known else {
            continue;
        };
        if let Held::By(Replaced {
            record,
            former: Former::Linked(one),
            ..
        }) = &mut held[place]
            && let Some(columns) = linked.present.get(record)
        {
            one.columns.clone_from(columns);
        }
    }
    for (place, answer) in by_link.into_iter().zip(asker.all(reads).await?) {
        let bound = &bound[place];
        held[place] = match answer.map(|answer| first(answer, &bound.columns)) {
            Ok(Some(one)) => Held::By(bound.by(Former::Linked(one))),
            Err(fault) if fault.label() == SugarLabel::NotFound.into() => Held::Gone,
            Ok(None) | Err(_) => Held::Free,
        };
    }
    Ok(held)
}

impl Bound {
    pub(super) fn module(&self) -> &ModuleName {
        &self.module
    }

    pub(super) fn record(&self) -> &RecordId {
        &self.record
    }

    /// The record with its own link, and the module of the one it is bound to; nothing where no link leads to it.
    pub(super) fn ends(&self) -> Option<(End, &ModuleName)> {
        let end = End {
            module: self.module.clone(),
            record: self.record.clone(),
            link: self.link.clone()?,
        };
        self.back.as_ref().map(|(module, _)| (end, module))
    }

    fn by(&self, former: Former) -> Replaced {
        Replaced {
            module: self.module.clone(),
            record: self.record.clone(),
            former,
        }
    }
}

/// Asks for the one record that a record is linked to.
fn its_one(bound: &Bound, link: &LinkName) -> Read {
    let fields = ["id".to_owned()].into_iter();
    Read::Related {
        module: bound.module.clone(),
        record: bound.record.clone(),
        link: link.clone(),
        filter: Filter::default(),
        page: Page {
            fields: Some(fields.chain(bound.columns.iter().cloned()).collect()),
            order_by: None,
            max_num: 1,
            offset: 0,
        },
    }
}

fn first(answer: Answer, columns: &[String]) -> Option<LinkTarget> {
    let record = answer.records()?.records.into_iter().next()?;
    Some(LinkTarget {
        id: RecordId::new(record.get("id")?.as_str()?),
        columns: of_relation(&record, columns),
    })
}

/// The fields that bind a record, if the first of them, its key, holds anything.
fn of_fields(names: &[&str], record: &Map<String, Json>) -> Option<Map<String, Json>> {
    let key = names.first().and_then(|name| record.get(*name))?;
    (!is_empty(key)).then(|| {
        names
            .iter()
            .map(|name| {
                (
                    (*name).to_owned(),
                    record.get(*name).cloned().unwrap_or_default(),
                )
            })
            .collect()
    })
}
