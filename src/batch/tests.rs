//! The compiler over cases one can read, and over thousands that nobody wrote.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::*;
use crate::check::Sharing;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::RecordId;
use crate::wire::Write;

const ROOM: Budget = Budget {
    entries: 100,
    bytes: 1 << 20,
    seconds: 15.0,
    seconds_per: [0.0; Class::COUNT],
    share: usize::MAX,
    slots: 1,
};

fn seq(step: u32, index: u64) -> Seq {
    Seq::new(StepNo(step), index)
}

fn module(name: &str) -> ModuleName {
    ModuleName::new(name)
}

fn id(text: &str) -> RecordId {
    RecordId::new(text)
}

fn touch(module_name: &str, record: &str, manner: Manner) -> Touch {
    Touch {
        place: Place::Record(module(module_name), id(record)),
        manner,
    }
}

fn relation(module_name: &str, record: &str, link: &str, manner: Manner) -> Touch {
    let place = Place::Relation(module(module_name), id(record), LinkName::new(link));
    Touch { place, manner }
}

fn ready(seq: Seq, request: Write, touches: Vec<Touch>) -> Ready {
    Ready {
        seq,
        requests: vec![request.into()],
        touches,
        behind: Vec::new(),
        merge: Some(MergeKey(0)),
        sharing: Sharing::Shared,
    }
}

fn create(at: Seq, module_name: &str, record: &str) -> Ready {
    let fields = Map::from_iter([("id".to_owned(), Json::from(record))]);
    let request = Write::Create {
        module: module(module_name),
        fields,
    };
    ready(at, request, vec![touch(module_name, record, Manner::Sole)])
}

fn update(at: Seq, record: &str, fields: &Json) -> Ready {
    let request = Write::Update {
        module: module("Leads"),
        record: id(record),
        fields: fields.as_object().unwrap().clone(),
        expected: None,
    };
    ready(at, request, vec![touch("Leads", record, Manner::Sole)])
}

/// A contact into the contacts of an account.
fn link(at: Seq, account: &str, contact: &str, behind: &[Seq]) -> Ready {
    let request = Write::Link {
        module: module("Accounts"),
        record: id(account),
        link: LinkName::new("contacts"),
        targets: vec![LinkTarget::plain(id(contact))],
    };
    let touches = vec![
        touch("Accounts", account, Manner::Adds),
        touch("Contacts", contact, Manner::Adds),
        relation("Accounts", account, "contacts", Manner::Adds),
        relation("Contacts", contact, "accounts", Manner::Sole),
    ];
    Ready {
        behind: behind.to_vec(),
        ..ready(at, request, touches)
    }
}

fn compiled(ready: &[Ready], budget: Budget) -> Vec<Batch> {
    compile(ready, &Touched::default(), budget)
}

/// `POST /Accounts [0.0, 2.0]`: a line for each entry, with the operations it does.
fn told(batches: &[Batch]) -> Vec<Vec<String>> {
    let entry = |entry: &Entry| {
        let encoded = entry.request.encode();
        let members: Vec<String> = entry
            .members
            .iter()
            .map(|seq| format!("{}.{}", seq.step().0, seq.index()))
            .collect();
        let (method, path) = (encoded.method().as_str(), encoded.path().to_owned());
        format!("{method} {path} [{}]", members.join(", "))
    };
    let batch = |batch: &Batch| batch.entries.iter().map(entry).collect();
    batches.iter().map(batch).collect()
}

#[test]
fn few_operations_use_all_slots() {
    let ready: Vec<Ready> = (0..8)
        .map(|index| {
            update(
                seq(0, index),
                &format!("{index}"),
                &json!({ "status": "New" }),
            )
        })
        .collect();
    let budget = Budget {
        share: 2,
        slots: 4,
        ..ROOM
    };
    let sizes: Vec<usize> = compiled(&ready, budget)
        .iter()
        .map(|batch| batch.entries.len())
        .collect();
    assert_eq!(sizes, [2, 2, 2, 2]);
}

#[test]
fn updates_of_one_record_become_one_request_unless_they_disagree() {
    let ready = [
        update(seq(0, 0), "a", &json!({ "status": "New" })),
        update(
            seq(1, 0),
            "a",
            &json!({ "industry": "Retail", "status": "New" }),
        ),
        update(seq(2, 0), "a", &json!({ "status": "Dead" })),
        update(seq(2, 1), "b", &json!({ "status": "Dead" })),
    ];
    assert_eq!(
        told(&compiled(&ready, ROOM)),
        [[
            "PUT /Leads/a [0.0, 1.0]",
            "PUT /Leads/a [2.0]",
            "PUT /Leads/b [2.1]"
        ]]
    );
}

