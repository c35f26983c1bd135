//! Nothing personal in any report, unless somebody asks for it.

use serde_json::json;

use super::fixtures;
use super::fixtures::Planned;
use crate::diag::Code;
use crate::diag::Colour;
use crate::diag::Problem;
use crate::diag::Sources;
use crate::diag::Style;
use crate::operation::Action;
use crate::operation::State;
use crate::report::Listing;
use crate::report::Options;
use crate::report::Privacy;
use crate::report::TextOptions;
use crate::report::write_csv;
use crate::report::write_github;
use crate::report::write_html;
use crate::report::write_json;
use crate::report::write_junit;
use crate::report::write_markdown;
use crate::report::write_ndjson;
use crate::report::write_text;
use crate::runfile::RunView;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::SugarLabel;

/// All reports one behind the other, with everything listed.
fn reports(view: &RunView, privacy: Privacy) -> String {
    let mut out = Vec::new();
    let text = TextOptions {
        style: Style {
            width: 200,
            colour: Colour::None,
        },
        privacy,
        listing: Listing::All,
    };
    write_text(view, text, &mut out).unwrap();
    let json = Options {
        privacy,
        ..Options::default()
    };
    write_json(view, json, &mut out).unwrap();
    for write in [write_junit, write_github, write_ndjson, write_csv] {
        write(view, privacy, &mut out).unwrap();
    }
    write_markdown(view, privacy, &mut out).unwrap();
    write_html(view, privacy, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn assert_hidden(view: &RunView, personal: &[&str]) {
    let (hidden, shown) = (reports(view, Privacy::Hide), reports(view, Privacy::Show));
    for value in personal {
        assert!(shown.contains(value), "`{value}` is in the run file");
        let line = hidden.lines().find(|line| line.contains(value));
        assert_eq!(line, None, "`{value}` is hidden");
    }
}

#[test]
fn fields_keys_texts_and_outputs_are_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let view = fixtures::view(fixtures::finished(folder.path()));
    assert_hidden(
        &view,
        &[
            "Huber",
            "Anna",
            "Weiß",
            "anna.huber@example.com",
            "joerg@example.org",
            "+49 30 12345",
            "+49307654321",
            // Of rows that never came to be records.
            "Roe, Max",
            "Doe, Jane",
            "31.02.1980",
        ],
    );
    let hidden = reports(&view, Privacy::Hide);
    assert!(hidden.contains("Müller & Söhne"), "a company is no person");
    let folder = tempfile::tempdir().unwrap();
    let view = fixtures::view(fixtures::plan(folder.path()));
    let hidden = reports(&view, Privacy::Hide);
    let change = "\"+49 ••• 21 (991)\" → \"+49•••21 (1e3)\"";
    assert!(hidden.contains(change), "that it changes is seen");
}

#[test]
fn keys_are_hidden_in_steps_that_only_pass_them_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "people", "create", Some("Contacts"));
    fixtures::step(&file, 1, "calls", "create", Some("Calls"));
    fixtures::step(&file, 2, "notes", "create", Some("Notes"));
    let person = json!({ "last_name": "Huber" });
    fixtures::add(
        &mut file,
        0,
        vec![Planned::create(0, 0, "HUBER/7", "Contacts", person)],
    );
    let call = Planned::create(1, 0, "call HUBER/7", "Calls", json!({ "name": "call" }));
    fixtures::add(&mut file, 1, vec![call.needs(0, 0)]);
    let skipped = Planned::new(2, 0, "note", Action::Create)
        .needs(1, 0)
        .ended(
            State::Skipped,
            Label::from(LocalLabel::Dependency),
            "it needs `calls[call HUBER/7]`, which did not succeed",
        );
    let missing = Planned::new(2, 1, "other", Action::Create).ended(
        State::Failed,
        Label::from(LocalLabel::MissingKey),
        "step `people` has no item with the key `MEIER/9`",
    );
    fixtures::add(&mut file, 2, vec![skipped, missing]);
    assert_hidden(&fixtures::view(file), &["HUBER", "MEIER/9"]);
}

#[test]
fn messages_and_diagnostics_tell_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "people", "create", Some("Contacts"));
    let failed = |index, message: &str| {
        let label = Label::from(SugarLabel::InvalidParameter);
        Planned::new(0, index, &index.to_string(), Action::Create).ended(
            State::Failed,
            label,
            message,
        )
    };
    fixtures::add(
        &mut file,
        0,
        vec![
            failed(
                0,
                "`last_name`: 9 characters, the field holds 4: `Hubermann`",
            ),
            failed(
                1,
                "`last_name`: 9 characters, the field holds 4: `Maier`mann`",
            ),
            failed(
                2,
                "Sugar said: max.roe@example.com is taken, call 0049 or +49 89 123456",
            ),
        ],
    );
    let problem = Problem::error(
        Code("invalid_parameter"),
        "`birthdate`: `31.02.1980` is not a date",
    );
    file.add_problem(&problem.step("people"), &Sources::default())
        .unwrap();
    let view = fixtures::view(file);
    let personal = [
        "Hubermann",
        "Maier",
        "max.roe@example.com",
        "+49 89 123456",
        "31.02.1980",
    ];
    assert_hidden(&view, &personal);
    assert!(
        reports(&view, Privacy::Hide).contains("the field holds 4"),
        "what is wrong is still said"
    );
}

/// Records inside of another, ids, labels and the names of files: none of them is a field.
#[test]
fn what_is_no_field_is_hidden_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "accounts", "create", Some("Accounts"));
    let nested = json!({
        "name": "ACME",
        "contacts": { "create": [{ "last_name": "Hubermann", "description": "fine" }] },
        "members": { "add": [{ "id": "x", "email1": "in.a.map@example.com" }] },
    });
    let nested =
        Planned::create(0, 0, "0", "Accounts", nested).row("of anna.huber@example.com.csv", 3);
    let failed = Planned::new(0, 1, "1", Action::Create).ended(
        State::Failed,
        Label::Other("taken_by_max.roe@example.com".into()),
        "it is taken",
    );
    fixtures::add(&mut file, 0, vec![nested, failed]);
    let view = fixtures::view(file);
    let personal = [
        "Hubermann",
        "in.a.map@example.com",
        "anna.huber@example.com",
        "max.roe@example.com",
    ];
    assert_hidden(&view, &personal);
    assert!(reports(&view, Privacy::Hide).contains("fine"));
}
