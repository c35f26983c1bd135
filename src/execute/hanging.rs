//! What hangs on records, asked in as few requests as possible: first which of them have anything at all at the end of a
//! link, then what that is.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::ExecuteError;
use super::ask::Asker;
use crate::metadata::Metadata;
use crate::operation::Hanging;
use crate::operation::Hung;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Filter;
use crate::wire::FilterForm;
use crate::wire::IDS_AT_ONCE;
use crate::wire::LinkName;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::RecordId;

/// Ids named of one link; of more there is only the number.
const NAMED: usize = 1_000;

pub(super) type About = (ModuleName, RecordId);

/// What hangs on each of the records, in their order. A link of which the instance says nothing has nothing.
pub(super) async fn hanging(
    asker: &Asker,
    metadata: &Metadata,
    records: &[About],
) -> Result<Vec<Hanging>, ExecuteError> {
    let mut hanging = vec![Hanging::default(); records.len()];
    let mut open = lists(asker, metadata, records).await?;
    let mut many = Vec::new();
    while !open.is_empty() {
        let reads = open.iter().map(List::read).collect();
        let answers = asker.all(reads).await?;
        let mut further = Vec::new();
        for (mut list, answer) in open.into_iter().zip(answers) {
            match list.take(answer) {
                Next::Page => further.push(list),
                Next::Count => many.push(list),
                Next::Nothing => hanging[list.place].add(list.link, Hung::These(list.ids)),
            }
        }
        open = further;
    }
    let counts = many.iter().map(List::count).collect();
    for (list, answer) in many.into_iter().zip(asker.all(counts).await?) {
        let seen = list.ids.len() as u64;
        let count = answer.ok().and_then(|answer| answer.count());
        hanging[list.place].add(list.link, Hung::Many(count.unwrap_or(seen).max(seen)));
    }
    Ok(hanging)
}

/// What is linked to one record through one link, as far as it was read.
struct List {
    place: usize,
    module: ModuleName,
    record: RecordId,
    link: LinkName,
    ids: BTreeSet<RecordId>,
    offset: u64,
}

/// What is still to be asked of a list.
enum Next {
    Page,
    Count,
    Nothing,
}

impl List {
    fn read(&self) -> Read {
        Read::Related {
            module: self.module.clone(),
            record: self.record.clone(),
            link: self.link.clone(),
            filter: Filter::default(),
            page: page(self.offset),
        }
    }

    fn count(&self) -> Read {
        Read::RelatedCount {
            module: self.module.clone(),
            record: self.record.clone(),
            link: self.link.clone(),
            filter: Filter::default(),
        }
    }

    fn take(&mut self, answer: Result<Answer, Fault>) -> Next {
        let Ok(Some(page)) = answer.map(Answer::records) else {
            return Next::Nothing;
        };
        let known = self.ids.len();
        self.ids.extend(page.records.iter().filter_map(id));
        let next = page.next_offset.filter(|next| *next > self.offset);
        match next {
            Some(_) if self.ids.len() >= NAMED => Next::Count,
            // A page that brings nobody new is the last one, whatever it says.
            Some(next) if self.ids.len() > known => {
                self.offset = next;
                Next::Page
            }
            _ => Next::Nothing,
        }
    }
}

/// The lists that have anything in them. For one record alone they are read without asking that first.
async fn lists(
    asker: &Asker,
    metadata: &Metadata,
    records: &[About],
) -> Result<Vec<List>, ExecuteError> {
    let mut by_module: BTreeMap<&ModuleName, Vec<usize>> = BTreeMap::new();
    for (place, (module, _)) in records.iter().enumerate() {
        by_module.entry(module).or_default().push(place);
    }
    let list = |place: usize, link: &LinkName| List {
        place,
        module: records[place].0.clone(),
        record: records[place].1.clone(),
        link: link.clone(),
        ids: BTreeSet::new(),
        offset: 0,
    };
    let mut lists = Vec::new();
    let mut reads = Vec::new();
    let mut asked: Vec<(LinkName, &[usize])> = Vec::new();
    for (module, places) in &by_module {
        let links = metadata.hanging_links(module.as_str());
        for link in links.into_iter().map(LinkName::new) {
            if let [place] = places[..] {
                lists.push(list(place, &link));
                continue;
            }
            for part in places.chunks(IDS_AT_ONCE) {
                let ids = part.iter().map(|place| &records[*place].1);
                reads.push(having(module, ids, &link));
                asked.push((link.clone(), part));
            }
        }
    }
    for ((link, part), answer) in asked.into_iter().zip(asker.all(reads).await?) {
        let found: Option<BTreeSet<RecordId>> = match answer.map(Answer::records) {
            Ok(Some(page)) if page.next_offset.is_none() => {
                Some(page.records.iter().filter_map(id).collect())
            }
            // The instance does not answer it, or not all of it: then each is looked at.
            _ => None,
        };
        let has_any = |place: &&usize| match &found {
            Some(found) => found.contains(&records[**place].1),
            None => true,
        };
        lists.extend(part.iter().filter(has_any).map(|place| list(*place, &link)));
    }
    Ok(lists)
}

/// Which of some records are linked to anything through a link.
fn having<'a>(
    module: &ModuleName,
    ids: impl Iterator<Item = &'a RecordId>,
    link: &LinkName,
) -> Read {
    let far_id = format!("{link}.id");
    Read::Filter {
        module: module.clone(),
        filter: Filter::ids(ids).and(json!({ far_id: { "$not_null": "" } })),
        saved_filter: None,
        form: FilterForm::Post,
        page: Page {
            order_by: None,
            ..page(0)
        },
    }
}

fn page(offset: u64) -> Page {
    Page {
        fields: Some(vec!["id".into()]),
        order_by: Some("id:ASC".into()),
        max_num: Page::MOST,
        offset,
    }
}

fn id(record: &Map<String, Json>) -> Option<RecordId> {
    record.get("id")?.as_str().map(RecordId::new)
}