#[test]
fn operations_that_are_judged_differently_stay_apart() {
    let other = Ready {
        merge: Some(MergeKey(1)),
        ..update(seq(1, 0), "a", &json!({ "industry": "Retail" }))
    };
    let first = update(seq(0, 0), "a", &json!({ "status": "New" }));
    assert_eq!(
        told(&compiled(&[first, other], ROOM)),
        [["PUT /Leads/a [0.0]", "PUT /Leads/a [1.0]"]]
    );
}

#[test]
fn links_through_one_link_become_one_request() {
    let links: Vec<Ready> = (0..450)
        .map(|index| link(seq(0, index), "a", &format!("c{index}"), &[]))
        .collect();
    let sizes: Vec<usize> = compiled(&links, ROOM)[0]
        .entries
        .iter()
        .map(|entry| entry.members.len())
        .collect();
    assert_eq!(sizes, [200, 200, 50]);
}

#[test]
fn a_record_that_is_linked_to_a_new_one_is_created_below_it() {
    let ready = [
        create(seq(0, 0), "Accounts", "a"),
        create(seq(1, 0), "Contacts", "c"),
        link(seq(2, 0), "a", "c", &[seq(0, 0), seq(1, 0)]),
    ];
    assert_eq!(
        told(&compiled(&ready, ROOM)),
        [[
            "POST /Accounts [0.0]",
            "POST /Accounts/a/link/contacts [1.0, 2.0]"
        ]]
    );
}

#[test]
fn seen_from_the_other_end_of_the_link_it_is_the_same() {
    let request = Write::Link {
        module: module("Contacts"),
        record: id("c"),
        link: LinkName::new("accounts"),
        targets: vec![LinkTarget::plain(id("a"))],
    };
    let touches = vec![
        touch("Contacts", "c", Manner::Adds),
        touch("Accounts", "a", Manner::Adds),
        relation("Contacts", "c", "accounts", Manner::Sole),
        relation("Accounts", "a", "contacts", Manner::Adds),
    ];
    let link = Ready {
        behind: vec![seq(0, 0)],
        ..ready(seq(1, 0), request, touches)
    };
    assert_eq!(
        told(&compiled(&[create(seq(0, 0), "Contacts", "c"), link], ROOM)),
        [["POST /Accounts/a/link/contacts [0.0, 1.0]"]]
    );
}

#[test]
fn a_parent_that_comes_later_in_the_batch_still_comes_first() {
    let ready = [
        create(seq(0, 0), "Contacts", "c"),
        create(seq(1, 0), "Accounts", "a"),
        link(seq(2, 0), "a", "c", &[seq(0, 0), seq(1, 0)]),
    ];
    assert_eq!(
        told(&compiled(&ready, ROOM)),
        [[
            "POST /Accounts [1.0]",
            "POST /Accounts/a/link/contacts [0.0, 2.0]"
        ]]
    );
}

#[test]
fn families_are_not_torn_apart_over_slots() {
    let mut ready = Vec::new();
    for index in 0..4 {
        ready.push(create(seq(0, index), "Accounts", &format!("a{index}")));
    }
    for index in 0..4 {
        ready.push(create(seq(1, index), "Contacts", &format!("c{index}")));
    }
    for index in 0..4 {
        let ups = [seq(0, index), seq(1, index)];
        ready.push(link(
            seq(2, index),
            &format!("a{index}"),
            &format!("c{index}"),
            &ups,
        ));
    }
    let budget = Budget {
        share: 3,
        slots: 4,
        ..ROOM
    };
    let batches = compiled(&ready, budget);
    assert_eq!(batches.len(), 4);
    assert!(batches.iter().all(|batch| batch.members().len() == 3));
}

#[test]
fn what_is_under_way_holds_back_what_comes_after_it() {
    let under_way = [touch("Leads", "a", Manner::Sole)];
    let mut busy = Touched::default();
    busy.add(&under_way);
    let ready = [
        update(seq(0, 0), "a", &json!({ "status": "New" })),
        update(seq(1, 0), "b", &json!({ "status": "New" })),
    ];
    let batches = compile(&ready, &busy, ROOM);
    assert_eq!(told(&batches), [["PUT /Leads/b [1.0]"]]);
}

