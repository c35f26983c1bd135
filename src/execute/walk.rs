//! Reading to the end: a state machine for each read, asked in rounds, so that many reads share their round trips. It
//! hands its records on as they come and keeps none.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use crate::plan::List;
use crate::plan::ReadPlan;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Filter;
use crate::wire::Page;
use crate::wire::Read;
use crate::wire::with_tie_break;

/// What a read gave beside records.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Found {
    pub(super) count: Option<u64>,
    /// The answer as it came, where it is no list of records.
    pub(super) answer: Option<Json>,
}

/// How a list is paged.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Paging {
    /// By the last id seen: linear, and steady while records change.
    ByKey { last: Option<String> },
    /// One page in the server's order. If there are more, it is dropped and all are walked by id.
    AtOnce,
    /// The server orders; only so is a limit what it says.
    ByOffset { offset: u64 },
}

/// One read on its way.
#[derive(Debug)]
pub(super) struct Walk {
    plan: ReadPlan,
    /// Which of the plan's filters, or reads of a count, is asked now.
    part: usize,
    paging: Paging,
    found: Found,
    /// Records that were taken, which a limit counts.
    taken: u64,
    done: Option<Result<(), Fault>>,
}

impl Walk {
    pub(super) fn new(plan: ReadPlan) -> Self {
        let paging = paging(&plan);
        let asks = match &plan {
            ReadPlan::Nothing => false,
            ReadPlan::Count(reads) => !reads.is_empty(),
            ReadPlan::Walk { filters, .. } => !filters.is_empty(),
            ReadPlan::Record(_) | ReadPlan::Value(_) | ReadPlan::Answer(_) => true,
        };
        let done = (!asks).then_some(Ok(()));
        let count = matches!(plan, ReadPlan::Count(_)).then_some(0);
        let found = Found {
            count,
            ..Found::default()
        };
        Self {
            plan,
            part: 0,
            paging,
            found,
            taken: 0,
            done,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.done.is_some()
    }

    /// Whether a record may come twice: one may be found by values of more than one part.
    pub(super) fn repeats(&self) -> bool {
        matches!(&self.plan, ReadPlan::Walk { filters, .. } if filters.len() > 1)
    }

    /// The order that its records are still to be put in, since they came by id.
    pub(super) fn order_wanted(&self) -> Option<&str> {
        match (&self.plan, &self.paging) {
            (ReadPlan::Walk { order_by, .. }, Paging::ByKey { .. }) => order_by.as_deref(),
            _ => None,
        }
    }

    /// The next request, of so many records at most, or nothing at the end.
    pub(super) fn next(&self, most: u32) -> Option<Read> {
        if self.done.is_some() {
            return None;
        }
        match &self.plan {
            ReadPlan::Nothing => None,
            ReadPlan::Count(reads) => reads.get(self.part).cloned(),
            ReadPlan::Record(read) | ReadPlan::Value(read) | ReadPlan::Answer(read) => {
                Some(read.clone())
            }
            ReadPlan::Walk {
                list,
                filters,
                fields,
                order_by,
                limit,
            } => {
                let mut filter = filters.get(self.part)?.clone();
                let left = limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.taken));
                let page = Page {
                    fields: fields.clone(),
                    order_by: match (&self.paging, list, order_by) {
                        // A search is ordered by its score.
                        (_, List::Search { .. }, None) => None,
                        (Paging::ByKey { .. }, _, _) | (_, _, None) => Some("id:ASC".into()),
                        (Paging::AtOnce | Paging::ByOffset { .. }, _, Some(order)) => {
                            Some(with_tie_break(order))
                        }
                    },
                    max_num: u32::try_from(left).unwrap_or(most).min(most),
                    offset: match &self.paging {
                        Paging::ByKey { .. } | Paging::AtOnce => 0,
                        Paging::ByOffset { offset } => *offset,
                    },
                };
                if let Paging::ByKey { last: Some(last) } = &self.paging {
                    filter = filter.and(json!({ "id": { "$gt": last } }));
                }
                Some(request(list, filter, page))
            }
        }
    }

    /// Takes the answer to what [`Walk::next`] gave, and gives the records in it.
    pub(super) fn feed(&mut self, answer: Result<Answer, Fault>) -> Vec<Map<String, Json>> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) => {
                self.done = Some(Err(fault));
                return Vec::new();
            }
        };
        match &self.plan {
            ReadPlan::Nothing => Vec::new(),
            ReadPlan::Count(reads) => match answer.count() {
                Some(count) => {
                    *self.found.count.get_or_insert(0) += count;
                    self.part += 1;
                    if self.part >= reads.len() {
                        self.done = Some(Ok(()));
                    }
                    Vec::new()
                }
                None => self.broken("a count"),
            },
            ReadPlan::Value(_) => {
                self.found.answer = Some(answer.body);
                self.done = Some(Ok(()));
                Vec::new()
            }
            ReadPlan::Answer(_) => {
                let records = records_in(&answer.body);
                self.found.answer = Some(answer.body);
                self.done = Some(Ok(()));
                records
            }
            ReadPlan::Record(read) => {
                let mut body = answer.body;
                if *read == Read::Me {
                    body = body
                        .get_mut("current_user")
                        .map(Json::take)
                        .unwrap_or_default();
                }
                match body {
                    Json::Object(record) => {
                        self.done = Some(Ok(()));
                        vec![record]
                    }
                    _ => self.broken("a record"),
                }
            }
            ReadPlan::Walk { filters, .. } => {
                let parts = filters.len();
                self.feed_page(answer, parts)
            }
        }
    }

    fn feed_page(&mut self, answer: Answer, parts: usize) -> Vec<Map<String, Json>> {
        let Some(page) = answer.records() else {
            return self.broken("a list of records");
        };
        let last = page
            .records
            .last()
            .and_then(|record| record.get("id")?.as_str().map(str::to_owned));
        let next = page.next_offset.filter(|_| !page.records.is_empty());
        match (&mut self.paging, next) {
            (paging @ Paging::AtOnce, Some(_)) => {
                *paging = Paging::ByKey { last: None };
                return Vec::new();
            }
            (Paging::ByKey { last: known }, Some(_)) if last.is_some() && last != *known => {
                *known = last;
            }
            (Paging::ByOffset { offset }, Some(next)) if next > *offset => *offset = next,
            // The end of this filter.
            _ => {
                self.part += 1;
                match self.part < parts {
                    true => self.paging = paging(&self.plan),
                    false => self.done = Some(Ok(())),
                }
            }
        }
        page.records
    }

    /// Takes as many of the records that came as the limit allows; the others are dropped, and nothing more is asked.
    pub(super) fn take(&mut self, records: &mut Vec<Map<String, Json>>) {
        if let ReadPlan::Walk {
            limit: Some(limit), ..
        } = &self.plan
        {
            let left = limit.saturating_sub(self.taken);
            if records.len() as u64 >= left {
                records.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                self.done.get_or_insert(Ok(()));
            }
        }
        self.taken += records.len() as u64;
    }

    fn broken(&mut self, wanted: &str) -> Vec<Map<String, Json>> {
        let excerpt = format!("the answer is not {wanted}");
        self.done = Some(Err(Fault::NotJson {
            status: 200,
            excerpt,
            retry_after: None,
        }));
        Vec::new()
    }

    pub(super) fn finish(self) -> Result<Found, Fault> {
        match self.done {
            Some(Err(fault)) => Err(fault),
            Some(Ok(())) | None => Ok(self.found),
        }
    }
}

