//! Steps and what is found in them, a line each; how it looks to a reader is in `tests/against`.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::check;
use crate::check::Checked;
use crate::check::Headings;
use crate::diag::Severity;
use crate::diag::Sources;
use crate::metadata::Dropdown;
use crate::metadata::Metadata;
use crate::playbook;

fn metadata() -> Metadata {
    let text = include_str!("../../../tests/against/metadata.json");
    let body = serde_json::from_str(text).expect("the file is JSON");
    let mut metadata = crate::metadata::read(&body).metadata;
    for (module, field, keys) in [
        ("Accounts", "account_type", ["", "Customer", "Partner"]),
        ("Accounts", "languages", ["de", "en", "fr"]),
        ("Contacts", "lead_source", ["", "Cold Call", "Campaign"]),
        ("Notes", "parent_type", ["Accounts", "Contacts", "Leads"]),
    ] {
        let list: Dropdown = keys.into_iter().map(|key| (key, key)).collect();
        metadata.set_dropdown(module, field, list);
    }
    metadata
}

/// The steps of a playbook, compiled.
fn checked(steps: &str) -> Checked {
    let mut sources = Sources::default();
    let text = format!("version: 1\nname: t\nsteps:\n{steps}");
    let source = sources.add("t.yaml", text);
    let playbook = playbook::parse(source, Path::new("."), &sources)
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    let (checked, problems) = check::check(playbook, &sources, &Headings::new());
    checked.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn found_with(steps: &str, metadata: &Metadata) -> Vec<String> {
    against(&checked(steps), metadata)
        .iter()
        .map(|problem| {
            let sign = match problem.severity {
                Severity::Error => "",
                Severity::Warning => "warning ",
            };
            let label = problem.labels.first().map_or("", |(_, label)| label);
            format!("{sign}{}: {} ({label})", problem.code.0, problem.message)
        })
        .collect()
}

/// What is found in a playbook of one step.
fn found(step: &str) -> Vec<String> {
    found_with(&format!("  - {{ id: s, {step} }}\n"), &metadata())
}

#[test]
fn names_and_values_that_are_right_are_passed_over() {
    for step in [
        "filter: Accounts, where: { name: A, account_type: { $in: [Customer, \"\"] } }",
        "filter: Accounts, where: { date_modified: { $gte: 2026-01-01, $lt: \"2026-02-01T00:00:00Z\" } }",
        "filter: Accounts, where: { $or: [{ name: { $starts: A } }, { $owner: \"\" }] }",
        "filter: Accounts, where: { contacts.last_name: { $not_empty: \"\" } }",
        "filter: Accounts, where: [{ languages: { $contains: [de] } }, { name: [$is_null] }]",
        "filter: Accounts, where: { sector: { $dateRange: today }, founded: { $dateRange: last_year } }",
        "filter: Accounts, where: { founded: { $dateBetween: [2026-01-01, 2026-01-31] } }",
        "filter: Accounts, where: { calls.anything: 1 }",
        "filter: Contacts, where: { account_name: { $starts: A } }",
        "list: Accounts, fields: [name, date_modified], order_by: \"name:desc, id\"",
        "list: Calls, fields: [whatever]",
        "related: Accounts, record: x, through: contacts, where: { last_name: A }, fields: [email1]",
        "related: Accounts, record: x, through: calls, where: { whatever: A }",
        "create: Accounts, key: a, set: { name: A, is_key: \"1\", languages: [de], parent_id: x }",
        "create: Accounts, key: a, set: { name: A, contacts: { add: [x] }, sector: [[]] }",
        "filter: Accounts, where: { score: { $lt: 5.5 } }",
        "filter: Accounts, where: { score: { $between: [1.5, 5.5] } }",
        "link: Accounts, record: x, through: contacts, to: [{ id: y, primary_account: true }, z]",
        "related: Accounts, record: x, through: contacts, fields: [last_name, primary_account], expect: steps.s.first.primary_account",
        "update: Accounts, record: x, set: { employees: \"\", founded: null }",
        "create: Notes, key: a, set: { name: A, parent_type: Leads, parent_id: x }",
        "enum: Accounts, field: account_type",
        "enum: Accounts, field: sector",
        "link: Accounts, record: x, through: contacts, to: [y, { id: z }]",
        "search: x, modules: [Accounts, Calls]",
    ] {
        assert_eq!(found(step), Vec::<String>::new(), "{step}");
    }
}

#[test]
fn names_that_are_wrong_are_found() {
    for (step, expected) in [
        (
            "list: Acounts",
            "not_found: the instance has no module `Acounts` (named here)",
        ),
        (
            "list: Accounts, fields: [nmae]",
            "invalid_parameter: `Accounts` has no field `nmae` (named here)",
        ),
        (
            "list: Accounts, order_by: \"name:down\"",
            "invalid_parameter: `down` is no direction (in this order)",
        ),
        (
            "list: Accounts, order_by: nmae",
            "invalid_parameter: `Accounts` has no field `nmae` (named here)",
        ),
        (
            "get: Contacts, record: x, fields: [salary]",
            "not_authorized: this user may not read `salary` of `Contacts` (named here)",
        ),
        (
            "enum: Accounts, field: name",
            "invalid_parameter: `name` of `Accounts` has no list of values (is of type `name`)",
        ),
        (
            "related: Accounts, record: x, through: accounts_contacts",
            "not_found: `Accounts` has no link `accounts_contacts` (is the name of a relationship)",
        ),
        (
            "related: Contacts, record: x, through: account_name",
            "not_found: `Contacts` has no link `account_name` (is a field of type `relate`)",
        ),
        (
            "related: Accounts, record: x, through: contacts, where: { nmae: A }",
            "invalid_parameter: `Contacts` has no field `nmae` (named here)",
        ),
        (
            "delete: Notes, record: x",
            "not_authorized: this user may not delete records of `Notes` (asked for here)",
        ),
        (
            "update: Accounts, record: x, set: { name: A }, verify: { nmae: off }",
            "invalid_parameter: `Accounts` has no field `nmae` (named here)",
        ),
    ] {
        assert_eq!(found(step), [expected], "{step}");
    }
}

#[test]
fn conditions_are_judged() {
    for (condition, expected) in [
        (
            "{ account_type: Custmer }",
            "invalid_parameter: `account_type` of `Accounts` does not take this (`Custmer` is not one of the field's values)",
        ),
        (
            "{ account_type: { $in: [Customer, Friend] } }",
            "invalid_parameter: `account_type` of `Accounts` does not take this (`Friend` is not one of the field's values)",
        ),
        (
            "{ $or: [{ nmae: A }] }",
            "invalid_parameter: `Accounts` has no field `nmae` (named here)",
        ),
        (
            "{ $or: { name: A } }",
            "invalid_parameter: `$or` takes a list of conditions (is no list)",
        ),
        (
            "{ or: [{ name: A }] }",
            "invalid_parameter: there is no condition `or` (not known)",
        ),
        (
            "{ $ownr: \"\" }",
            "invalid_parameter: there is no condition `$ownr` (not known)",
        ),
        (
            "{ $in: [A] }",
            "invalid_parameter: `$in` stands under a field (stands in a field's place)",
        ),
        (
            "{ name: { $eq: A } }",
            "invalid_parameter: there is no operator `$eq` (not known)",
        ),
        (
            "{ name: { starts: A } }",
            "invalid_parameter: there is no operator `starts` (not known)",
        ),
        (
            "{ founded: { $starts: \"2026\" } }",
            "invalid_parameter: `$starts` is for text, and `founded` is of type `date` (does not suit the field)",
        ),
        (
            "{ name: [A, B] }",
            "invalid_parameter: a list stands under `$in`, not under `name` itself (is a list)",
        ),
        (
            "{ name: { $in: A } }",
            "invalid_parameter: `$in` takes a list (is not a list)",
        ),
        (
            "{ founded: { $between: [2026-01-01] } }",
            "invalid_parameter: `$between` takes a list of two values (is not a list of two values)",
        ),
        (
            "{ founded: { $dateBetween: [today, tomorrow] } }",
            "invalid_parameter: `founded` of `Accounts` does not take this (`today` is not a date)",
        ),
        (
            "{ founded: { $dateRange: last_week } }",
            "warning invalid_parameter: `last_week` is no period that is known (not known)",
        ),
        (
            "{ contacts: x }",
            "invalid_parameter: `contacts` of `Accounts` is a link (a condition is on a field)",
        ),
        (
            "{ contacts.nmae: x }",
            "invalid_parameter: `Contacts` has no field `nmae` (named here)",
        ),
        (
            "{ contact.last_name: x }",
            "not_found: `Accounts` has no link `contact` (named here)",
        ),
        (
            "[name]",
            "invalid_parameter: a condition is a map from a field to what it must be (is no condition)",
        ),
    ] {
        let found = found(&format!("count: Accounts, where: {condition}"));
        assert_eq!(
            found.first().map(String::as_str),
            Some(expected),
            "{condition}"
        );
    }
}

#[test]
fn what_is_set_is_judged() {
    for (step, expected) in [
        (
            "update: Accounts, record: x, set: { region: x }",
            "invalid_parameter: `Accounts` has no field `region` (named here)",
        ),
        (
            "update: Accounts, record: x, set: { name: A name of far too many letters }",
            "invalid_parameter: `name` of `Accounts` does not take this (30 characters, the field holds 20: `A name of far too many letters`)",
        ),
        (
            "update: Accounts, record: x, set: { founded: 31.01.2026 }",
            "invalid_parameter: `founded` of `Accounts` does not take this (`31.01.2026` is not a date)",
        ),
        (
            "update: Accounts, record: x, set: { parent_name: B }",
            "invalid_parameter: `parent_name` of `Accounts` only shows what `parent_id` leads to (set here)",
        ),
        (
            "update: Accounts, record: x, set: { date_modified: 2026-01-01 }",
            "invalid_parameter: `date_modified` of `Accounts` is read-only (set here)",
        ),
        (
            "update: Accounts, record: x, set: { score: 1 }",
            "invalid_parameter: `score` of `Accounts` is calculated (set here)",
        ),
        (
            "update: Accounts, record: x, set: { contacts: [x] }",
            "invalid_parameter: `contacts` of `Accounts` is a link, not a value (set here)",
        ),
        (
            "update: Accounts, record: x, set: { contacts: { add: [x] } }",
            "invalid_parameter: an update does not take actions on the link `contacts` (set here)",
        ),
        (
            "create: Accounts, key: a, set: { name: A, contacts: { remove: [x] } }",
            "invalid_parameter: `contacts` of `Accounts` does not take this (unknown key `remove` in a link, which takes `add`, `create` and `delete`)",
        ),
        (
            "update: Accounts, record: x, set: { my_favorite: true }",
            "warning invalid_parameter: `my_favorite` is no column of `Accounts`, and Sugar may drop it (set here)",
        ),
        (
            "update: Contacts, record: x, set: { full_name: A B }",
            "invalid_parameter: `full_name` of `Contacts` is put together from its parts (set here)",
        ),
        (
            "update: Contacts, record: x, set: { salary: 1 }",
            "not_authorized: this user may not set `salary` of `Contacts` (set here)",
        ),
        (
            "create: Accounts, key: a, set: { id: x, name: A }",
            "invalid_parameter: the id of a record cannot be set (set here)",
        ),
        (
            "create: Opportunities, key: a, set: { name: \"\", amount: 1, currency_id: \"-99\" }",
            "missing_parameter: a new record of `Opportunities` needs `date_closed` and `name` (created here)",
        ),
        (
            "create: Contacts, key: a, set: { first_name: A }, unchecked: [last_name]",
            "warning missing_parameter: a new record of `Contacts` needs `last_name` (created here)",
        ),
        (
            "update: Notes, record: x, set: { parent_id: x }",
            "missing_parameter: `parent_id` means something only with `parent_type` (is half of a pair)",
        ),
        (
            "update: Opportunities, record: x, set: { amount: 1 }",
            "warning missing_parameter: `amount` without `currency_id` (in which currency?)",
        ),
        (
            "update: Accounts, record: x, set: { account_type: Friend }, unchecked: [account_type]",
            "warning invalid_parameter: `account_type` of `Accounts` does not take this (`Friend` is not one of the field's values)",
        ),
    ] {
        assert_eq!(found(step), [expected], "{step}");
    }
}

#[test]
fn fields_of_results_are_those_of_the_module() {
    let steps = r#"
  - { id: owner, filter: Users }
  - { id: people, related: Accounts, record: x, through: contacts }
  - id: notes
    for_each: "{{ steps.people.records }}"
    as: person
    create: Notes
    key: "{{ person.id }}"
    set: { name: "{{ person.lastname }} {{ steps.owner.records[0].emial1 }}" }
  - id: again
    for_each: "{{ steps.notes.items }}"
    update: Notes
    record: "{{ item.id }}"
    set: { name: "{{ item.nmae }} {{ item.source.frist_name }} {{ item.name }} {{ item.source.email1 }}" }
  - { id: narrow, list: Accounts, fields: [name], key: "{{ item.naem }}" }
  - { id: holds, assert: [steps.narrow.first.employees == "", steps.owner.first._module == "Users"] }
"#;
    assert_eq!(
        found_with(steps, &metadata()),
        [
            "invalid_parameter: `Contacts` has no field `lastname` (of the records of `people`)",
            "invalid_parameter: `Users` has no field `emial1` (of the records of `owner`)",
            "invalid_parameter: `Notes` has no field `nmae` (of the records of `notes`)",
            "invalid_parameter: `Contacts` has no field `frist_name` (of the records of `people`)",
            "invalid_parameter: `Accounts` has no field `naem` (of the records of `narrow`)",
            "not_fetched: `narrow` does not fetch `employees` (of the records of `narrow`)",
        ]
    );
}

#[test]
fn ids_are_of_the_module_they_are_given_to() {
    let steps = r#"
  - { id: owner, filter: Users, key: "{{ item.user_name }}" }
  - { id: people, filter: Contacts }
  - id: move
    for_each: "{{ steps.people.records }}"
    as: person
    link: Accounts
    record: "{{ person.account_id }}"
    through: contacts
    to: ["{{ steps.owner.by_key[person.email1].id }}", "{{ person.id }}"]
  - id: set
    for_each: "{{ steps.people.records }}"
    update: Contacts
    record: "{{ steps.owner.first.id }}"
    set: { account_id: "{{ item.id }}" }
  - { id: fine, update: Contacts, record: "{{ steps.people.first.id }}", set: { account_id: "{{ steps.people.first.account_id }}" } }
"#;
    assert_eq!(
        found_with(steps, &metadata()),
        [
            "invalid_parameter: `to` wants an id of `Contacts` (this is one of `Users`)",
            "invalid_parameter: `record` wants an id of `Contacts` (this is one of `Users`)",
            "invalid_parameter: `account_id` wants an id of `Accounts` (this is one of `Contacts`)",
        ]
    );
}

#[test]
fn metadata_that_says_nothing_forbids_nothing() {
    let steps = r#"
  - { id: a, filter: Acounts, where: { nmae: { $starts: A } }, order_by: nmae, key: "{{ item.nmae }}" }
  - { id: b, create: Nowhere, key: b, set: { anything: "{{ steps.a.first.anything }}" } }
  - { id: c, link: Nowhere, record: x, through: nothing, to: "{{ steps.a.ids }}" }
"#;
    assert_eq!(
        found_with(steps, &Metadata::default()),
        Vec::<String>::new()
    );
}

#[test]
fn who_only_plans_is_only_warned_of_missing_rights_to_write() {
    let checked = checked(
        "  - { id: a, delete: Notes, record: x }\n  - { id: b, get: Contacts, record: x, fields: [salary] }\n",
    );
    let severities: Vec<Severity> = against_with(&checked, &metadata(), WriteAccess::Advised)
        .iter()
        .map(|problem| problem.severity)
        .collect();
    assert_eq!(severities, [Severity::Warning, Severity::Error]);
}

#[test]
fn the_modules_a_playbook_needs() {
    let checked = checked(
        "  - { id: a, filter: Accounts, where: { $or: [{ calls.name: A }, { contacts.last_name: B }] } }\n  - { id: b, me: {} }\n  - { id: c, list: Leads }\n",
    );
    let names = |modules: BTreeSet<crate::wire::ModuleName>| -> Vec<String> {
        modules.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(modules(&checked)), ["Accounts", "Leads"]);
    assert_eq!(names(far_modules(&checked, &metadata())), ["Calls"]);
}

#[test]
fn steps_that_name_others_below_them_are_judged_by_what_those_give() {
    let steps = "  - { id: a, for_each: '{{ steps.z.records }}', update: Accounts, record: '{{ item.id }}', set: { name: '{{ item.nmae }}' } }
  - { id: b, for_each: '{{ steps.a.items }}', create: Notes, key: '{{ item.id }}', set: { name: '{{ item.source.nmae }}' } }
  - { id: z, list: Accounts }
";
    let mut sources = Sources::default();
    let source = sources.add("t.yaml", format!("version: 1\nname: t\nsteps:\n{steps}"));
    let playbook = playbook::parse(source, Path::new("."), &sources).expect("it is a playbook");
    let (_, along) = check::check_with(playbook, &sources, &Headings::new(), Some(&metadata()));
    let along: Vec<&str> = along
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(along, ["`Accounts` has no field `nmae`"; 2]);
    assert_eq!(found_with(steps, &metadata()).len(), along.len());
}
