//! The text report at 80 columns.

use super::fixtures;
use super::fixtures::Planned;
use crate::diag::Colour;
use crate::diag::Style;
use crate::expr::StepNo;
use crate::operation::Action;
use crate::operation::State;
use crate::report::Listing;
use crate::report::Privacy;
use crate::report::TextOptions;
use crate::report::write_text;
use crate::runfile::Ending;
use crate::runfile::RunFile;
use crate::wire::Label;
use crate::wire::LocalLabel;

const PLAIN: TextOptions = TextOptions {
    style: Style {
        width: 80,
        colour: Colour::None,
    },
    privacy: Privacy::Hide,
    listing: Listing::Brief,
};

fn text(file: RunFile, options: TextOptions) -> String {
    let path = file.path().display().to_string();
    let view = fixtures::view(file);
    let mut out = Vec::new();
    write_text(&view, options, &mut out).unwrap();
    // The folder is another one every time.
    String::from_utf8(out)
        .unwrap()
        .replace(&path, "import-customers.run")
}

fn of(make: fn(&std::path::Path) -> RunFile, options: TextOptions) -> String {
    text(make(tempfile::tempdir().unwrap().path()), options)
}

#[test]
fn a_plan() {
    insta::assert_snapshot!(of(fixtures::plan, PLAIN));
}

#[test]
fn a_refused_plan() {
    insta::assert_snapshot!(of(fixtures::refused, PLAIN));
}

#[test]
fn a_run_with_failures() {
    insta::assert_snapshot!(of(fixtures::finished, PLAIN));
}

#[test]
fn a_run_with_all_its_operations() {
    let all = TextOptions {
        listing: Listing::All,
        privacy: Privacy::Show,
        ..PLAIN
    };
    insta::assert_snapshot!(of(fixtures::finished, all));
}

#[test]
fn an_interrupted_run() {
    insta::assert_snapshot!(of(fixtures::interrupted, PLAIN));
}

#[test]
fn a_run_without_failures() {
    insta::assert_snapshot!(of(fixtures::succeeded, PLAIN));
}

/// A step that waits, an unlink, a count that needs them, and a plan with nothing to do.
#[test]
fn what_is_not_known_yet_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "old", "unlink", Some("Accounts"));
    fixtures::step(&file, 1, "left", "count", Some("Contacts"));
    fixtures::step(&file, 2, "nobody", "update", Some("Contacts"));
    let unlink = Planned::unlink(0, 0, "0", fixtures::id(0, 0), &[fixtures::id(0, 1)]);
    fixtures::add(&mut file, 0, vec![unlink]);
    let reason = "it counts what `old` leaves, so it runs when `old` has";
    file.explain_step(StepNo(1), Some(reason)).unwrap();
    fixtures::add(&mut file, 2, Vec::new());
    insta::assert_snapshot!(text(file, PLAIN));
}

/// Records that leave the one they had, first; a relation's columns; and in a step of an undo what another action does.
#[test]
fn what_a_link_moves_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "attach", "link", Some("Accounts"));
    let ids: Vec<_> = (1..7).map(|index| fixtures::id(0, index)).collect();
    let link = Planned::link(0, 0, "Acme", fixtures::id(0, 0), &ids)
        .setting(1, serde_json::json!({ "contact_role": "buyer" }))
        .replacing(3, &fixtures::id(9, 9))
        .replacing(5, &fixtures::id(9, 8));
    let again = Planned::unlink(0, 1, "Beta", fixtures::id(0, 0), &ids[..1]);
    fixtures::add(&mut file, 0, vec![link, again]);
    insta::assert_snapshot!(text(file, PLAIN));
}

/// Equal messages are said once, and steps that were left out are nobody's surprise.
#[test]
fn the_same_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "del", "create", Some("Leads"));
    fixtures::step(&file, 1, "notes", "create", Some("Notes"));
    fixtures::step(&file, 2, "safe", "assert", None);
    let gone = |index: u64| {
        let message = match index {
            7 => "another one",
            _ => "a deleted record cannot be brought back",
        };
        let key = format!("L-{index}");
        Planned::new(0, index, &key, Action::Create)
            .row("leads.csv", index + 2)
            .ended(
                State::Failed,
                Label::from(LocalLabel::Irreversible),
                message,
            )
    };
    fixtures::add(&mut file, 0, (0..12).map(gone).collect());
    let skipped = |step, action| {
        let label = Label::from(LocalLabel::LeftOut);
        Planned::new(step, 0, "0", action).ended(State::Skipped, label, "`--only del`")
    };
    fixtures::add(&mut file, 1, vec![skipped(1, Action::Create)]);
    fixtures::add(&mut file, 2, vec![skipped(2, Action::Assert)]);
    insta::assert_snapshot!(text(file, PLAIN));
}

