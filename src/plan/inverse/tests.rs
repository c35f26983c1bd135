//! Applied and taken back, over a small model of an instance: what was is what is.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::*;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::metadata::Metadata;
use crate::metadata::read;
use crate::operation::Change;
use crate::operation::Former;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::Replaced;
use crate::operation::State;
use crate::plan::Current;
use crate::plan::Draft;
use crate::plan::Linked;
use crate::plan::Need;
use crate::plan::finish;
use crate::playbook::Assume;
use crate::wire::Label;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::RecordId;

type Record = Map<String, Json>;

/// Accounts have contacts, and a contact one account at most; campaigns have any number of contacts and the other way
/// round. Both relations have a column.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    records: BTreeMap<(String, String), Record>,
    /// Left module, left record, contact → columns.
    links: BTreeMap<(String, String, String), Record>,
}

fn metadata() -> Metadata {
    read(&json!({
        "modules": {
            "Accounts": { "fields": {
                "name": { "type": "name" }, "amount": { "type": "currency" },
                "currency_id": { "type": "currency_id" },
                "email": { "type": "email", "source": "non-db" },
                "email1": { "type": "varchar", "source": "non-db" },
                "my_favorite": { "type": "bool", "source": "non-db" },
                "areas": { "type": "multienum" },
                "contacts": { "type": "link", "relationship": "accounts_contacts", "module": "Contacts" },
            } },
            "Campaigns": { "fields": {
                "name": { "type": "name" },
                "contacts": { "type": "link", "relationship": "campaigns_contacts", "module": "Contacts" },
            } },
            "Contacts": { "fields": {
                "name": { "type": "name" },
                "accounts": { "type": "link", "relationship": "accounts_contacts", "module": "Accounts",
                    "link_type": "one" },
                "campaigns": { "type": "link", "relationship": "campaigns_contacts", "module": "Campaigns" },
            } },
        },
        "relationships": {
            "accounts_contacts": { "lhs_module": "Accounts", "rhs_module": "Contacts", "join_table": "ac",
                "fields": { "role": {} } },
            "campaigns_contacts": { "lhs_module": "Campaigns", "rhs_module": "Contacts", "join_table": "cc",
                "fields": { "role": {} } },
        },
    }))
    .metadata
}

