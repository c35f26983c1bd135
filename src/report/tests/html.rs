//! The page: what it says, that nothing out of records is obeyed, and that it is bounded. `tests/browser` looks at it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;

use super::fixtures;
use super::fixtures::Planned;
use crate::operation::Action;
use crate::operation::State;
use crate::report::Privacy;
use crate::report::write_html;
use crate::runfile::RunFile;
use crate::wire::Label;
use crate::wire::SugarLabel;

fn html(file: RunFile) -> String {
    let path = file.path().display().to_string();
    let view = fixtures::view(file);
    let mut out = Vec::new();
    write_html(&view, Privacy::Hide, &mut out).unwrap();
    let page = String::from_utf8(out).unwrap();
    let escaped = path.replace('/', "&#x2f;");
    page.replace(&escaped, "import-customers.run")
}

fn of(make: fn(&Path) -> RunFile) -> String {
    html(make(tempfile::tempdir().unwrap().path()))
}

/// What stands between the first opening and its closing.
fn between<'a>(text: &'a str, opening: &str, closing: &str) -> &'a str {
    let (_, rest) = text.split_once(opening).unwrap();
    rest.split_once(closing).unwrap().0
}

/// Without style and script, which have files of their own, and the hashes of these.
fn body(page: &str) -> &str {
    let (_, body) = page.split_once("<main>").unwrap();
    body.split_once("</main>").unwrap().0
}

/// What it says, a line for each piece that stands alone, and where its links lead; nothing of how it is set.
fn text(page: &str) -> String {
    let replaced = |text: &str, pattern: &str, with: &str| {
        let pattern = regex::Regex::new(pattern).unwrap();
        pattern.replace_all(text, with).into_owned()
    };
    let text = replaced(body(page), r"\s+", " ");
    let text = replaced(&text, r#"<a href="(http[^"]*)"[^>]*>"#, "($1) ");
    let text = replaced(&text, r"<code>|</code>", "`");
    let alone = "p|h1|h2|h3|li|tr|div|summary|figcaption|title|desc|button|pre";
    let text = replaced(&text, &format!(r"<br>|</?(?:{alone})\b"), "\n$0");
    let text = replaced(&text, r"</(?:td|th|span|dt)>", " ");
    let text = replaced(&text, "<[^>]*>", "");
    let mut lines = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !words.is_empty() {
            lines.push_str(&words.join(" "));
            lines.push('\n');
        }
    }
    for (entity, letter) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ] {
        lines = lines.replace(entity, letter);
    }
    lines
}

#[test]
fn a_plan() {
    insta::assert_snapshot!(text(&of(fixtures::plan)));
}

#[test]
fn a_run_with_failures() {
    insta::assert_snapshot!(text(&of(fixtures::finished)));
}

/// A step of which nothing is known yet has no operations to count, and may come to any number.
#[test]
fn a_step_that_waits_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "made", "create", Some("Cases"));
    fixtures::step(&file, 1, "attach", "link", Some("Cases"));
    let create = Planned::create(0, 0, "A", "Cases", json!({ "name": "a" }));
    fixtures::add(&mut file, 0, vec![create]);
    insta::assert_snapshot!(text(&html(file)));
}

/// What is hidden is what metadata marks, and that may be nothing.
#[test]
fn what_is_hidden_is_said() {
    let marked = of(fixtures::plan);
    assert!(
        marked.contains("the fields that the instance's metadata mark")
            || marked.contains("the fields that the instance&#x27;s metadata mark"),
        "{marked}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = fixtures::plan(folder.path());
    let mut header = file.header().unwrap();
    for module in header.metadata.modules.values_mut() {
        module
            .fields
            .values_mut()
            .for_each(|field| field.marks.clear());
    }
    file.put(&header).unwrap();
    let bare = html(file);
    assert!(
        bare.contains("mark no field of these modules as personal"),
        "{bare}"
    );
}

#[test]
fn a_browser_runs_what_is_named_and_nothing_else() {
    let page = of(fixtures::plan);
    let policy = between(&page, "Security-Policy\" content=\"", "\">")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    for (kind, opening, closing) in [
        ("style-src", "<style>", "</style>"),
        ("script-src", "<script>", "</script>"),
    ] {
        let hash = STANDARD.encode(Sha256::digest(between(&page, opening, closing)));
        let expected = format!("{kind} 'sha256-{hash}'");
        assert!(policy.contains(&expected), "{expected}: {policy}");
        assert_eq!(page.matches(opening).count(), 1, "one {opening}");
    }
    for address in ["http:", "https:", "//"] {
        let loads = [
            format!("src=\"{address}"),
            format!("url({address}"),
            format!("@import \"{address}"),
        ];
        assert!(
            loads.iter().all(|load| !page.contains(load)),
            "nothing is fetched"
        );
    }
}

#[test]
fn nothing_from_records_is_obeyed() {
    let hostile =
        "</script><img src=x onerror=alert(1)>\"'><details open> {{ page }} {% raw %} `</code><b>`";
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "made", "create", Some("Cases"));
    fixtures::step(&file, 1, "changed", "update", Some("Cases"));
    let fields = json!({ "name": hostile, hostile: [hostile] });
    let create = Planned::create(0, 0, hostile, "Cases", fields).row(hostile, 1);
    let failed = Planned::new(0, 1, "1", Action::Create).ended(
        State::Failed,
        Label::Other(hostile.into()),
        hostile,
    );
    fixtures::add(&mut file, 0, vec![create, failed]);
    let (old, new) = (json!({ "name": "old" }), json!({ "name": hostile }));
    let update = Planned::update(1, 0, hostile, "Cases", old, new);
    fixtures::add(&mut file, 1, vec![update]);
    let page = html(file);
    for tag in ["<img", "<b>", "<details open>", "</script><"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "it is shown"
    );
    assert!(page.contains("{{ page }}"), "and no template of ours");
}

#[test]
fn of_very_many_operations_the_bad_ones_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fixtures::empty(folder.path());
    fixtures::step(&file, 0, "many", "create", Some("Cases"));
    fixtures::step(&file, 1, "few", "create", Some("Cases"));
    let many = (0..5_200).map(|index| {
        let key = format!("K-{index}");
        match index {
            5_100.. => Planned::new(0, index, &key, Action::Create).ended(
                State::Failed,
                Label::from(SugarLabel::NotFound),
                "it is not there",
            ),
            _ => Planned::create(0, index, &key, "Cases", json!({ "name": index })),
        }
    });
    fixtures::add(&mut file, 0, many.collect());
    let few =
        (0..50).map(|index| Planned::create(1, index, &format!("F-{index}"), "Cases", json!({})));
    fixtures::add(&mut file, 1, few.collect());
    let page = html(file);
    let count = |outcome: &str| {
        let operation = format!("class=\"operation\" data-outcome=\"{outcome}\"");
        page.matches(&operation).count()
    };
    // The second step needs less than its share.
    assert_eq!((count("failed"), count("planned")), (100, 4_850 + 50));
    assert!(
        page.contains("This page holds 5,000 operations"),
        "what it holds is said"
    );
    assert!(
        page.contains("; 250 more are counted above"),
        "and what it does not"
    );
    assert!(page.contains("--operations all"), "and how to see it");
    let places = ["K-5100", "K-0"].map(|key| {
        page.find(&format!(
            "<span class=\"key\">{key}</span><span class=\"does\">"
        ))
    });
    assert!(places[0].unwrap() < places[1].unwrap());
}