#[test]
fn an_operation_that_wants_to_be_alone_is() {
    let mut ready: Vec<Ready> = (0..4)
        .map(|index| update(seq(0, index), &format!("{index}"), &json!({})))
        .collect();
    ready[1].sharing = Sharing::Alone;
    let budget = Budget { slots: 9, ..ROOM };
    assert_eq!(
        told(&compiled(&ready, budget)),
        [
            vec![
                "PUT /Leads/0 [0.0]",
                "PUT /Leads/2 [0.2]",
                "PUT /Leads/3 [0.3]"
            ],
            vec!["PUT /Leads/1 [0.1]"]
        ]
    );
}

#[test]
fn a_batch_takes_no_longer_than_its_time() {
    let ready: Vec<Ready> = (0..100)
        .map(|index| update(seq(0, index), &format!("{index}"), &json!({})))
        .collect();
    let budget = Budget {
        seconds_per: [0.0, 0.5, 0.0, 0.0],
        ..ROOM
    };
    assert_eq!(compiled(&ready, budget)[0].entries.len(), 30);
}

/// What an invented operation does, to few enough records that many meet.
#[derive(Debug, Clone)]
enum Work {
    Create(u8),
    Update(u8, u8, u8),
    Link(u8, u8),
    Unlink(u8, u8),
    Alone(u8),
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        (0_u8..30).prop_map(Work::Create),
        (0_u8..12, 0_u8..3, 0_u8..2)
            .prop_map(|(record, field, value)| Work::Update(record, field, value)),
        (0_u8..5, 0_u8..30).prop_map(|(account, contact)| Work::Link(account, contact)),
        (0_u8..5, 0_u8..30).prop_map(|(account, contact)| Work::Unlink(account, contact)),
        (0_u8..12).prop_map(Work::Alone),
    ]
}

/// Operations that need what comes before them as the plan would say it: a link the creates of its ends, a write of a
/// record the write before.
fn operations(works: &[Work], keys: usize) -> Vec<Ready> {
    let mut made: BTreeMap<u8, Seq> = BTreeMap::new();
    let mut last: BTreeMap<u8, Seq> = BTreeMap::new();
    let mut operations = Vec::new();
    for (index, work) in (0..).zip(works) {
        let at = seq(u32::try_from(index).unwrap() / 8, index % 8);
        let mut operation = match work {
            Work::Create(contact) => {
                if made.contains_key(contact) {
                    continue;
                }
                made.insert(*contact, at);
                create(at, "Contacts", &format!("c{contact}"))
            }
            Work::Update(record, field, value) => {
                let fields = json!({ format!("f{field}"): value });
                let behind: Vec<Seq> = last.insert(*record, at).into_iter().collect();
                Ready {
                    behind,
                    ..update(at, &format!("l{record}"), &fields)
                }
            }
            Work::Link(account, contact) => {
                let behind: Vec<Seq> = made.get(contact).copied().into_iter().collect();
                link(at, &format!("a{account}"), &format!("c{contact}"), &behind)
            }
            Work::Unlink(account, contact) => {
                let mut operation = link(at, &format!("a{account}"), &format!("c{contact}"), &[]);
                operation.requests = vec![
                    Write::Unlink {
                        module: module("Accounts"),
                        record: id(&format!("a{account}")),
                        link: LinkName::new("contacts"),
                        other: id(&format!("c{contact}")),
                    }
                    .into();
                    2
                ];
                for touch in &mut operation.touches {
                    if touch.manner == Manner::Adds {
                        touch.manner = Manner::Takes;
                    }
                }
                operation
            }
            Work::Alone(record) => {
                last.insert(*record, at);
                Ready {
                    sharing: Sharing::Alone,
                    merge: None,
                    ..update(at, &format!("l{record}"), &json!({ "f9": 1 }))
                }
            }
        };
        operation.merge = operation
            .merge
            .map(|_| MergeKey(usize::try_from(at.index()).unwrap() % keys));
        operations.push(operation);
    }
    operations
}

/// Everything that is sent, each batch with the number of the call that gave it; all of a call is settled before the next.
fn all_batches(operations: &[Ready], budget: Budget) -> Vec<(usize, Batch)> {
    let mut left = operations.to_vec();
    let mut all = Vec::new();
    let mut call = 0;
    while !left.is_empty() {
        let batches = compiled(&left, budget);
        assert!(!batches.is_empty() && batches.len() <= budget.slots);
        let done: BTreeSet<Seq> = batches.iter().flat_map(Batch::members).collect();
        left.retain(|operation| !done.contains(&operation.seq));
        for operation in &mut left {
            operation.behind.retain(|seq| !done.contains(seq));
        }
        all.extend(batches.into_iter().map(|batch| (call, batch)));
        call += 1;
    }
    all
}