fn map(value: Json) -> Record {
    match value {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

fn id(text: &str) -> RecordId {
    RecordId::new(text)
}

fn address(text: &str, is_primary: bool) -> Json {
    json!({ "email_address": text, "primary_address": is_primary })
}

/// The address comes to the front, and the one that was there stays behind it. Where none is given, that one goes.
fn with_primary(all: &Json, primary: &Json) -> Json {
    let mut all = all.as_array().cloned().unwrap_or_default();
    match primary.as_str() {
        Some(text) => {
            all.retain(|known| known["email_address"] != *primary);
            for known in &mut all {
                known["primary_address"] = false.into();
            }
            all.insert(0, address(text, true));
        }
        None => all.retain(|known| known["primary_address"] == false),
    }
    all.into()
}

fn primary_of(all: &Json) -> Json {
    let mut all = all.as_array().into_iter().flatten();
    let primary = all.find(|known| known["primary_address"] == true);
    primary.map_or(Json::Null, |known| known["email_address"].clone())
}

impl Model {
    fn with(records: &[(&str, &str, Json)], links: &[(&str, &str, &str, &str)]) -> Self {
        Self {
            records: records
                .iter()
                .map(|(module, id, fields)| {
                    ((module.to_string(), id.to_string()), map(fields.clone()))
                })
                .collect(),
            links: links
                .iter()
                .map(|(module, left, contact, role)| {
                    let ends = (module.to_string(), left.to_string(), contact.to_string());
                    (ends, map(json!({ "role": role })))
                })
                .collect(),
        }
    }

    fn has(&self, module: &str, id: &str) -> bool {
        self.records.contains_key(&(module.into(), id.into()))
    }

    /// The two ends of a link as the model keeps them.
    fn ends(
        module: &ModuleName,
        record: &RecordId,
        link: &LinkName,
        other: &RecordId,
    ) -> (String, String, String) {
        let text = |id: &RecordId| id.as_str().to_owned();
        match (module.as_str(), link.as_str()) {
            ("Contacts", "accounts") => ("Accounts".into(), text(other), text(record)),
            ("Contacts", _) => ("Campaigns".into(), text(other), text(record)),
            (module, _) => (module.into(), text(record), text(other)),
        }
    }

    fn account_of(&self, contact: &str) -> Option<LinkTarget> {
        self.links
            .iter()
            .find(|((module, _, other), _)| module == "Accounts" && other == contact)
            .map(|((_, account, _), columns)| LinkTarget {
                id: id(account),
                columns: columns.clone(),
            })
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Create {
                module, id, fields, ..
            } => {
                let key = (module.as_str().to_owned(), id.as_str().to_owned());
                self.records.insert(key, fields.clone());
            }
            Change::Update {
                module,
                record,
                fields,
            } => {
                let key = (module.as_str().to_owned(), record.as_str().to_owned());
                let Some(known) = self.records.get_mut(&key) else {
                    return;
                };
                for (name, value) in fields {
                    known.insert(name.clone(), value.clone());
                    if name == "email1" {
                        known["email"] = with_primary(&known["email"], value);
                    }
                    if name == "email" {
                        known.insert("email1".into(), primary_of(value));
                    }
                }
            }
            Change::Delete { module, record } => {
                let key = (module.as_str().to_owned(), record.as_str().to_owned());
                self.records.remove(&key);
                self.links.retain(|(left, near, far), _| {
                    let is_left = left == module.as_str() && near == record.as_str();
                    let is_right = module.as_str() == "Contacts" && far == record.as_str();
                    !is_left && !is_right
                });
            }
            Change::Link {
                module,
                record,
                link,
                targets,
            } => {
                for target in targets {
                    let ends = Self::ends(module, record, link, &target.id);
                    if ends.0 == "Accounts" {
                        self.links.retain(|(left, near, far), _| {
                            left != "Accounts" || *far != ends.2 || *near == ends.1
                        });
                    }
                    let columns = self
                        .links
                        .entry(ends)
                        .or_insert_with(|| map(json!({ "role": "" })));
                    columns.extend(target.columns.clone());
                }
            }
            Change::Unlink {
                module,
                record,
                link,
                others,
            } => {
                for other in others {
                    self.links.remove(&Self::ends(module, record, link, other));
                }
            }
            Change::Favorite { module, record } | Change::Unfavorite { module, record } => {
                let key = (module.as_str().to_owned(), record.as_str().to_owned());
                let known = self.records.get_mut(&key).expect("it is there");
                known.extend(change.fields().into_owned());
            }
            Change::UpsertByKey { .. } | Change::Call { .. } => {
                unreachable!("nothing takes one back")
            }
        }
    }

    /// What a reader would find out.
    fn know(&self, need: &Need, change: &Change) -> Current {
        match need {
            Need::Nothing | Need::Absent => Current::Missing,
            Need::Record { module, record, .. } => {
                let key = (module.as_str().to_owned(), record.as_str().to_owned());
                self.records
                    .get(&key)
                    .cloned()
                    .map_or(Current::Missing, Current::Record)
            }
            Need::Links {
                module,
                record,
                link,
                others,
                ..
            } => {
                if !self.has(module.as_str(), record.as_str()) {
                    return Current::Missing;
                }
                let present = others.iter().filter_map(|other| {
                    let columns = self.links.get(&Self::ends(module, record, link, other))?;
                    Some((other.clone(), columns.clone()))
                });
                let mut linked = Linked {
                    present: present.collect(),
                    ..Linked::default()
                };
                if matches!(change, Change::Link { .. }) {
                    linked.held = self.held(module, record, link, others, &linked);
                }
                Current::Links(linked)
            }
        }
    }

    fn held(
        &self,
        module: &ModuleName,
        record: &RecordId,
        link: &LinkName,
        others: &[RecordId],
        linked: &Linked,
    ) -> Vec<Replaced> {
        let open = others.iter().filter(|other| !linked.contains(other));
        let bound: Vec<&RecordId> = match (module.as_str(), link.as_str()) {
            ("Accounts", _) => open.collect(),
            ("Contacts", "accounts") => open.take(1).map(|_| record).collect(),
            _ => Vec::new(),
        };
        let held = bound.into_iter().filter_map(|contact| {
            Some(Replaced {
                module: ModuleName::new("Contacts"),
                record: contact.clone(),
                former: Former::Linked(self.account_of(contact.as_str())?),
            })
        });
        held.collect()
    }
}

/// Plans a change against the model, does it, and keeps what a run file would.
fn run(model: &mut Model, changes: Vec<Change>, metadata: &Metadata) -> Vec<Done> {
    let mut done: Vec<Done> = Vec::new();
    for (index, change) in (0..).zip(changes) {
        let draft = Draft {
            seq: Seq::new(StepNo(0), index),
            key: Key::from_index(index),
            row: None,
            change,
            edits: Vec::new(),
            upsert: None,
            found_by: Vec::new(),
            assume: Assume::Nothing,
            needs: Vec::new(),
        };
        let current = model.know(
            &draft.need(&std::collections::BTreeSet::new()),
            &draft.change,
        );
        let operation = finish(draft, current, &[], metadata);
        let Some(change) = operation
            .change
            .filter(|_| operation.state == State::Planned)
        else {
            continue;
        };
        model.apply(&change);
        done.push(Done {
            change,
            before: operation.before,
            after: operation.after,
            later: None,
        });
    }
    let known = done.clone();
    for made in &mut done {
        let Change::Create { module, id, .. } = &made.change else {
            continue;
        };
        let mut later = Later::default();
        for other in known
            .iter()
            .filter(|other| other.change.about() == Some((module, id)))
        {
            if let Change::Create { .. } | Change::Update { .. } = other.change {
                for (name, value) in other.before.iter().chain(&other.after) {
                    later
                        .values
                        .entry(name.clone())
                        .or_default()
                        .push(value.clone());
                }
            }
        }
        let key = (module.as_str().to_owned(), id.as_str().to_owned());
        if let (Some(known), Some(record)) =
            (metadata.module(module.as_str()), model.records.get(&key))
        {
            later.print = Some(crate::metadata::value::Print::of(known, record));
        }
        made.later = Some(later);
    }
    done
}

fn take_back(
    model: &mut Model,
    done: &[Done],
    drifted: Drifted,
    metadata: &Metadata,
) -> Vec<Operation> {
    let mut operations = Vec::new();
    for done in done.iter().rev() {
        for recovery in inverse(done, metadata).expect("nothing here is irreversible") {
            let current = model.know(&recovery.need(), &recovery.change);
            let base = Operation {
                seq: Seq::new(StepNo(0), 0),
                key: Key::from_index(0),
                action: recovery.change.action(),
                change: None,
                about: None,
                state: State::Planned,
                label: None,
                message: None,
                status: None,
                before: Map::new(),
                after: Map::new(),
                modified: None,
                reversible: recovery.change.reversible(),
                row: None,
                needs: Vec::new(),
                waits_for: Vec::new(),
            };
            let operation = recover(
                base,
                &recovery,
                current,
                LastSaved::ByAnybody,
                drifted,
                metadata,
            );
            if let Some(change) = operation
                .change
                .as_ref()
                .filter(|_| operation.state == State::Planned)
            {
                model.apply(change);
            }
            operations.push(operation);
        }
    }
    operations
}

fn before() -> Model {
    let account = |name: &str| {
        json!({ "name": name, "amount": "1.00", "currency_id": "-99", "email": [address("a", true), address("b", false)],
            "email1": "a", "my_favorite": false })
    };
    Model::with(
        &[
            ("Accounts", "a1", account("One")),
            ("Accounts", "a2", account("Two")),
            ("Campaigns", "k1", json!({ "name": "Fair" })),
            ("Contacts", "c1", json!({ "name": "Doe" })),
            ("Contacts", "c2", json!({ "name": "Roe" })),
        ],
        &[
            ("Accounts", "a1", "c1", "boss"),
            ("Campaigns", "k1", "c1", "guest"),
        ],
    )
}

fn update(module: &str, record: &str, fields: Json) -> Change {
    Change::Update {
        module: ModuleName::new(module),
        record: id(record),
        fields: map(fields),
    }
}

fn link(module: &str, record: &str, link: &str, targets: &[(&str, &str)]) -> Change {
    Change::Link {
        module: ModuleName::new(module),
        record: id(record),
        link: LinkName::new(link),
        targets: targets
            .iter()
            .map(|(target, role)| LinkTarget {
                id: id(target),
                columns: match *role {
                    "" => Map::new(),
                    role => map(json!({ "role": role })),
                },
            })
            .collect(),
    }
}

fn unlink(module: &str, record: &str, link: &str, others: &[&str]) -> Change {
    Change::Unlink {
        module: ModuleName::new(module),
        record: id(record),
        link: LinkName::new(link),
        others: others.iter().map(|other| id(other)).collect(),
    }
}

fn create(module: &str, record: &str, fields: Json) -> Change {
    Change::Create {
        module: ModuleName::new(module),
        id: id(record),
        fields: map(fields),
        under: None,
        unless: None,
    }
}

/// Runs changes, takes them back, and gives what became of the model beside what it was.
fn there_and_back(changes: Vec<Change>) -> (Model, Model) {
    let metadata = metadata();
    let mut model = before();
    let done = run(&mut model, changes, &metadata);
    take_back(&mut model, &done, Drifted::LeftAlone, &metadata);
    (model, before())
}

#[test]
fn a_parent_that_a_link_replaced_comes_back_with_its_columns() {
    let (model, before) = there_and_back(vec![link(
        "Accounts",
        "a2",
        "contacts",
        &[("c1", ""), ("c2", "")],
    )]);
    assert_eq!(model, before);
    let (model, before) =
        there_and_back(vec![link("Contacts", "c1", "accounts", &[("a2", "staff")])]);
    assert_eq!(model, before);
}

#[test]
fn what_a_link_left_out_is_not_taken_back() {
    let metadata = metadata();
    let mut model = before();
    let two = link("Accounts", "a2", "contacts", &[("c1", ""), ("c2", "")]);
    let mut done = run(&mut model, vec![two], &metadata);
    done[0].change.take_out(|other| *other == id("c1"));
    let recoveries = inverse(&done[0], &metadata).unwrap();
    let named = |recovery: &Recovery| {
        let change = &recovery.change;
        let others = change.others().into_iter().chain(change.record());
        others.cloned().collect::<Vec<_>>()
    };
    let named: Vec<RecordId> = recoveries.iter().flat_map(named).collect();
    assert!(named.contains(&id("c2")), "{named:?}");
    assert!(!named.contains(&id("c1")), "{named:?}");
}

#[test]
fn what_was_linked_before_stays_linked_and_gets_its_columns_back() {
    let (model, before) = there_and_back(vec![link(
        "Campaigns",
        "k1",
        "contacts",
        &[("c1", "host"), ("c2", "")],
    )]);
    assert_eq!(model, before);
}

#[test]
fn an_address_put_in_front_takes_none_with_it_when_it_goes() {
    let (model, before) =
        there_and_back(vec![update("Accounts", "a1", json!({ "email1": "new" }))]);
    assert_eq!(model, before);
}

/// Sent as it was shown, it would be given an empty key.
#[test]
fn a_multi_select_in_which_nothing_was_chosen_is_emptied() {
    for empty in [json!([""]), json!("^^"), json!(""), json!(null), json!([])] {
        let done = Done {
            change: update("Accounts", "a1", json!({ "areas": ["n"] })),
            before: map(json!({ "areas": empty })),
            after: map(json!({ "areas": ["n"] })),
            later: None,
        };
        let recoveries = inverse(&done, &metadata()).unwrap();
        let back = update("Accounts", "a1", json!({ "areas": [] }));
        assert_eq!(recoveries[0].change, back, "{empty}");
    }
}

#[test]
fn what_somebody_changed_is_left_and_named_unless_forced() {
    let metadata = metadata();
    let mut model = before();
    let changes = vec![
        update("Accounts", "a1", json!({ "name": "Uno" })),
        create("Contacts", "new", json!({ "name": "Poe" })),
        link("Accounts", "a2", "contacts", &[("c1", "")]),
    ];
    let done = run(&mut model, changes, &metadata);
    model.apply(&update("Accounts", "a1", json!({ "name": "Eins" })));
    model.apply(&update("Contacts", "new", json!({ "name": "Poe jr." })));
    model
        .records
        .insert(("Accounts".into(), "a3".into()), Map::new());
    model.apply(&link("Accounts", "a3", "contacts", &[("c1", "")]));
    let mut forced = model.clone();

    let left = take_back(&mut model, &done, Drifted::LeftAlone, &metadata);
    let drift = Some(Label::from(LocalLabel::Drift));
    assert!(left.iter().all(|operation| operation.label == drift));
    let messages: Vec<&str> = left
        .iter()
        .filter_map(|operation| operation.message.as_deref())
        .collect();
    assert_eq!(
        messages,
        [
            "somebody changed whom Contacts `c1` belongs to after the run; it is left as it is",
            "somebody changed `name` after the run; it is left as it is",
            "somebody changed `name` after the run; it is left as it is",
        ]
    );
    take_back(&mut forced, &done, Drifted::TakenBack, &metadata);
    forced.records.remove(&("Accounts".into(), "a3".into()));
    assert_eq!(forced, before());
}

#[test]
fn what_cannot_be_taken_back_says_why() {
    let gone = Done {
        change: Change::Delete {
            module: ModuleName::new("Accounts"),
            record: id("a1"),
        },
        before: Map::new(),
        after: Map::new(),
        later: None,
    };
    assert!(inverse(&gone, &metadata()).is_err());
    for (actions, why) in [
        (json!({ "create": [{}], "add": ["c1"] }), "were made along"),
        (json!({ "add": ["c1"] }), "was linked along"),
    ] {
        let along = Done {
            change: create("Accounts", "x", json!({ "contacts": actions })),
            ..gone.clone()
        };
        let Irreversible(said) = inverse(&along, &metadata()).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

fn any_change() -> impl Strategy<Value = Change> {
    let account = prop_oneof![Just("a1"), Just("a2"), Just("n1")];
    let contact = prop_oneof![Just("c1"), Just("c2"), Just("n2")];
    let role = prop_oneof![Just(""), Just("boss"), Just("staff")];
    let word = prop_oneof![Just(json!("One")), Just(json!("x")), Just(Json::Null)];
    prop_oneof![
        (account.clone(), word.clone()).prop_map(|(record, name)| update(
            "Accounts",
            record,
            json!({ "name": name })
        )),
        (account.clone(), 1..4_u8).prop_map(|(record, amount)| {
            update(
                "Accounts",
                record,
                json!({ "amount": format!("{amount}.00") }),
            )
        }),
        (account.clone(), word.clone()).prop_map(|(record, mail)| update(
            "Accounts",
            record,
            json!({ "email1": mail })
        )),
        (contact.clone(), word).prop_map(|(record, name)| update(
            "Contacts",
            record,
            json!({ "name": name })
        )),
        (account.clone(), contact.clone(), role.clone()).prop_map(|(account, contact, role)| link(
            "Accounts",
            account,
            "contacts",
            &[(contact, role)]
        )),
        (account.clone(), role.clone()).prop_map(|(account, role)| link(
            "Accounts",
            account,
            "contacts",
            &[("c1", role), ("c2", "")]
        )),
        (account.clone(), contact.clone(), role.clone()).prop_map(|(account, contact, role)| link(
            "Contacts",
            contact,
            "accounts",
            &[(account, role)]
        )),
        (contact.clone(), role).prop_map(|(contact, role)| link(
            "Campaigns",
            "k1",
            "contacts",
            &[(contact, role)]
        )),
        (account.clone(), contact.clone()).prop_map(|(account, contact)| unlink(
            "Accounts",
            account,
            "contacts",
            &[contact]
        )),
        contact.prop_map(|contact| unlink("Campaigns", "k1", "contacts", &[contact])),
        Just(create(
            "Accounts",
            "n1",
            json!({
                "name": "New", "amount": "2.00", "currency_id": "-99", "email": [], "email1": null, "my_favorite": false,
            })
        )),
        Just(create("Contacts", "n2", json!({ "name": "New" }))),
        account.prop_map(|record| Change::Favorite {
            module: ModuleName::new("Accounts"),
            record: id(record)
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_was_done_is_taken_back(changes in proptest::collection::vec(any_change(), 0..24)) {
        let metadata = metadata();
        let mut model = before();
        // What is not there cannot be linked; a plan finds that out before.
        let mut possible = Vec::new();
        let mut made: Vec<String> = before().records.into_keys().map(|(_, id)| id).collect();
        for change in changes {
            let targets: Vec<&RecordId> = match &change {
                Change::Link { targets, .. } => targets.iter().map(|target| &target.id).collect(),
                _ => Vec::new(),
            };
            let is_create = matches!(change, Change::Create { .. });
            let known = |id: &RecordId| made.iter().any(|made| made == id.as_str());
            let record = change.record().expect("all of these have one");
            if is_create || (known(record) && targets.iter().all(|id| known(id))) {
                if is_create {
                    made.push(record.as_str().to_owned());
                }
                possible.push(change);
            }
        }
        let done = run(&mut model, possible, &metadata);
        let operations = take_back(&mut model, &done, Drifted::LeftAlone, &metadata);
        for operation in &operations {
            prop_assert!(operation.label.is_none(), "{operation:?}");
        }
        prop_assert_eq!(model, before());
    }
}
