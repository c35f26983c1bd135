//! The Markdown of a pull request: what it says, that it fits, and that nothing out of records is obeyed.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use pulldown_cmark::Event;
use pulldown_cmark::Options as Extensions;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use pulldown_cmark::TagEnd;
use serde_json::Value as Json;
use serde_json::json;

use super::fixtures;
use super::fixtures::Planned;
use crate::operation::Action;
use crate::operation::State;
use crate::playbook::Limits;
use crate::playbook::Tolerance;
use crate::report::Privacy;
use crate::report::write_markdown;
use crate::runfile::GivenLimits;
use crate::runfile::RunFile;
use crate::wire::Label;
use crate::wire::SugarLabel;

/// What GitHub takes.
const LARGEST: usize = 65_536;

fn markdown(file: RunFile) -> String {
    let path = file.path().display().to_string();
    let view = fixtures::view(file);
    let mut out = Vec::new();
    write_markdown(&view, Privacy::Hide, &mut out).unwrap();
    // The folder is another one every time.
    String::from_utf8(out)
        .unwrap()
        .replace(&path, "import-customers.run")
}

fn of(make: fn(&Path) -> RunFile) -> String {
    markdown(make(tempfile::tempdir().unwrap().path()))
}

#[test]
fn a_plan() {
    insta::assert_snapshot!(of(fixtures::plan));
}

#[test]
fn a_refused_plan() {
    insta::assert_snapshot!(of(fixtures::refused));
}

#[test]
fn a_run_with_failures() {
    insta::assert_snapshot!(of(fixtures::finished));
}

#[test]
fn an_interrupted_run() {
    insta::assert_snapshot!(of(fixtures::interrupted));
}

/// Equal changes are counted together, the largest first; what is odd about them is said.
#[test]
fn many_changes_of_a_kind() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "tidy", "update", Some("Accounts"));
    let updates = (0..400).map(|index| {
        let description = format!("a long description, number {index}, of which little stays");
        let owner = if index % 100 == 0 { "seed_max" } else { "seed_jim" };
        Planned::update(
            0,
            index,
            &format!("A-{index}"),
            "Accounts",
            json!({ "industry": "Tech", "name": format!("Old {}", index % 30), "description": description,
                "assigned_user_id": owner, "phone_office": if index < 2 { "+49 30 1234567" } else { "" } }),
            json!({ "industry": "Technology", "name": format!("New {}", index % 30), "description": &description[..6],
                "assigned_user_id": "seed_jim", "phone_office": "" }),
        )
    });
    fixtures::add(&mut file, 0, updates.collect());
    let text = markdown(file);
    let (upto, _) = text.split_once("other operations").unwrap();
    insta::assert_snapshot!(upto);
}

/// Whoever raised a limit sees the one that holds, and by how much it is exceeded where it is.
#[test]
fn the_limits_are_those_that_hold() {
    let folder = tempfile::tempdir().unwrap();
    let file = fixtures::plan(folder.path());
    let given = Limits {
        max_changes: Some(5),
        max_failures: Some(Tolerance::Percent(50.0)),
        ..Limits::default()
    };
    file.put(&GivenLimits(given)).unwrap();
    let text = markdown(file);
    let (_, table) = text.split_once("|---|--:|---|\n").unwrap();
    insta::assert_snapshot!(table.split_once("\n\n").unwrap().0);
}

