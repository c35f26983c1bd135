//! Run files to report on, made through the run file's own doors.

use std::path::Path;

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Row;
use crate::diag::Sources;
use crate::expr::EdgeKind;
use crate::expr::Effect;
use crate::expr::ItemSource;
use crate::expr::Repeat;
use crate::expr::Seq;
use crate::expr::StepNo;
use crate::metadata::Field;
use crate::metadata::Mark;
use crate::metadata::Metadata;
use crate::metadata::Module;
use crate::operation::Action;
use crate::operation::Change;
use crate::operation::Key;
use crate::operation::Operation;
use crate::operation::Reversible;
use crate::operation::State;
use crate::runfile::Digest;
use crate::runfile::Ending;
use crate::runfile::Finished;
use crate::runfile::Header;
use crate::runfile::Instance;
use crate::runfile::ItemOutcome;
use crate::runfile::Outputs;
use crate::runfile::PlannedItem;
use crate::runfile::PlaybookText;
use crate::runfile::ReadResult;
use crate::runfile::Requests;
use crate::runfile::RunFile;
use crate::runfile::RunView;
use crate::runfile::Settlement;
use crate::runfile::Stage;
use crate::wire::Label;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::LocalLabel;
use crate::wire::ModuleName;
use crate::wire::RecordId;
use crate::wire::SugarLabel;

pub(super) const ACCOUNTS: u32 = 1;
pub(super) const CONTACTS: u32 = 2;
pub(super) const ATTACH: u32 = 3;
pub(super) const REFRESH: u32 = 4;
pub(super) const RETIRE: u32 = 5;
pub(super) const NOTES: u32 = 6;

/// Items of `accounts`; enough of them that a list is cut.
pub(super) const ACCOUNT_ROWS: u64 = 12;

pub(super) fn map(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        other => panic!("{other} is not a map"),
    }
}

pub(super) fn id(step: u32, index: u64) -> RecordId {
    RecordId::new(format!("5f0c6b6e-0000-5000-8000-{step:04}{index:08}"))
}

fn header() -> Header {
    let module = |fields: Vec<Field>| Module {
        fields: fields
            .into_iter()
            .map(|field| (field.name.clone(), field))
            .collect(),
        ..Module::default()
    };
    let mut metadata = Metadata::default();
    for (name, fields) in [
        (
            "Accounts",
            vec![
                Field::new("name", "name"),
                Field::new("description", "text"),
                Field::new("phone_office", "phone"),
                Field::new("annual_revenue", "currency"),
            ],
        ),
        (
            "Contacts",
            vec![
                Field::new("first_name", "varchar").marked(Mark::Pii),
                Field::new("last_name", "varchar").marked(Mark::Pii),
                Field::new("full_name", "fullname"),
                Field::new("email", "email"),
                Field::new("birthdate", "date").marked(Mark::Pii),
                Field::new("description", "text"),
            ],
        ),
    ] {
        metadata.modules.insert(name.to_owned(), module(fields));
    }
    Header {
        run_id: "019ab3c0-7a11-7000-8000-000000000001".into(),
        tool: "0.1.0".into(),
        started: "2026-01-05T08:00:00Z".into(),
        playbook: PlaybookText {
            name: "import-customers".into(),
            path: "playbooks/import-customers.yaml".into(),
            text: "version: 1\nname: import-customers\n".into(),
        },
        vars: Map::new(),
        instance: Instance {
            url: "https://crm.example.com".into(),
            user: "ops".into(),
            user_id: "1".into(),
            metadata_hash: Some("d41d8cd9".into()),
        },
        identity: "https://crm.example.com".into(),
        now: "2026-01-05T08:00:00+00:00[UTC]".into(),
        metadata,
    }
}

/// One item and what the plan makes of it.
pub(super) struct Planned {
    operation: Operation,
}