/// The first line and what can be done next.
fn ends_of(make: fn(&std::path::Path) -> RunFile, ending: &Ending) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = text(fixtures::end(make(folder.path()), ending), PLAIN);
    let (verdict, _) = text.split_once('\n').unwrap();
    let (_, next) = text.split_once("\nnext\n").unwrap_or_default();
    format!("{verdict}\n{next}\n")
}

#[test]
fn every_end_says_what_can_be_done() {
    let reason = || "the reason".to_owned();
    let ends = [
        ends_of(fixtures::unchanged, &Ending::Finished),
        ends_of(fixtures::succeeded, &Ending::Finished),
        ends_of(fixtures::finished, &Ending::Stopped(reason())),
        ends_of(fixtures::interrupted, &Ending::Lost(reason())),
        ends_of(fixtures::interrupted, &Ending::Refused(reason())),
        ends_of(fixtures::plan, &Ending::Refused(reason())),
    ];
    insta::assert_snapshot!(ends.concat());
}

#[test]
fn colour_says_nothing_that_the_words_do_not_say() {
    let style = Style {
        colour: Colour::Ansi,
        ..PLAIN.style
    };
    let coloured = of(fixtures::finished, TextOptions { style, ..PLAIN });
    assert!(coloured.contains("\u{1b}[31m"));
    let codes = regex::Regex::new("\u{1b}\\[[0-9]+m").unwrap();
    assert_eq!(
        codes.replace_all(&coloured, ""),
        of(fixtures::finished, PLAIN)
    );
}

#[test]
fn lines_keep_to_the_width() {
    for width in [60, 80, 120] {
        let style = Style {
            width,
            ..PLAIN.style
        };
        for make in [fixtures::plan, fixtures::finished, fixtures::interrupted] {
            let text = of(make, TextOptions { style, ..PLAIN });
            // Commands are left whole, to be copied.
            let lines = text.lines().filter(|line| !line.starts_with("  sugarmill"));
            for line in lines {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn nothing_from_data_is_obeyed_by_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "accounts", "create", Some("Accounts"));
    let hostile = "\u{1b}]0;x\u{7}\r\n\u{9b}31m\u{202e}";
    let fields = serde_json::json!({ "name": hostile, hostile: hostile });
    let create = Planned::create(0, 0, hostile, "Accounts", fields).row(hostile, 1);
    let failed = Planned::new(0, 1, "1", Action::Create).ended(
        State::Failed,
        Label::Other(hostile.into()),
        hostile,
    );
    fixtures::add(&mut file, 0, vec![create, failed]);
    let text = text(file, PLAIN);
    let found: Vec<char> = text
        .chars()
        .filter(|letter| (letter.is_control() && *letter != '\n') || *letter == '\u{202e}')
        .collect();
    assert_eq!(found, ['\0'; 0], "{text}");
}

/// A reviewer wants to know who goes, not who entered it.
#[test]
fn what_every_record_has_is_said_of_a_delete_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "gone", "delete", Some("Accounts"));
    let record = serde_json::json!({
        "name": "Old & Sons", "first_name": "Old", "date_entered": "2026-01-05T08:00:00Z", "created_by": "1", "website": "x",
    });
    fixtures::add(
        &mut file,
        0,
        vec![Planned::delete(0, 0, "0", "Accounts", record)],
    );
    let text = text(file, PLAIN);
    let names = ["name", "website", "created_by", "date_entered"];
    let places = names.map(|name| text.find(&format!("    {name} ")).unwrap());
    assert!(places.is_sorted(), "{text}");
    assert!(!text.contains("first_name"), "{text}");
}

#[test]
fn a_record_that_is_its_own_key_is_named_once_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "names", "update", Some("Accounts"));
    let id = fixtures::id(0, 0);
    let fields = |name: &str| serde_json::json!({ "name": name, "description": "", "x": 1 });
    let update = Planned::update(0, 0, id.as_str(), "Accounts", fields("a"), fields("b"));
    fixtures::add(&mut file, 0, vec![update]);
    let text = text(file, PLAIN);
    assert_eq!(text.matches(id.as_str()).count(), 1, "{text}");
    assert!(text.contains("(2 fields stay as they are)"), "{text}");
}