/// What is odd, and a few records of every step, are worth more than tables and than the rest of another step.
#[test]
fn what_is_odd_is_shown_however_many_changes_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "tidy", "update", Some("Accounts"));
    fixtures::step(&file, 1, "touch", "update", Some("Accounts"));
    let long = "a value that takes its room ".repeat(4);
    let fields = |index: u64, side: &str| -> serde_json::Map<String, Json> {
        (0..60)
            .map(|field| {
                (
                    format!("f{field}_c"),
                    format!("{side} {index} {long}").into(),
                )
            })
            .collect()
    };
    let tidy = (0..40).map(|index| {
        let (mut before, after) = (fields(index, "old"), fields(index, "new"));
        before.insert("website".into(), "https://example.com".into());
        let mut after = after;
        after.insert(
            "website".into(),
            if index == 7 {
                ""
            } else {
                "https://example.com"
            }
            .into(),
        );
        let (before, after) = (Json::Object(before), Json::Object(after));
        Planned::update(0, index, &format!("T-{index}"), "Accounts", before, after)
    });
    fixtures::add(&mut file, 0, tidy.collect());
    let touch = (0..200).map(|index| {
        let (old, new) = (
            json!({ "name": "old" }),
            json!({ "name": format!("{long} {index}") }),
        );
        Planned::update(1, index, &format!("U-{index}"), "Accounts", old, new)
    });
    fixtures::add(&mut file, 1, touch.collect());
    let text = markdown(file);
    assert!(text.contains("- **cleared**: `website` × 1"), "{text}");
    for record in ["[`T-0`]", "[`T-2`]", "[`U-0`]", "[`U-2`]"] {
        assert!(text.contains(&format!("- {record}")), "{record}: {text}");
    }
    assert_eq!(left_out(&text, " oddit"), 0);
    assert!(left_out(&text, " changed field") > 0, "{text}");
    assert!(text.len() <= LARGEST, "{}", text.len());
}

/// A value that would write to everybody, close what is folded, end its cell and fetch a picture.
const HOSTILE: &str = "@everyone </details>| ![x](http://evil) `code` <img src=x> #12 \\| **b** $x$ :tada:\n\n# head\n";

fn with_values(folder: &Path, value: &str) -> RunFile {
    let mut file = fixtures::empty(folder);
    for (number, verb) in (0..).zip(["create", "update", "delete", "create"]) {
        fixtures::step(
            &file,
            number,
            &format!("{verb}{number}"),
            verb,
            Some("Cases"),
        );
    }
    let fields = json!({ "name": value, "x": [value], "y": { value: value } });
    let create = Planned::create(0, 0, value, "Cases", fields).row(value, 1);
    fixtures::add(&mut file, 0, vec![create]);
    let old = json!({ "name": "old" });
    let update = Planned::update(1, 0, value, "Cases", old, json!({ "name": value }));
    fixtures::add(&mut file, 1, vec![update]);
    let delete = Planned::delete(2, 0, value, "Cases", json!({ "name": value }));
    fixtures::add(&mut file, 2, vec![delete]);
    let waits = Planned::new(3, 0, value, Action::Create).waits_for(0);
    fixtures::add(&mut file, 3, vec![waits.needs(0, 0)]);
    file
}

#[test]
fn nothing_from_records_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = with_values(folder.path(), HOSTILE);
    fixtures::step(&file, 4, "failing", "update", Some("Cases"));
    let failed = Planned::new(4, 0, HOSTILE, Action::Update)
        .row(HOSTILE, 3)
        .ended(State::Failed, Label::Other(HOSTILE.into()), HOSTILE);
    fixtures::add(&mut file, 4, vec![failed]);
    file.explain_step(crate::expr::StepNo(4), Some(HOSTILE))
        .unwrap();
    let text = markdown(file);
    assert_inert(&text);
    assert!(text.contains("everyone"), "it is shown nevertheless");
    let plain = outside_of_code(&text);
    for sign in ["@everyone", "#12", "://", "![", "**b**", ":tada:", "$x$"] {
        assert!(
            !plain.contains(sign),
            "`{sign}` stands outside of code: {plain}"
        );
    }
}

/// Links lead to the instance, HTML is what we write ourselves, and there are no pictures.
fn assert_inert(text: &str) {
    for event in events(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(
                    dest_url.starts_with("https://crm.example.com/#"),
                    "{dest_url}"
                );
            }
            Event::Start(Tag::Image { dest_url, .. }) => panic!("a picture: {dest_url}"),
            Event::InlineHtml(html) => {
                assert!(
                    ["<code>", "</code>", "<br>"].contains(&html.as_ref()),
                    "{html}"
                );
            }
            Event::Html(html) => {
                let html = html.trim();
                let is_ours = html == "</details>"
                    || html.starts_with("<details><summary><code>") && html.ends_with("</summary>")
                    || html.starts_with("<!-- sugarmill ");
                assert!(is_ours && html.matches('<').count() <= 8, "{html}");
            }
            _ => {}
        }
    }
}

fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(text, Extensions::all())
}