impl Planned {
    pub(super) fn new(step: u32, index: u64, key: &str, action: Action) -> Self {
        let operation = Operation {
            seq: Seq::new(StepNo(step), index),
            key: Key::stored(key.to_owned()),
            action,
            change: None,
            state: State::Planned,
            label: None,
            message: None,
            status: None,
            before: Map::new(),
            after: Map::new(),
            modified: None,
            reversible: Reversible::Yes,
            row: None,
            needs: Vec::new(),
            waits_for: Vec::new(),
        };
        Self { operation }
    }

    pub(super) fn create(step: u32, index: u64, key: &str, module: &str, fields: Json) -> Self {
        let mut planned = Self::new(step, index, key, Action::Create);
        planned.operation.after = map(fields);
        planned.operation.change = Some(Change::Create {
            module: ModuleName::new(module),
            id: id(step, index),
            fields: planned.operation.after.clone(),
        });
        planned
    }

    pub(super) fn update(
        step: u32,
        index: u64,
        key: &str,
        module: &str,
        before: Json,
        after: Json,
    ) -> Self {
        let mut planned = Self::new(step, index, key, Action::Update);
        planned.operation.before = map(before);
        planned.operation.after = map(after);
        planned.operation.change = Some(Change::Update {
            module: ModuleName::new(module),
            record: id(step, index),
            fields: planned.operation.after.clone(),
        });
        planned
    }

    pub(super) fn delete(step: u32, index: u64, key: &str, module: &str, before: Json) -> Self {
        let mut planned = Self::new(step, index, key, Action::Delete);
        planned.operation.before = map(before);
        planned.operation.reversible = Reversible::No;
        planned.operation.change = Some(Change::Delete {
            module: ModuleName::new(module),
            record: id(step, index),
        });
        planned
    }

    pub(super) fn link(
        step: u32,
        index: u64,
        key: &str,
        record: RecordId,
        to: &[RecordId],
    ) -> Self {
        let mut planned = Self::new(step, index, key, Action::Link);
        let ids: Vec<&str> = to.iter().map(RecordId::as_str).collect();
        planned.operation.before = map(json!({ "to": [] }));
        planned.operation.after = map(json!({ "to": ids }));
        planned.operation.change = Some(Change::Link {
            module: ModuleName::new("Accounts"),
            record,
            link: LinkName::new("contacts"),
            targets: to.iter().cloned().map(LinkTarget::plain).collect(),
        });
        planned
    }

    pub(super) fn row(mut self, file: &str, line: u64) -> Self {
        self.operation.row = Some(Row {
            file: file.into(),
            line,
        });
        self
    }

    pub(super) fn needs(mut self, step: u32, index: u64) -> Self {
        let needed = Seq::new(StepNo(step), index);
        self.operation.needs.push((needed, EdgeKind::PredictedId));
        self
    }

    pub(super) fn waits_for(mut self, step: u32) -> Self {
        self.operation.state = State::Deferred;
        self.operation.waits_for.push(StepNo(step));
        self
    }

    pub(super) fn ended(
        mut self,
        state: State,
        label: impl Into<Option<Label>>,
        message: &str,
    ) -> Self {
        self.operation.state = state;
        self.operation.label = label.into();
        self.operation.message = Some(message.into());
        self
    }

    /// It does not come to a change: nothing is known of it but where it stands.
    pub(super) fn without_change(mut self) -> Self {
        self.operation.change = None;
        self.operation.before = Map::new();
        self.operation.after = Map::new();
        self
    }
}

pub(super) fn add(file: &mut RunFile, step: u32, planned: Vec<Planned>) {
    let items: Vec<PlannedItem> = planned
        .into_iter()
        .map(|Planned { operation }| PlannedItem {
            index: operation.seq.index(),
            key: Some(operation.key.clone()),
            row: operation.row.clone(),
            source: ItemSource::Value(Json::Null),
            outcome: ItemOutcome::Operation {
                operation: Box::new(operation),
                result: None,
            },
        })
        .collect();
    file.add_items(StepNo(step), &items).unwrap();
    file.expanded(StepNo(step)).unwrap();
}

