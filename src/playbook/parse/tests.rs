//! What good playbooks become, and that no text whatever does harm.

use std::path::Path;
use std::time::Duration;

use super::super::Action;
use super::super::DataFormat;
use super::super::DependsOn;
use super::super::Expect;
use super::super::ForEach;
use super::super::Node;
use super::super::OnErrorAction;
use super::super::Playbook;
use super::super::Step;
use super::super::Tolerance;
use super::super::VarKind;
use super::super::VerifyMode;
use super::super::Wait;
use super::super::code;
use super::super::language::VERBS;
use super::load;
use super::parse;
use crate::diag::Colour;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Style;
use crate::diag::draw;
use crate::playbook::name_in;

const EVERY_KEY: &str = include_str!("../../../tests/language/every_key.yaml");

fn read(text: &str) -> (Sources, Result<Playbook, Problems>) {
    let mut sources = Sources::default();
    let source = sources.add("playbook.yaml", text);
    let playbook = parse(source, Path::new("."), &sources);
    (sources, playbook)
}

fn every_key() -> (Sources, Playbook) {
    let (sources, playbook) = read(EVERY_KEY);
    (sources, playbook.unwrap())
}

fn step<'p>(playbook: &'p Playbook, id: &str) -> &'p Step {
    playbook
        .steps
        .iter()
        .find(|step| step.id.value == id)
        .unwrap()
}

/// Whoever reports on a playbook calls it the same before and after a mistake is mended.
#[test]
fn a_playbook_has_its_name_whatever_else_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.yaml");
    for (text, name) in [
        ("version: 1\nname: right\nsteps: []", Some("right")),
        ("name: \"unknown key\"\nstepz: 1", Some("unknown key")),
        (
            "version: 1\r\nname: 'no YAML'\r\nsteps: [oh",
            Some("no YAML"),
        ),
        (
            "version: 1\nsteps:\n  - set: { name: x }\n    name: y\n  - [",
            None,
        ),
        ("name: [1]", None),
        ("", None),
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(name_in(&path).as_deref(), name, "{text}");
    }
    assert_eq!(name_in(&folder.path().join("none.yaml")), None);
}

#[test]
fn the_top_is_read() {
    let (sources, playbook) = every_key();
    assert_eq!(playbook.name.value, "every key");
    assert_eq!(sources.text(playbook.name.span), "every key");
    assert_eq!(playbook.generation, 2);
    let kinds: Vec<_> = playbook.vars.iter().map(|var| var.kind).collect();
    assert_eq!(kinds[0], VarKind::String);
    assert_eq!(kinds[8], VarKind::Secret);
    assert_eq!(playbook.vars[7].default.as_ref().unwrap().value, Node::Null);
    assert!(playbook.vars[8].default.is_none());
    assert_eq!(playbook.limits.max_failures, Some(Tolerance::Count(2)));
    assert_eq!(
        playbook.settings.request_timeout,
        Some(Duration::from_mins(2))
    );
    assert_eq!(playbook.outputs[0].0.value, "accounts");
}

#[test]
fn what_is_left_out_has_its_default() {
    let (_, playbook) = read("version: 1\nname: a\nsteps:\n  - { id: b, ping: {} }\n");
    let playbook = playbook.unwrap();
    assert_eq!(playbook.generation, 1);
    let step = &playbook.steps[0];
    assert_eq!(step.item_name.value, "item");
    assert_eq!(step.on_error.otherwise, None);
    assert_eq!(step.verify.otherwise, VerifyMode::Fail);
    assert_eq!(step.action, Action::Ping);
}

#[test]
fn places_are_those_of_the_text() {
    let (sources, playbook) = every_key();
    let get = step(&playbook, "admin");
    assert_eq!(
        sources.text(get.span),
        "{ id: admin, get: Users, record: 1, fields: [user_name] }"
    );
    assert_eq!(sources.text(get.verb_span), "get");
    let Action::Get(args) = &get.action else {
        panic!("not a get")
    };
    assert_eq!(args.record.value, Node::Text("1".into()));
    assert_eq!(sources.text(args.record.span), "1");

    let accounts = step(&playbook, "accounts");
    let text = sources.text(accounts.span);
    assert!(text.starts_with("id: accounts\n") && text.ends_with("unchecked: [code]"));
    let Action::Create(args) = &accounts.action else {
        panic!("not a create")
    };
    let phone = args
        .set
        .iter()
        .find(|(name, _)| name.value == "phone_office");
    assert_eq!(phone.unwrap().1.value, Node::Text("+49301234".into()));
}

#[test]
fn items_come_from_everywhere() {
    let (_, playbook) = every_key();
    let source = |id| &step(&playbook, id).for_each.as_ref().unwrap().value;
    let ForEach::File(file) = source("accounts") else {
        panic!("not a file")
    };
    assert_eq!(file.path.value, "data/accounts.csv");
    assert!(matches!(
        &file.format,
        DataFormat::Csv { delimiter: b';', quote: b'\'', encoding } if encoding.value == "windows-1252"
    ));
    assert!(matches!(source("changed"), ForEach::File(file) if file.format == DataFormat::Jsonl));
    assert!(matches!(source("linked"), ForEach::Literal(items) if items.len() == 2));
    let (_, playbook) = read(
        "version: 1\nname: a\nsteps:\n  - { id: b, for_each: '$.steps.c', ping: {} }\n  - { id: c, for_each: '{{ vars.x }}', ping: {} }\n",
    );
    let playbook = playbook.unwrap();
    let forms: Vec<_> = playbook
        .steps
        .iter()
        .map(|step| &step.for_each.as_ref().unwrap().value)
        .collect();
    assert!(matches!(
        forms[..],
        [ForEach::JsonPath(_), ForEach::Template(_)]
    ));
}

