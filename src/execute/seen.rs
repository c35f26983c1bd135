//! The records that a write touched, as its answer shows them: their stamps are what later tells our own writes from
//! somebody else's.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::metadata::Metadata;
use crate::metadata::value::Print;
use crate::operation::Change;
use crate::operation::State;
use crate::runfile::Seen;
use crate::runfile::Settlement;
use crate::runfile::StoredOperation;
use crate::runfile::Why;
use crate::wire::Fields;
use crate::wire::ModuleName;
use crate::wire::RecordId;
use crate::wire::Shown;

/// What the answer to a request of a change shows.
pub(super) fn in_answer(
    change: &Change,
    answer: Option<&Fields<'_>>,
    metadata: &Metadata,
) -> Vec<Seen> {
    let beans = Beans(answer);
    let show = |module: &ModuleName, why, bean: Option<Fields<'_>>| {
        shown(module, why, bean.as_ref()?, metadata)
    };
    let show_whole = |module: &ModuleName, why| shown(module, why, answer?, metadata);
    let (first, second) = match change {
        Change::Create {
            module,
            under: None,
            ..
        } => (show_whole(module, Why::Made), None),
        Change::Create {
            module,
            under: Some(parent),
            ..
        } => (
            show(module, Why::Made, beans.related().into_iter().next()),
            show(&parent.module, Why::Touched, beans.record()),
        ),
        Change::Update { module, .. }
        | Change::Favorite { module, .. }
        | Change::Unfavorite { module, .. } => (show_whole(module, Why::Touched), None),
        Change::Delete { .. } | Change::Call { .. } => (None, None),
        Change::UpsertByKey { module, .. } => (show(module, Why::Touched, beans.record()), None),
        Change::Link { module, link, .. } | Change::Unlink { module, link, .. } => {
            let near = show(module, Why::Touched, beans.record());
            let far = metadata.far_module(module.as_str(), link.as_str());
            let far = far.map(ModuleName::new);
            let own: BTreeSet<&str> = change.others().into_iter().map(RecordId::as_str).collect();
            let related = far.iter().flat_map(|far| {
                // An answer to the links of several operations shows the records of all of them.
                let is_own = |bean: &Fields<'_>| {
                    let id = bean.text("id");
                    id.is_some_and(|id| own.contains(id.as_ref()))
                };
                let beans = beans.related().into_iter().filter(is_own);
                beans.filter_map(|bean| show(far, Why::Touched, Some(bean)))
            });
            return near.into_iter().chain(related).collect();
        }
    };
    first.into_iter().chain(second).collect()
}

/// With what a change touched and no answer showed, once it is known to be done.
pub(super) fn completed(
    mut settlement: Settlement,
    operation: &StoredOperation,
    metadata: &Metadata,
) -> Settlement {
    let is_done = settlement.state == State::Ok || settlement.written.is_some();
    let change = settlement.change.as_ref().or(operation.change.as_ref());
    if let Some(change) = change.filter(|_| is_done) {
        let mut hidden = touched(change, metadata);
        hidden.retain(|one| {
            let mut seen = settlement.seen.iter();
            !settlement.omitted.contains_key(&one.record)
                && !seen.any(|seen| seen.module == one.module && seen.record == one.record)
        });
        settlement.seen.append(&mut hidden);
    }
    settlement
}

/// All records that a change touches, none of them seen.
fn touched(change: &Change, metadata: &Metadata) -> Vec<Seen> {
    let Some((module, record)) = change.about() else {
        return Vec::new();
    };
    let mut touched = vec![unseen(module, record)];
    let mut far = |link: &str, ids: &mut dyn Iterator<Item = &RecordId>| {
        if let Some(far) = metadata.far_module(module.as_str(), link) {
            let far = ModuleName::new(far);
            touched.extend(ids.map(|id| unseen(&far, id)));
        }
    };
    match change {
        Change::Link { link, targets, .. } => {
            far(link.as_str(), &mut targets.iter().map(|target| &target.id));
        }
        Change::Unlink { link, others, .. } => far(link.as_str(), &mut others.iter()),
        Change::Create {
            under: Some(parent),
            ..
        } => touched.push(unseen(&parent.module, &parent.record)),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Delete { .. }
        | Change::Favorite { .. }
        | Change::Unfavorite { .. }
        | Change::UpsertByKey { .. }
        | Change::Call { .. } => {}
    }
    touched
}