proptest! {
    #[test]
    fn nothing_is_lost_or_twice_and_every_order_is_kept(
        works in proptest::collection::vec(work(), 0..120),
        keys in 1_usize..3,
        entries in 1_usize..40,
        share in 1_usize..40,
        bytes in 1_usize..6000,
        slots in 1_usize..6,
    ) {
        let operations = operations(&works, keys);
        let by_seq: BTreeMap<Seq, &Ready> = operations.iter().map(|one| (one.seq, one)).collect();
        let budget = Budget { entries, bytes, share, slots, ..ROOM };
        let batches = all_batches(&operations, budget);
        prop_assert_eq!(&batches, &all_batches(&operations, budget));

        // Where each operation is done: call, batch and entry. Batches of one call run side by side.
        let mut places: BTreeMap<Seq, Vec<(usize, usize, usize)>> = BTreeMap::new();
        for (number, (call, batch)) in batches.iter().enumerate() {
            let members = batch.members();
            let is_one = members.len() == 1;
            prop_assert!(batch.entries.len() <= entries || is_one);
            let is_alone = |seq: &Seq| by_seq[seq].sharing == Sharing::Alone;
            prop_assert!(is_one || !members.iter().any(is_alone));
            let weight: usize = batch.entries.iter().map(|entry| {
                let encoded = entry.request.encode();
                encoded.path().len() + encoded.body().map_or(0, str::len)
            }).sum();
            prop_assert!(weight <= bytes || is_one);
            for (at, entry) in batch.entries.iter().enumerate() {
                if let Write::Link { targets, .. } = entry.request.as_ref() {
                    prop_assert!(targets.len() <= 200);
                }
                let keys: BTreeSet<Option<MergeKey>> = entry.members.iter().map(|seq| by_seq[seq].merge).collect();
                prop_assert_eq!(keys.len(), 1);
                for seq in &entry.members {
                    places.entry(*seq).or_default().push((*call, number, at));
                }
            }
        }
        prop_assert_eq!(places.len(), operations.len());
        let comes_first = |one: &Seq, other: &Seq| {
            let (last, first) = (places[one].iter().max().unwrap(), places[other].iter().min().unwrap());
            last <= first && (last.0 < first.0 || last.1 == first.1)
        };
        for operation in &operations {
            let own = &places[&operation.seq];
            prop_assert_eq!(own.len(), operation.requests.len());
            for up in &operation.behind {
                prop_assert!(comes_first(up, &operation.seq));
            }
        }
        for (number, later) in operations.iter().enumerate() {
            for earlier in &operations[..number] {
                let conflict = earlier.touches.iter().any(|one| later.touches.iter().any(|other| one.conflicts_with(other)));
                prop_assert!(!conflict || comes_first(&earlier.seq, &later.seq));
            }
        }
    }

    #[test]
    fn every_operation_is_in_what_is_sent_for_it(
        works in proptest::collection::vec(work(), 0..60),
        slots in 1_usize..4,
    ) {
        let operations = operations(&works, 1);
        let by_seq: BTreeMap<Seq, &Ready> = operations.iter().map(|one| (one.seq, one)).collect();
        for entry in all_batches(&operations, Budget { slots, ..ROOM }).iter().flat_map(|(_, batch)| &batch.entries) {
            for seq in &entry.members {
                for request in &by_seq[seq].requests {
                    prop_assert!(holds(&entry.request, request), "{:?} does not do {request:?}", entry.request);
                }
            }
        }
    }
}

/// Whether what is sent does what was asked.
fn holds(sent: &Write, asked: &Write) -> bool {
    match (sent, asked) {
        (
            Write::Update { record, fields, .. },
            Write::Update {
                record: wanted,
                fields: some,
                ..
            },
        ) => {
            record == wanted
                && some
                    .iter()
                    .all(|(name, value)| fields.get(name) == Some(value))
        }
        (
            Write::Link {
                record, targets, ..
            },
            Write::Link {
                record: wanted,
                targets: some,
                ..
            },
        ) => record == wanted && some.iter().all(|target| targets.contains(target)),
        (Write::CreateRelated { fields, .. }, Write::Create { fields: some, .. }) => fields == some,
        (
            Write::CreateRelated { parent, fields },
            Write::Link {
                record, targets, ..
            },
        ) => parent.record == *record && fields["id"] == targets[0].id.as_str(),
        (sent, asked) => sent == asked,
    }
}
