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
use crate::wire::Label;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

/// Ids asked for in one filter (design 7).
const IDS_AT_ONCE: usize = 200;

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
                    for part in others.chunks(IDS_AT_ONCE) {
                        reads.push(links(module, record, link, part, columns));
                        asked.push(Asked::Links(place, columns.clone()));
                    }
                }
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
        reads.extend(others);
        let mut answers = self.all(reads).await?;
        let others = answers.split_off(asked.len());
        let mut odd: Vec<usize> = Vec::new();
        for (asked, answer) in asked.into_iter().zip(answers) {
            match asked {
                Asked::Links(place, columns) => {
                    merge_links(&mut known[place], answer, &columns);
                }
                Asked::Records(places) => odd.extend(spread(needs, &places, answer, &mut known)),
            }
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
    Links(usize, Vec<String>),
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
        max_num: 200,
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
        max_num: 200,
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

fn not_a_list() -> Fault {
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

fn merge_links(known: &mut Option<Known>, answer: Result<Answer, Fault>, columns: &[String]) {
    let part = match answer.map(Answer::records) {
        Ok(Some(page)) => Ok(Current::Links(Linked {
            present: page
                .records
                .iter()
                .filter_map(|record| {
                    let id = record.get("id")?.as_str().map(RecordId::new)?;
                    Some((id, of_relation(record, columns)))
                })
                .collect(),
            held: Vec::new(),
        })),
        Ok(None) => Err(not_a_list()),
        Err(fault) if fault.label() == Label::Sugar(SugarLabel::NotFound) => Ok(Current::Missing),
        Err(fault) => Err(fault),
    };
    *known = Some(match (known.take(), part) {
        (Some(Ok(Current::Links(mut before))), Ok(Current::Links(more))) => {
            before.present.extend(more.present);
            Ok(Current::Links(before))
        }
        (Some(earlier @ Err(_)), _) => earlier,
        (_, part) => part,
    });
}

/// The columns of the relation, which a related record shows among its own fields.
pub(super) fn of_relation(record: &Map<String, Json>, columns: &[String]) -> Map<String, Json> {
    columns
        .iter()
        .filter_map(|name| Some((name.clone(), record.get(name)?.clone())))
        .collect()
}