fn unseen(module: &ModuleName, record: &RecordId) -> Seen {
    Seen {
        module: module.clone(),
        record: record.clone(),
        why: Why::Touched,
        at: None,
        print: None,
    }
}

fn shown(module: &ModuleName, why: Why, bean: &Fields<'_>, metadata: &Metadata) -> Option<Seen> {
    Some(Seen {
        module: module.clone(),
        record: RecordId::new(bean.text("id")?),
        why,
        at: bean.text("date_modified").map(Cow::into_owned),
        print: metadata
            .module(module.as_str())
            .map(|module| Print::of_shown(module, bean)),
    })
}

/// The records in an answer, in any of the shapes that writes are answered in (fact sheet 1.2, 1.3).
struct Beans<'a>(Option<&'a Fields<'a>>);

impl<'a> Beans<'a> {
    fn record(&self) -> Option<Fields<'a>> {
        self.0?.get("record")?.fields()
    }

    fn related(&self) -> Vec<Fields<'a>> {
        let get = |name: &str| self.0?.get(name);
        let one = get("related_record");
        let several = get("related_records").and_then(Shown::items);
        one.into_iter()
            .chain(several.into_iter().flatten())
            .filter_map(Shown::fields)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;
    use serde_json::Value as Json;
    use serde_json::json;

    use super::*;
    use crate::expr::Seq;
    use crate::metadata::read;
    use crate::operation::Key;
    use crate::wire::Body;
    use crate::wire::LinkName;
    use crate::wire::LinkTarget;

    fn metadata() -> Metadata {
        read(&json!({ "modules": {
            "Accounts": { "fields": {
                "name": { "type": "name" },
                "contacts": { "type": "link", "module": "Contacts" },
            } },
            "Contacts": { "fields": { "last_name": { "type": "varchar" } } },
        } }))
        .metadata
    }

    fn told(change: &Change, answer: &Json) -> Vec<(String, Option<String>)> {
        let operation = StoredOperation {
            seq: Seq(0),
            key: Key::from_index(0),
            action: change.action(),
            change: Some(change.clone()),
            state: State::Sent,
            label: None,
            message: None,
            modified: None,
            before: Map::new(),
            after: Map::new(),
            attempts: 1,
            omitted: Vec::new(),
            written: None,
        };
        let mut settlement = Settlement::new(State::Ok);
        let answer = Body::from(answer.clone());
        let fields = answer.shown().fields();
        settlement.seen = in_answer(change, fields.as_ref(), &metadata());
        completed(settlement, &operation, &metadata())
            .seen
            .into_iter()
            .map(|seen| (format!("{} {}", seen.module, seen.record), seen.at))
            .collect()
    }

    #[test]
    fn both_ends_of_a_link_are_seen_where_the_answer_shows_them() {
        let link = Change::Link {
            module: ModuleName::new("Accounts"),
            record: RecordId::new("a"),
            link: LinkName::new("contacts"),
            targets: vec![LinkTarget::plain(RecordId::new("c"))],
        };
        let whole = json!({
            "record": { "id": "a", "date_modified": "1" },
            "related_records": [{ "id": "c", "date_modified": "2", "last_name": "Doe" }],
        });
        let a = || "Accounts a".to_owned();
        assert_eq!(
            told(&link, &whole),
            [
                (a(), Some("1".into())),
                ("Contacts c".into(), Some("2".into()))
            ]
        );
        let c = || "Contacts c".to_owned();
        let half = json!({ "record": { "id": "a", "date_modified": "1" } });
        assert_eq!(told(&link, &half), [(a(), Some("1".into())), (c(), None)]);
        assert_eq!(told(&link, &json!({})), [(a(), None), (c(), None)]);
    }
}
