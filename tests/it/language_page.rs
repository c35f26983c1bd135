//! docs/language.md is true: its tables are those of the schema, and its steps are one playbook that runs.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Map;
use serde_json::Value as Json;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const COMPANIES: &str = "code;name;employees;phone;contact\n\
                         A-1;Ahornwerk;1200;089 123456;Aydin\n\
                         A-2;Birkenhof;;040 654321;\n";

/// Refresh with `SUGARMILL_UPDATE_README=1 cargo test --test it language_page`.
#[test]
fn its_tables_are_those_of_the_language() {
    let path = Path::new(ROOT).join("docs/language.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let true_page = filled(&page);
    if std::env::var_os("SUGARMILL_UPDATE_README").is_some() {
        std::fs::write(&path, &true_page).unwrap();
        return;
    }
    assert!(
        page == true_page,
        "refresh the page: SUGARMILL_UPDATE_README=1 cargo test --test it language_page"
    );
    let markers: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("<!--"))
        .collect();
    let shown = [
        "<!-- keys: playbook -->",
        "<!-- keys: vars -->",
        "<!-- keys: limits -->",
        "<!-- keys: settings -->",
        "<!-- verbs -->",
        "<!-- keys: step -->",
        "<!-- keys: for_each -->",
        "<!-- keys: retry -->",
    ];
    assert_eq!(markers, shown, "no table is left out");
}

/// Nothing is shown that does not work.
#[test]
fn its_steps_are_one_playbook_that_runs() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/language.md")).unwrap();
    let shown: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|behind| behind.split("```").next())
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let playbook = shown.concat();
    std::fs::write(folder.path().join("language.yaml"), &playbook).unwrap();
    std::fs::write(folder.path().join("companies.csv"), COMPANIES).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_sugarmill"))
        .current_dir(folder.path())
        .args(["run", "language.yaml", "--sandbox", "--yes", "--quiet"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{told}");
    assert_eq!(said, "", "no warning either");
    let ids = std::fs::read_to_string(folder.path().join("companies-ids.csv")).unwrap();
    assert_eq!(ids.lines().count(), 3, "{ids}");
}

/// The page with the rows that belong below each marker.
fn filled(page: &str) -> String {
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        out.extend([line, "\n"]);
        let marker = line
            .strip_prefix("<!-- ")
            .and_then(|line| line.strip_suffix(" -->"));
        let rows = match marker.map(|marker| marker.split_once(": ").unwrap_or((marker, ""))) {
            Some(("keys", of)) => key_rows(&keys_with_help(of)),
            Some(("verbs", "")) => verb_rows(),
            Some((other, _)) => panic!("unknown marker `{other}`"),
            None => continue,
        };
        for _ in 0..2 {
            out.extend([
                lines.next().expect("a table has two lines of heading"),
                "\n",
            ]);
        }
        out.push_str(&rows);
        while lines.next_if(|line| line.starts_with('|')).is_some() {}
    }
    out
}

fn schema() -> Json {
    let text = std::fs::read_to_string(Path::new(ROOT).join("schemas/playbook.schema.json"));
    serde_json::from_str(&text.unwrap()).unwrap()
}

fn members(schema: &Json, path: &str) -> Map<String, Json> {
    let found = schema.pointer(path).and_then(Json::as_object);
    found.unwrap_or_else(|| panic!("{path}")).clone()
}

/// The keys of a part of the language, each with what the schema says of it.
fn keys_with_help(of: &str) -> Vec<(String, String)> {
    let schema = schema();
    let plain = |path: &str| help_of(members(&schema, path));
    match of {
        "playbook" => plain("/properties"),
        "limits" => plain("/properties/limits/properties"),
        "settings" => plain("/properties/settings/properties"),
        "vars" => plain("/$defs/var/properties"),
        "retry" => plain("/$defs/step.retry/properties"),
        "step" => {
            let defined = members(&schema, "/$defs").into_iter();
            let steps = defined
                .filter_map(|(name, what)| Some((name.strip_prefix("step.")?.to_owned(), what)));
            help_of(steps.collect())
        }
        "for_each" => {
            let forms = schema.pointer("/$defs/step.for_each/anyOf").unwrap();
            let forms = forms.as_array().unwrap().iter();
            forms
                .filter_map(|form| Some(help_of(form.get("properties")?.as_object()?.clone())))
                .flatten()
                .collect()
        }
        other => panic!("unknown keys `{other}`"),
    }
}

fn keys_of(of: &str) -> Vec<String> {
    keys_with_help(of).into_iter().map(|(key, _)| key).collect()
}

fn help_of(keys: Map<String, Json>) -> Vec<(String, String)> {
    keys.into_iter()
        .map(|(key, what)| {
            let help = what.get("description").and_then(Json::as_str);
            let help = help.unwrap_or_else(|| panic!("{key} has no help"));
            (key, help.to_owned())
        })
        .collect()
}

fn key_rows(keys: &[(String, String)]) -> String {
    keys.iter().fold(String::new(), |mut rows, (key, help)| {
        writeln!(rows, "| `{key}` | {help} |").unwrap();
        rows
    })
}

fn verb_rows() -> String {
    let schema = schema();
    let steps = keys_of("step");
    let defined = members(&schema, "/$defs");
    let verbs = defined.iter().filter_map(|(name, what)| {
        let properties = what.get("properties")?.as_object()?;
        let help = properties.get(name)?.get("description")?.as_str()?;
        let required = what.get("required").and_then(Json::as_array);
        let arguments: Vec<String> = properties
            .keys()
            .filter(|key| *key != name && !steps.contains(key))
            .map(|key| {
                match required.is_some_and(|all| all.iter().any(|one| one == key.as_str())) {
                    true => format!("**`{key}`**"),
                    false => format!("`{key}`"),
                }
            })
            .collect();
        Some(format!(
            "| `{name}` | {help} | {} |\n",
            arguments.join(", ")
        ))
    });
    verbs.collect()
}
