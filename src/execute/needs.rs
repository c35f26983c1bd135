//! What a page of drafts needs to know, asked in as few requests as possible.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;

use super::ExecuteError;
use super::ask::Asker;
use crate::plan::Current;
use crate::plan::Fields;
use crate::plan::Linked;
use crate::plan::Need;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Filter;
use crate::wire::FilterForm;
use crate::wire::IDS_AT_ONCE;
use crate::wire::Label;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

/// What became of one need.
pub(super) type Known = Result<Current, Fault>;

/// Whether it is odd that a record is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Absence {
    /// It is about to be created.
    Expected,
    /// Somebody names it, so it is asked for singly before it is called missing.
    Odd,
}

type Group = BTreeMap<(ModuleName, Fields), Vec<usize>>;

/// What is linked to one record through one link, and with which columns.
type Relation = (ModuleName, RecordId, LinkName, Vec<String>);

impl Asker {
    /// Answers needs in their order.
    pub(super) async fn know(&self, needs: &[(Need, Absence)]) -> Result<Vec<Known>, ExecuteError> {
        Ok(self.know_beside(needs, Vec::new()).await?.0)
    }

    /// The same, with other reads in the same request.
    pub(super) async fn know_beside(
        &self,
        needs: &[(Need, Absence)],
        others: Vec<Read>,
    ) -> Result<(Vec<Known>, Vec<Result<Answer, Fault>>), ExecuteError> {
        let mut known: Vec<Option<Known>> = vec![None; needs.len()];
        let mut records: Group = BTreeMap::new();
        let mut relations: BTreeMap<Relation, BTreeMap<RecordId, Vec<usize>>> = BTreeMap::new();
        let mut reads: Vec<Read> = Vec::new();
        let mut asked: Vec<Asked> = Vec::new();
        for (place, (need, _)) in needs.iter().enumerate() {
            match need {
                Need::Nothing => known[place] = Some(Ok(Current::Links(Linked::default()))),
                Need::Absent => known[place] = Some(Ok(Current::Missing)),
                Need::Record { module, fields, .. } => {
                    records
                        .entry((module.clone(), fields.clone()))
                        .or_default()
                        .push(place);
                }
                Need::Links {
                    module,
                    record,
                    link,
                    others,
                    columns,
                } => {
                    let relation = (
                        module.clone(),
                        record.clone(),
                        link.clone(),
                        columns.clone(),
                    );
                    let wanted = relations.entry(relation).or_default();
                    for other in others {
                        wanted.entry(other.clone()).or_default().push(place);
                    }
                }
            }
        }
        for ((module, record, link, columns), wanted) in relations {
            let others: Vec<(RecordId, Vec<usize>)> = wanted.into_iter().collect();
            for part in others.chunks(IDS_AT_ONCE) {
                let ids: Vec<RecordId> = part.iter().map(|(id, _)| id.clone()).collect();
                reads.push(links(&module, &record, &link, &ids, &columns));
                let wanted = part.iter().cloned().collect();
                asked.push(Asked::Links(wanted, columns.clone()));
            }
        }
        for ((module, fields), places) in records {
            let mut unique: BTreeMap<&RecordId, Vec<usize>> = BTreeMap::new();
            for place in places {
                if let Need::Record { record, .. } = &needs[place].0 {
                    unique.entry(record).or_default().push(place);
                }
            }
            let unique: Vec<(&RecordId, Vec<usize>)> = unique.into_iter().collect();
            for part in unique.chunks(IDS_AT_ONCE) {
                reads.push(by_ids(&module, part.iter().map(|(id, _)| *id), &fields));
                asked.push(Asked::Records(
                    part.iter().flat_map(|(_, places)| places.clone()).collect(),
                ));
            }
        }
        let all = reads.iter().cloned().chain(others).collect();
        let mut answers = self.all(all).await?;
        let others = answers.split_off(asked.len());
        let mut odd: Vec<usize> = Vec::new();
        let mut open: Vec<(Read, Asked)> = reads.into_iter().zip(asked).collect();
        loop {
            let mut further = Vec::new();
            for ((read, asked), answer) in open.into_iter().zip(answers) {
                match &asked {
                    Asked::Links(wanted, columns) => {
                        // A page may be shorter than what was asked for, and is not the last one for that.
                        let next = spread_links(wanted, answer, columns, &mut known);
                        further.extend(next.and_then(|next| Some((at(read, next)?, asked))));
                    }
                    Asked::Records(places) => {
                        odd.extend(spread(needs, places, answer, &mut known));
                    }
                }
            }
            if further.is_empty() {
                break;
            }
            let reads = further.iter().map(|(read, _)| read.clone()).collect();
            answers = self.all(reads).await?;
            open = further;
        }
        self.ask_singly(needs, &odd, &mut known).await?;
        let known = known
            .into_iter()
            .map(|known| known.unwrap_or(Ok(Current::Missing)))
            .collect();
        Ok((known, others))
    }

    async fn ask_singly(
        &self,
        needs: &[(Need, Absence)],
        places: &[usize],
        known: &mut [Option<Known>],
    ) -> Result<(), ExecuteError> {
        let reads = places
            .iter()
            .filter_map(|place| match &needs[*place].0 {
                Need::Record {
                    module,
                    record,
                    fields,
                } => Some(Read::Get {
                    module: module.clone(),
                    record: record.clone(),
                    fields: list(fields),
                }),
                _ => None,
            })
            .collect();
        for (place, answer) in places.iter().zip(self.all(reads).await?) {
            known[*place] = Some(one_record(answer));
        }
        Ok(())
    }
}

enum Asked {
    Links(BTreeMap<RecordId, Vec<usize>>, Vec<String>),
    Records(Vec<usize>),
}