pub(super) fn empty(folder: &Path) -> RunFile {
    RunFile::create(&folder.join("import-customers.run"), &header()).unwrap()
}

pub(super) fn step(file: &RunFile, number: u32, name: &str, verb: &str, module: Option<&str>) {
    let effect = match verb {
        "filter" | "count" | "assert" => Effect::Reads,
        _ => Effect::Writes,
    };
    file.add_step(StepNo(number), name, verb, module, effect, Repeat::ForEach)
        .unwrap();
}

/// A plan with something of everything: seven steps, a bad row that is tolerated, links, an update, a delete, a
/// deferred create.
pub(super) fn plan(folder: &Path) -> RunFile {
    let mut file = empty(folder);
    for (number, (name, verb, module)) in (0..).zip([
        ("owner", "filter", Some("Users")),
        ("accounts", "create", Some("Accounts")),
        ("contacts", "create", Some("Contacts")),
        ("attach", "link", Some("Accounts")),
        ("refresh", "update", Some("Accounts")),
        ("retire", "delete", Some("Accounts")),
        ("notes", "create", Some("Notes")),
        ("safe", "assert", None),
    ]) {
        step(&file, number, name, verb, module);
    }
    read_one(&mut file, 0);
    add(&mut file, ACCOUNTS, accounts());
    add(&mut file, CONTACTS, contacts());
    add(&mut file, ATTACH, attach());
    add(&mut file, REFRESH, refresh());
    let retired = json!({ "id": id(RETIRE, 0).as_str(), "name": "Old & Sons", "phone_office": "+49 30 1234567" });
    let retired = Planned::delete(RETIRE, 0, "0", "Accounts", retired);
    add(&mut file, RETIRE, vec![retired]);
    let note = Planned::new(NOTES, 0, "summary", Action::Create).waits_for(CONTACTS);
    add(&mut file, NOTES, vec![note]);
    read_one(&mut file, 7);
    let warning = Problem::warning(Code("no_key"), "this create has no `key`").step("notes");
    let warning = warning.help("give it a `key`, so that running again creates nothing twice");
    file.add_problem(&warning, &Sources::default()).unwrap();
    file.put(&Digest("3f9a12c0b7de4455667788990011223344556677".into()))
        .unwrap();
    file
}

fn read_one(file: &mut RunFile, step: u32) {
    let record = map(json!({ "id": "u1", "user_name": "ops" }));
    let records = match step {
        0 => vec![(None, record)],
        _ => Vec::new(),
    };
    let read = PlannedItem {
        index: 0,
        key: None,
        row: None,
        source: ItemSource::Value(Json::Null),
        outcome: ItemOutcome::Read(ReadResult {
            records,
            ..ReadResult::default()
        }),
    };
    file.add_items(StepNo(step), &[read]).unwrap();
    file.expanded(StepNo(step)).unwrap();
}

fn accounts() -> Vec<Planned> {
    (0..ACCOUNT_ROWS)
        .map(|index| {
            let fields = json!({
                "name": format!("Müller & Söhne {index}"),
                "description": "said \"hello\"\nand left",
                "phone_office": format!("+49 30 12345{index:02}"),
                "annual_revenue": null,
            });
            let key = format!("A-{index:03}");
            Planned::create(ACCOUNTS, index, &key, "Accounts", fields)
                .row("data/accounts.csv", index + 2)
        })
        .collect()
}