/// The text in which GitHub and GitLab look for names and numbers.
fn outside_of_code(text: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0;
    for event in events(text) {
        match event {
            Event::InlineHtml(html) if html.as_ref() == "<code>" => depth += 1,
            Event::InlineHtml(html) if html.as_ref() == "</code>" => depth -= 1,
            Event::Start(Tag::CodeBlock(_)) => depth += 1,
            Event::End(TagEnd::CodeBlock) => depth -= 1,
            Event::Text(text) if depth == 0 => plain.push_str(&text),
            Event::SoftBreak | Event::HardBreak => plain.push('\n'),
            _ => {}
        }
    }
    plain
}

/// What a document is made of, whatever its values are.
fn structure(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut in_code = false;
    for event in events(text) {
        let shape = match event {
            Event::Code(_) => "code".to_owned(),
            Event::InlineHtml(html) if html.as_ref() == "<code>" => {
                in_code = true;
                "code".to_owned()
            }
            Event::InlineHtml(html) if html.as_ref() == "</code>" => {
                in_code = false;
                continue;
            }
            _ if in_code => continue,
            Event::Start(Tag::Link { .. }) => "link".to_owned(),
            // An empty value is said in words.
            Event::Text(text) => match text.trim() {
                "" => continue,
                text => format!("text {text}"),
            },
            other => format!("{other:?}"),
        };
        if found.last().is_none_or(|last| *last != shape) {
            found.push(shape);
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// No value changes what a document is made of.
    #[test]
    fn values_are_never_structure(value in "[a@#|`<>&!\\[\\](){}*_~$:/\\\\ \n-]{1,24}") {
        let of = |value| markdown(with_values(tempfile::tempdir().unwrap().path(), value));
        let (hostile, calm) = (of(&value), of("a value"));
        prop_assert_eq!(structure(&hostile), structure(&calm), "{}", hostile);
    }
}

fn large(folder: &Path, deletes: u64, failures: u64, updates: u64, length: usize) -> RunFile {
    let mut file = fixtures::empty(folder);
    for (number, verb) in (0..).zip(["delete", "create", "update"]) {
        fixtures::step(&file, number, verb, verb, Some("Cases"));
    }
    let long = |index: u64| format!("{index}|{}", "ü`".repeat(length));
    let deletes = (0..deletes).map(|index| {
        Planned::delete(
            0,
            index,
            &long(index),
            "Cases",
            json!({ "name": long(index) }),
        )
    });
    let failures = (0..failures).map(|index| {
        let label = match index % 3 {
            0 => Label::from(SugarLabel::NotFound),
            1 => Label::from(SugarLabel::NotAuthorized),
            _ => Label::Other(long(index)),
        };
        let create = Planned::new(1, index, &long(index), Action::Create);
        create
            .row(&long(index), index)
            .ended(State::Failed, label, &long(index))
    });
    let updates = (0..updates).map(|index| {
        let fields: serde_json::Map<String, Json> = (0..index % 7)
            .map(|field| (format!("f{field}{}", long(0)), long(index).into()))
            .collect();
        Planned::update(
            2,
            index,
            &long(index),
            "Cases",
            json!({}),
            Json::Object(fields),
        )
    });
    let (deletes, failures, updates): (Vec<_>, Vec<_>, Vec<_>) =
        (deletes.collect(), failures.collect(), updates.collect());
    fixtures::add(&mut file, 0, deletes);
    fixtures::add(&mut file, 1, failures);
    fixtures::add(&mut file, 2, updates);
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// However much there is, it fits, and deletes and failures are counted, shown or not.
    #[test]
    fn it_always_fits(
        deletes in 0_u64..120,
        failures in 0_u64..120,
        updates in 0_u64..120,
        length in prop_oneof![Just(0_usize), Just(10), Just(400)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let text = markdown(large(folder.path(), deletes, failures, updates, length));
        assert_counts(&text, deletes, failures);
    }
}

fn assert_counts(text: &str, deletes: u64, failures: u64) {
    assert!(
        text.chars().count() <= LARGEST,
        "{} characters",
        text.chars().count()
    );
    let headings: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#### "))
        .collect();
    let wanted = |count: u64, text: String| (count > 0).then_some(text);
    for heading in [
        wanted(
            deletes,
            crate::report::text::cells::counted(deletes, "delete"),
        ),
        wanted(
            failures,
            format!("{} failed", crate::report::text::grouped(failures)),
        ),
    ]
    .into_iter()
    .flatten()
    {
        assert!(
            headings.contains(&heading.as_str()),
            "{heading}: {headings:?}"
        );
    }
    // Each is listed, or counted among those that are not.
    let section = |heading: &str| {
        let from = text.find(&format!("#### {heading}"))?;
        let rest = &text[from + 5..];
        Some(&rest[..rest.find("\n#### ").unwrap_or(rest.len())])
    };
    if deletes > 0 {
        let section = section(&crate::report::text::cells::counted(deletes, "delete")).unwrap();
        let listed = section
            .lines()
            .filter(|line| line.starts_with("- `delete`"));
        let listed = listed.count() as u64;
        let more = left_out(text, " delete");
        assert_eq!(listed + more, deletes);
    }
    if failures > 0 {
        let section = section(&format!(
            "{} failed",
            crate::report::text::grouped(failures)
        ))
        .unwrap();
        let listed = section
            .lines()
            .filter(|line| line.starts_with("    - ") && !line.contains("… and "));
        let listed = listed.count() as u64;
        assert_eq!(
            listed + left_out(text, " failed or unknown operation"),
            failures
        );
    }
}

/// How many of something the document says it does not show.
fn left_out(text: &str, what: &str) -> u64 {
    let line = text
        .lines()
        .find(|line| line.starts_with("**Not shown here**"));
    let Some((before, _)) = line.and_then(|line| line.split_once(what)) else {
        return 0;
    };
    let number = before.trim_end().rsplit(' ').next().unwrap_or_default();
    number.replace(',', "").parse().unwrap()
}

#[test]
fn thousands_of_everything_fit() {
    let folder = tempfile::tempdir().unwrap();
    let text = markdown(large(folder.path(), 1_200, 1_200, 1_200, 30));
    assert_counts(&text, 1_200, 1_200);
    assert!(
        text.len() > LARGEST / 2,
        "and the room is used: {}",
        text.len()
    );
}

/// Whoever reviews must see each delete, so they come before what is made.
#[test]
fn hundreds_of_deletes_are_all_listed_before_creates() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "retire", "delete", Some("Accounts"));
    fixtures::step(&file, 1, "accounts", "create", Some("Accounts"));
    let fields = |index: u64| json!({ "name": format!("Account number {index}"), "industry": "Steel", "website": "https://example.com" });
    let deletes = (0..600).map(|index| {
        Planned::delete(
            0,
            index,
            &format!("K-{index:05}"),
            "Accounts",
            fields(index),
        )
    });
    let creates = (0..600).map(|index| {
        Planned::create(
            1,
            index,
            &format!("N-{index:05}"),
            "Accounts",
            fields(index),
        )
    });
    let (deletes, creates) = (deletes.collect(), creates.collect());
    fixtures::add(&mut file, 0, deletes);
    fixtures::add(&mut file, 1, creates);
    let text = markdown(file);
    assert!(text.chars().count() <= LARGEST, "{}", text.chars().count());
    for index in 0..600 {
        assert!(text.contains(&format!("K-{index:05}")), "{index}:\n{text}");
    }
    assert_eq!(left_out(&text, " delete"), 0);
    assert!(left_out(&text, " operations") > 0, "{text}");
}

#[test]
fn a_playbook_of_very_many_steps_fits() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    for number in 0..400 {
        fixtures::step(
            &file,
            number,
            &format!("step_{number}"),
            "update",
            Some("Cases"),
        );
        let (old, new) = (json!({ "name": "old" }), json!({ "name": "new" }));
        let update = Planned::update(number, 0, "0", "Cases", old, new);
        fixtures::add(&mut file, number, vec![update]);
    }
    let text = markdown(file);
    assert!(text.chars().count() <= LARGEST, "{}", text.chars().count());
    // A step may be there twice: with its changes, and with its operations.
    let shown = text.lines().filter(|line| line.starts_with("<details>"));
    let shown = shown.filter_map(|line| line.split_once("</code>"));
    let shown: BTreeSet<&str> = shown.map(|(step, _)| step).collect();
    let shown = shown.len() as u64;
    assert_eq!(shown + left_out(&text, " steps with changes"), 400);
}