/// The records in whatever an endpoint answers: those of a list, in an envelope or without, or the one map that it is.
pub(super) fn records_in(answer: &Json) -> Vec<Map<String, Json>> {
    let maps = |list: &[Json]| -> Option<Vec<Map<String, Json>>> {
        list.iter().map(|item| item.as_object().cloned()).collect()
    };
    match answer {
        Json::Array(list) => maps(list).unwrap_or_default(),
        Json::Object(map) => {
            let list = map.get("records").and_then(Json::as_array);
            list.and_then(|list| maps(list))
                .unwrap_or_else(|| vec![map.clone()])
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Vec::new(),
    }
}

fn paging(plan: &ReadPlan) -> Paging {
    match plan {
        ReadPlan::Walk {
            list: List::Module {
                saved_filter: None, ..
            },
            limit: None,
            order_by,
            filters,
            ..
        } => match order_by {
            Some(_) if filters.len() == 1 => Paging::AtOnce,
            _ => Paging::ByKey { last: None },
        },
        _ => Paging::ByOffset { offset: 0 },
    }
}

fn request(list: &List, filter: Filter, page: Page) -> Read {
    match list.clone() {
        List::Module {
            module,
            saved_filter,
            form,
        } => Read::Filter {
            module,
            filter,
            saved_filter,
            form,
            page,
        },
        List::Related {
            module,
            record,
            link,
        } => Read::Related {
            module,
            record,
            link,
            filter,
            page,
        },
        List::Search { text, modules } => Read::Search {
            text,
            modules,
            page,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::FilterForm;
    use crate::wire::ModuleName;

    fn walk(order_by: Option<&str>, limit: Option<u64>) -> Walk {
        Walk::new(ReadPlan::Walk {
            list: List::Module {
                module: ModuleName::new("Leads"),
                saved_filter: None,
                form: FilterForm::Post,
            },
            filters: vec![Filter::default()],
            fields: None,
            order_by: order_by.map(str::to_owned),
            limit,
        })
    }

    fn page(ids: &[&str], next: i64) -> Answer {
        let records: Vec<Json> = ids.iter().map(|id| json!({ "id": id })).collect();
        Answer {
            status: 200,
            body: json!({ "next_offset": next, "records": records }),
        }
    }

    fn asked(walk: &Walk) -> (Vec<Json>, Page) {
        match walk.next(Page::MOST) {
            Some(Read::Filter { filter, page, .. }) => (filter.conditions().to_vec(), page),
            other => panic!("{other:?}"),
        }
    }

    fn fed(walk: &mut Walk, page: Answer) -> usize {
        let mut records = walk.feed(Ok(page));
        walk.take(&mut records);
        records.len()
    }

    #[test]
    fn whole_lists_are_walked_by_id_and_end_by_next_offset() {
        let mut walk = walk(None, None);
        assert_eq!(asked(&walk).1.order_by.as_deref(), Some("id:ASC"));
        assert_eq!(fed(&mut walk, page(&["a", "b"], 2)), 2);
        assert_eq!(asked(&walk).0, [json!({ "id": { "$gt": "b" } })]);
        assert_eq!(fed(&mut walk, page(&["c"], -1)), 1);
        assert!(walk.is_done());
        assert_eq!(walk.next(Page::MOST), None);
    }

    #[test]
    fn a_limit_is_paged_by_offset_in_the_servers_order() {
        let mut walk = walk(Some("name:DESC"), Some(3));
        let (_, first) = asked(&walk);
        assert_eq!(
            (first.order_by.as_deref(), first.max_num),
            (Some("name:DESC,id:ASC"), 3)
        );
        assert_eq!(fed(&mut walk, page(&["a", "b"], 2)), 2);
        assert_eq!((asked(&walk).1.offset, asked(&walk).1.max_num), (2, 1));
        // Not even an instance that gives more than was asked for passes it.
        assert_eq!(fed(&mut walk, page(&["c", "d"], 4)), 1);
        assert!(walk.is_done());
    }

    #[test]
    fn what_is_ordered_and_has_no_limit_is_walked_by_id_unless_one_page_holds_it() {
        let mut small = walk(Some("name"), None);
        assert_eq!(asked(&small).1.order_by.as_deref(), Some("name,id:ASC"));
        assert_eq!(fed(&mut small, page(&["b", "a"], -1)), 2);
        assert!(small.is_done());
        assert_eq!(small.order_wanted(), None);

        let mut large = walk(Some("name"), None);
        assert_eq!(fed(&mut large, page(&["b", "a"], 2)), 0);
        let (conditions, again) = asked(&large);
        assert_eq!((conditions, again.offset), (Vec::new(), 0));
        assert_eq!(again.order_by.as_deref(), Some("id:ASC"));
        assert_eq!(fed(&mut large, page(&["a", "b"], 2)), 2);
        assert_eq!(asked(&large).0, [json!({ "id": { "$gt": "b" } })]);
        assert_eq!(fed(&mut large, page(&["c"], -1)), 1);
        assert!(large.is_done());
        assert_eq!(large.order_wanted(), Some("name"));
    }

    #[test]
    fn what_nothing_is_asked_for_is_done() {
        for plan in [ReadPlan::Nothing, ReadPlan::Count(Vec::new())] {
            let walk = Walk::new(plan);
            assert_eq!(walk.next(Page::MOST), None);
            assert!(walk.is_done());
        }
    }

    #[test]
    fn a_server_that_repeats_itself_does_not_hang_the_walk() {
        for mut walk in [walk(Some("name"), Some(5)), walk(None, None)] {
            walk.feed(Ok(page(&["a"], 1)));
            walk.feed(Ok(page(&["a"], 1)));
            assert_eq!(walk.next(Page::MOST), None);
        }
    }
}