fn list(fields: &Fields) -> Option<Vec<String>> {
    match fields {
        Fields::All => None,
        Fields::These(fields) => {
            let all: BTreeSet<String> = fields
                .iter()
                .cloned()
                .chain(["id".to_owned(), "date_modified".to_owned()])
                .collect();
            Some(all.into_iter().collect())
        }
    }
}

fn by_ids<'a>(
    module: &ModuleName,
    ids: impl Iterator<Item = &'a RecordId>,
    fields: &Fields,
) -> Read {
    let filter = Filter::ids(ids);
    let page = Page {
        fields: list(fields),
        order_by: None,
        max_num: Page::MOST,
        offset: 0,
    };
    Read::Filter {
        module: module.clone(),
        filter,
        saved_filter: None,
        form: FilterForm::Post,
        page,
    }
}

fn links(
    module: &ModuleName,
    record: &RecordId,
    link: &LinkName,
    others: &[RecordId],
    columns: &[String],
) -> Read {
    let fields = ["id".to_owned()].into_iter().chain(columns.iter().cloned());
    let page = Page {
        fields: Some(fields.collect()),
        order_by: None,
        max_num: Page::MOST,
        offset: 0,
    };
    Read::Related {
        module: module.clone(),
        record: record.clone(),
        link: link.clone(),
        filter: Filter::ids(others),
        page,
    }
}

/// Gives each place its record, and returns the places whose record was not in the answer though it should be.
fn spread(
    needs: &[(Need, Absence)],
    places: &[usize],
    answer: Result<Answer, Fault>,
    known: &mut [Option<Known>],
) -> Vec<usize> {
    // An instance may cap a page below what was asked for; then absence says nothing.
    let (found, capped) = match answer.map(Answer::records) {
        Ok(Some(page)) => (page.records, page.next_offset.is_some()),
        Ok(None) => return fail(places, known, &not_a_list()),
        Err(fault) => return fail(places, known, &fault),
    };
    let by_id: BTreeMap<String, Map<String, Json>> = found
        .into_iter()
        .filter_map(|record| Some((record.get("id")?.as_str()?.to_owned(), record)))
        .collect();
    let mut odd = Vec::new();
    for place in places {
        let Need::Record { record, .. } = &needs[*place].0 else {
            continue;
        };
        match (by_id.get(record.as_str()), needs[*place].1) {
            (Some(record), _) => known[*place] = Some(Ok(Current::Record(record.clone()))),
            (None, Absence::Expected) if !capped => known[*place] = Some(Ok(Current::Missing)),
            (None, _) => odd.push(*place),
        }
    }
    odd
}

fn fail(places: &[usize], known: &mut [Option<Known>], fault: &Fault) -> Vec<usize> {
    for place in places {
        known[*place] = Some(Err(fault.clone()));
    }
    Vec::new()
}

pub(super) fn not_a_list() -> Fault {
    Fault::NotJson {
        status: 200,
        excerpt: "the answer is not a list of records".into(),
        retry_after: None,
    }
}

fn one_record(answer: Result<Answer, Fault>) -> Known {
    match answer {
        Ok(Answer {
            body: Json::Object(record),
            ..
        }) => Ok(Current::Record(record)),
        Ok(_) => Err(not_a_list()),
        Err(fault) if fault.label() == Label::Sugar(SugarLabel::NotFound) => Ok(Current::Missing),
        Err(fault) => Err(fault),
    }
}

/// The page of a related list that begins further on; nothing where it would begin at the same record again.
fn at(read: Read, next: u64) -> Option<Read> {
    match read {
        Read::Related {
            module,
            record,
            link,
            filter,
            page,
        } if next > page.offset => Some(Read::Related {
            module,
            record,
            link,
            filter,
            page: Page {
                offset: next,
                ..page
            },
        }),
        _ => None,
    }
}

/// Tells each place which of the records it asked about are linked. Gives where the next page begins.
fn spread_links(
    wanted: &BTreeMap<RecordId, Vec<usize>>,
    answer: Result<Answer, Fault>,
    columns: &[String],
    known: &mut [Option<Known>],
) -> Option<u64> {
    let mut next = None;
    let found = match answer.map(Answer::records) {
        Ok(Some(page)) => {
            next = page.next_offset.filter(|_| !page.records.is_empty());
            Ok(page.records)
        }
        Ok(None) => Err(Err(not_a_list())),
        Err(fault) if fault.label() == Label::Sugar(SugarLabel::NotFound) => {
            Err(Ok(Current::Missing))
        }
        Err(fault) => Err(Err(fault)),
    };
    let present: BTreeMap<RecordId, Map<String, Json>> = found
        .iter()
        .flatten()
        .filter_map(|record| {
            let id = record.get("id")?.as_str().map(RecordId::new)?;
            Some((id, of_relation(record, columns)))
        })
        .collect();
    for (id, places) in wanted {
        for place in places {
            match (&found, &mut known[*place]) {
                (_, Some(Err(_))) => {}
                (Err(instead), known) => *known = Some(instead.clone()),
                (Ok(_), known) => {
                    if !matches!(known, Some(Ok(Current::Links(_)))) {
                        *known = Some(Ok(Current::Links(Linked::default())));
                    }
                    if let Some(Ok(Current::Links(linked))) = known {
                        let own = present.get(id).cloned();
                        linked
                            .present
                            .extend(own.map(|columns| (id.clone(), columns)));
                    }
                }
            }
        }
    }
    next
}

/// The columns of the relation, which a related record shows among its own fields.
pub(super) fn of_relation(record: &Map<String, Json>, columns: &[String]) -> Map<String, Json> {
    columns
        .iter()
        .filter_map(|name| Some((name.clone(), record.get(name)?.clone())))
        .collect()
}