fn contacts() -> Vec<Planned> {
    let contact = |index, first: &str, last: &str, email: &str| {
        let fields = json!({
            "first_name": first,
            "last_name": last,
            "email": [{ "email_address": email, "primary_address": true }],
            "description": format!("{first} {last} likes to be called {first}"),
        });
        Planned::create(
            CONTACTS,
            index,
            &format!("{last}, {first}"),
            "Contacts",
            fields,
        )
        .row("data/contacts.csv", index + 2)
    };
    vec![
        contact(0, "Anna", "Huber", "anna.huber@example.com").needs(ACCOUNTS, 0),
        contact(1, "Jörg", "Weiß", "joerg@example.org").needs(ACCOUNTS, 1),
        Planned::new(CONTACTS, 2, "Doe, Jane", Action::Create)
            .row("data/contacts.csv", 4)
            .ended(
                State::Skipped,
                Label::from(LocalLabel::MissingKey),
                "step `accounts` has no item with the key `A-999`",
            ),
        Planned::new(CONTACTS, 3, "Roe, Max", Action::Create)
            .row("data/contacts.csv", 5)
            .ended(
                State::Failed,
                Label::from(SugarLabel::InvalidParameter),
                "`birthdate`: `31.02.1980` is not a date; write `2026-01-31`, or read another form with \
                 `parse_date(text, format)`",
            ),
        Planned::new(CONTACTS, 4, "Poe, Edgar", Action::Create)
            .row("data/contacts.csv", 6)
            .ended(
                State::Skipped,
                Label::from(LocalLabel::Condition),
                "`when: row.active` does not hold",
            ),
    ]
}

fn attach() -> Vec<Planned> {
    vec![
        Planned::link(
            ATTACH,
            0,
            "Huber, Anna",
            id(ACCOUNTS, 0),
            &[id(CONTACTS, 0)],
        )
        .needs(ACCOUNTS, 0)
        .needs(CONTACTS, 0),
        Planned::link(
            ATTACH,
            1,
            "Weiß, Jörg",
            id(ACCOUNTS, 1),
            &[id(CONTACTS, 1), id(CONTACTS, 0)],
        )
        .needs(ACCOUNTS, 1)
        .needs(CONTACTS, 1),
    ]
}

fn refresh() -> Vec<Planned> {
    let long = "a description that goes on and on, far beyond what a line of a terminal can hold, and ends ";
    vec![
        Planned::update(
            REFRESH,
            0,
            "old-1",
            "Accounts",
            json!({ "name": "ACME", "description": format!("{long}badly"), "annual_revenue": "10.00" }),
            json!({ "name": "Acme Inc.", "description": format!("{long}well"), "annual_revenue": 10 }),
        ),
        Planned::update(
            REFRESH,
            1,
            "old-2",
            "Accounts",
            json!({ "name": "Same", "phone_office": "+49 30 7654321" }),
            json!({ "name": "Same", "phone_office": "+49307654321" }),
        ),
        Planned::update(
            REFRESH,
            2,
            "old-3",
            "Accounts",
            json!({ "name": "Same" }),
            json!({ "name": "Same" }),
        )
        .ended(
            State::Unchanged,
            None,
            "the record exists already and differs in `description`; a create never overwrites",
        ),
        Planned::update(REFRESH, 3, "old-4", "Accounts", json!({}), json!({}))
            .without_change()
            .ended(
                State::Failed,
                Label::from(SugarLabel::NotFound),
                "Accounts has no record `5f0c6b6e-9999`, or this user does not see it",
            ),
    ]
}

pub(super) fn seqs(step: u32, indices: impl IntoIterator<Item = u64>) -> Vec<Seq> {
    let indices = indices.into_iter();
    indices.map(|index| Seq::new(StepNo(step), index)).collect()
}

pub(super) fn send(file: &mut RunFile, seqs: &[Seq]) {
    file.send(seqs, seqs.len(), "2026-01-05T08:01:00Z").unwrap();
}

pub(super) fn settle(file: &mut RunFile, seqs: &[Seq], settlement: &Settlement) {
    let settled: Vec<_> = seqs.iter().map(|seq| (*seq, settlement.clone())).collect();
    file.settle(&settled).unwrap();
}

fn ok() -> Settlement {
    Settlement::new(State::Ok).status(Some(200))
}