#[test]
fn controls_have_all_their_forms() {
    let (_, playbook) = every_key();
    let expected = &step(&playbook, "found").expect;
    assert!(matches!(
        &expected[..],
        [
            Expect::Count { min: Some(1), max: Some(100), .. },
            Expect::Holds(_),
            Expect::Holds(plain),
        ] if plain.value == "true"
    ));

    let accounts = step(&playbook, "accounts");
    assert_eq!(accounts.on_error.otherwise, None);
    let actions: Vec<_> = accounts
        .on_error
        .by_label
        .iter()
        .map(|(_, action)| *action)
        .collect();
    assert_eq!(
        actions,
        [
            OnErrorAction::Ignore,
            OnErrorAction::Stop,
            OnErrorAction::Continue
        ]
    );
    assert_eq!(accounts.retry.backoff, Some(Duration::from_secs(2)));
    assert_eq!(accounts.verify.by_field[1].1, VerifyMode::Off);

    let waits = |id| -> Vec<(String, Wait)> {
        let dependencies: &[DependsOn] = &step(&playbook, id).depends_on;
        dependencies
            .iter()
            .map(|dependency| (dependency.step.value.clone(), dependency.wait))
            .collect()
    };
    assert_eq!(waits("changed"), [("accounts".into(), Wait::Succeeded)]);
    assert_eq!(
        waits("listed"),
        [
            ("accounts".into(), Wait::Succeeded),
            ("changed".into(), Wait::Finished)
        ]
    );
}

/// The table and the parser know the same arguments.
#[test]
fn every_argument_of_the_table_is_taken() {
    for verb in VERBS {
        for key in verb.arguments {
            let text = format!(
                "version: 1\nname: a\nsteps:\n  - {{ id: b, {}: X, {}: Y }}\n",
                verb.name, key.name
            );
            let (_, playbook) = read(&text);
            for problem in playbook.err().iter().flatten() {
                assert!(
                    ![code::UNKNOWN_KEY, code::MISPLACED_KEY].contains(&problem.code),
                    "{text}{problem:?}"
                );
            }
        }
    }
}

#[test]
fn files_that_are_no_playbooks_are_one_problem() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs_err::write(path("empty.yaml"), "\n").unwrap();
    fs_err::write(path("latin.yaml"), b"name: M\xfcller").unwrap();
    fs_err::create_dir(path("folder")).unwrap();
    let mut said = Vec::new();
    for name in ["none.yaml", "folder", "empty.yaml", "latin.yaml"] {
        let problems = load(&path(name), &mut Sources::default()).unwrap_err();
        assert_eq!(problems.len(), 1);
        let message = &problems.iter().next().unwrap().message;
        said.push(message.replace(&format!("{}/", folder.path().display()), ""));
    }
    assert_eq!(
        said,
        [
            "there is no file `none.yaml`",
            "`folder` is a folder, not a file",
            "`empty.yaml` is empty",
            "a byte that is not UTF-8",
        ]
    );
}

/// Reads a text and draws what is wrong with it; it is enough that both come to an end.
fn survive(text: &str) {
    let (sources, playbook) = read(text);
    if let Err(problems) = playbook {
        assert!(!problems.is_empty());
        let style = Style {
            width: 80,
            colour: Colour::Ansi,
        };
        assert!(!draw(&problems, &sources, style).is_empty());
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let mut sources = Sources::default();
        if let Ok(source) = super::super::yaml::decode("any.yaml", &bytes, &mut sources) {
            survive(&sources.get(source).text);
        }
    }

    #[test]
    fn any_damage_to_a_good_playbook_is_explained(
        at in 0..EVERY_KEY.len(),
        length in 0..40_usize,
        instead in "[-\\[\\]{}:,&*!|>'\"%@# \t\na1ä]{0,4}",
    ) {
        let end = (at + length).min(EVERY_KEY.len());
        let mut bytes = EVERY_KEY.as_bytes().to_vec();
        bytes.splice(at..end, instead.into_bytes());
        survive(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_value_under_any_key_is_taken_or_explained(
        key in proptest::sample::select(keys()),
        value in proptest::sample::select(VALUES.to_vec()),
    ) {
        survive(&format!("version: 1\nname: a\n{key}: {value}\nsteps:\n  - id: b\n    {key}: {value}\n    get: X\n"));
        survive(&format!("version: 1\nname: a\nlimits: {{ {key}: {value} }}\nvars: {{ x: {{ {key}: {value} }} }}\nsteps: [{{ id: b, {key}: {value} }}]"));
    }
}

const VALUES: &[&str] = &[
    "",
    "~",
    "true",
    "1",
    "-1",
    "1.5",
    "x",
    "'{{ x }}'",
    "$.a",
    "[]",
    "[1, [x], {}, ~]",
    "{}",
    "{ id: 1 }",
    "{ csv: a, jsonl: b }",
    "{ count: x, min: 1, max: -1 }",
    "{ x: finished, y: ~ }",
    "&a [*a]",
    "5%",
    "1s",
    "9223372036854775807",
];

fn keys() -> Vec<&'static str> {
    use super::super::language as tables;
    let verbs = VERBS.iter().map(|verb| verb.name);
    let arguments = VERBS
        .iter()
        .flat_map(|verb| verb.arguments)
        .map(|key| key.name);
    let others = [
        tables::PLAYBOOK,
        tables::STEP,
        tables::VAR,
        tables::LIMITS,
        tables::SETTINGS,
    ]
    .into_iter()
    .flatten()
    .map(|key| key.name);
    verbs.chain(arguments).chain(others).collect()
}