/// The plan, applied to its end: accounts but one, what hangs on that one skipped, a note without an answer.
pub(super) fn finished(folder: &Path) -> RunFile {
    let mut file = plan(folder);
    let accounts = seqs(ACCOUNTS, 0..ACCOUNT_ROWS);
    send(&mut file, &accounts);
    let refused = Settlement::new(State::Failed)
        .label(SugarLabel::NotAuthorized, "You are not authorized to create Accounts. Contact your administrator if you need access.")
        .status(Some(403));
    settle(&mut file, &accounts[1..2], &refused);
    settle(&mut file, &accounts[..1], &ok());
    settle(&mut file, &accounts[2..], &ok());
    let contact = seqs(CONTACTS, 0..1);
    send(&mut file, &contact);
    settle(&mut file, &contact, &ok());
    let others = [seqs(ATTACH, 0..1), seqs(REFRESH, 0..2), seqs(RETIRE, 0..1)].concat();
    send(&mut file, &others);
    settle(&mut file, &others[..2], &ok());
    settle(&mut file, &others[2..3], &Settlement::new(State::Unknown));
    settle(&mut file, &others[3..], &ok());
    let note = Planned::create(NOTES, 0, "summary", "Notes", json!({ "name": "1 contact" }));
    let planned = ItemOutcome::Operation {
        operation: Box::new(note.operation),
        result: None,
    };
    let note = seqs(NOTES, 0..1);
    file.replace(note[0], &planned).unwrap();
    send(&mut file, &note);
    settle(&mut file, &note, &ok());
    file.put(&Requests {
        http: 14,
        bulk: 5,
        operations: 1_204,
        retries: 1,
    })
    .unwrap();
    file.put(&Outputs(map(json!({
        "made": 11,
        "first": { "_module": "Contacts", "id": "c1", "full_name": "Anna Huber", "email1": "anna.huber@example.com" },
    }))))
    .unwrap();
    end(file, Ending::Finished)
}

/// The plan, cut off while the first accounts were out.
pub(super) fn interrupted(folder: &Path) -> RunFile {
    let mut file = plan(folder);
    let accounts = seqs(ACCOUNTS, 0..6);
    send(&mut file, &accounts);
    settle(&mut file, &accounts[..4], &ok());
    end(file, Ending::Interrupted)
}

/// A plan that a guard refused.
pub(super) fn refused(folder: &Path) -> RunFile {
    let file = plan(folder);
    file.put(&Stage::Refused).unwrap();
    let reason = "1 deletes are more than `max_deletes: 0` allows, by 1";
    file.put(&Ending::Refused(reason.into())).unwrap();
    file
}

/// A run of which everything went well.
pub(super) fn succeeded(folder: &Path) -> RunFile {
    let mut file = empty(folder);
    step(&file, 0, "count_them", "count", Some("Accounts"));
    step(&file, ACCOUNTS, "accounts", "create", Some("Accounts"));
    let counted = PlannedItem {
        index: 0,
        key: None,
        row: None,
        source: ItemSource::Value(Json::Null),
        outcome: ItemOutcome::Read(ReadResult {
            count: Some(1_234),
            ..ReadResult::default()
        }),
    };
    file.add_items(StepNo(0), &[counted]).unwrap();
    file.expanded(StepNo(0)).unwrap();
    add(&mut file, ACCOUNTS, accounts());
    let accounts = seqs(ACCOUNTS, 0..ACCOUNT_ROWS);
    send(&mut file, &accounts);
    settle(&mut file, &accounts, &ok());
    end(file, Ending::Finished)
}

fn end(file: RunFile, ending: Ending) -> RunFile {
    file.put(&ending).unwrap();
    file.put(&Finished("2026-01-05T08:03:12Z".into())).unwrap();
    file
}

/// The file, closed and opened for reading.
pub(super) fn view(file: RunFile) -> RunView {
    RunView::open(&file.finish().unwrap()).unwrap()
}
