//! A secret goes to the instance and nowhere else, however a run ends.

use serde_json::json;

use crate::scene::Said;
use crate::scene::Scene;
use crate::scene::wait_until;

const SECRET: &str = "Tr0ub4dor&3 \"a/b\" é";

/// As it is, and as others write it: percent-encoded, in JSON, in base64, in HTML.
const FORMS: &[&str] = &[
    SECRET,
    "Tr0ub4dor&3",
    "Tr0ub4dor%263",
    "Tr0ub4dor&amp;3",
    r#"3 \"a/b\""#,
    r#"3 \"a\/b\""#,
    "VHIwdWI0ZG9yJjMgImEvYiIgw6k",
];

const PLAYBOOK: &str = r#"
version: 1
name: portal
vars:
  password: { type: secret, required: true, description: of the portal }
limits: { max_failures: 100% }
settings: { request_timeout: 2s }
steps:
  - id: made
    for_each: [{ n: 1 }, { n: 2 }, { n: 3 }]
    create: Contacts
    key: "{{ item.n }}"
    set: { last_name: "Nr {{ item.n }}", description: "Password: {{ vars.password }}, number {{ item.n }}" }
  - id: changed
    for_each: "{{ steps.made.items }}"
    update: Contacts
    record: "{{ item.id }}"
    set: { department: "{{ vars.password }}" }
  - id: read
    filter: Contacts
    depends_on: changed
    fields: [last_name, description, department]
  - id: written
    export: "{{ steps.read.records }}"
    to: contacts.csv
    depends_on: read
"#;

fn scene() -> Scene {
    Scene::new()
        .file("p.yaml", PLAYBOOK)
        .env("SUGARMILL_VAR_PASSWORD", SECRET)
}

/// Looks into every file of the folder and at what was said.
#[track_caller]
fn assert_kept(scene: &Scene, said: &Said) {
    let own = |name: &str| name.contains(".yaml");
    for name in scene.files().iter().filter(|name| !own(name)) {
        let bytes = std::fs::read(scene.path(name)).unwrap();
        assert_no_form(&bytes, name);
    }
    assert_no_form(said.stdout.as_bytes(), "stdout");
    assert_no_form(said.stderr.as_bytes(), "stderr");
}

#[track_caller]
fn assert_no_form(bytes: &[u8], place: &str) {
    for form in FORMS {
        let found = bytes
            .windows(form.len())
            .any(|window| window == form.as_bytes());
        assert!(!found, "`{form}` is in {place}");
    }
}

fn stored(scene: &Scene) -> i64 {
    let sql = format!(
        "SELECT count(*) FROM contacts WHERE department = '{SECRET}' AND description LIKE 'Password: {SECRET}, number _'"
    );
    scene.server.count(&sql)
}

#[test]
fn a_secret_is_sent_and_written_nowhere() {
    let scene = scene();
    let said = scene.ends(
        0,
        "plan p.yaml -o p.run -vv --report json=plan.json --report text=plan.txt",
    );
    assert_kept(&scene, &said);
    said.says("*** (");
    let said = scene.ends(
        0,
        "apply p.run -vv --format json --operations all --report text=run.txt",
    );
    assert_kept(&scene, &said);
    assert_eq!(stored(&scene), 3, "{said}");
    let after = &said.operation("made", "1")["after"]["description"];
    assert!(
        after.as_str().unwrap().starts_with("Password: *** ("),
        "{after}"
    );
    assert!(after.as_str().unwrap().ends_with("), number 1"), "{after}");
    let csv = std::fs::read_to_string(scene.path("contacts.csv")).unwrap();
    assert!(csv.contains("Password: ***, number 1"), "{csv}");

    // What is there already is seen to be there, without the value in any report.
    let said = scene.ends(
        0,
        "plan p.yaml -o again.run --format json --operations all --detailed-exitcode --show-pii",
    );
    assert_kept(&scene, &said);
    assert_eq!(said.json()["summary"]["unchanged"], 6, "{said}");

    for format in ["text", "json"] {
        let said = scene.ends(0, &format!("show p.run --format {format} --show-pii"));
        assert_kept(&scene, &said);
    }
}

#[test]
fn a_plan_of_the_same_secret_is_the_same_and_of_another_is_not() {
    let mut digests = Vec::new();
    for (seed, secret) in [("1", SECRET), ("2", SECRET), ("3", "another secret")] {
        let scene = scene()
            .env("SUGARMILL_SEED", seed)
            .env("SUGAR_URL", "")
            .env("SUGARMILL_VAR_PASSWORD", secret);
        let said = scene.ends(0, "plan p.yaml -o p.run --sandbox --format json");
        digests.push(said.json()["digest"].clone());
    }
    assert_eq!(digests[0], digests[1]);
    assert_ne!(digests[1], digests[2]);
}

#[test]
fn without_the_same_secret_nothing_is_sent() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o p.run");
    let before = scene.server.log().len();
    let scene = scene.env("SUGARMILL_VAR_PASSWORD", "");
    let said = scene.ends(3, "apply p.run");
    said.says("the secret `password` is in no run file and has to be given again, and `SUGARMILL_VAR_PASSWORD` is not set");
    let scene = scene.env("SUGARMILL_VAR_PASSWORD", "another secret");
    let said = scene.ends(3, "apply p.run --format json");
    said.says("the secret `password` is another one than this was planned with");
    assert_eq!(scene.server.log().len(), before);
    let scene = scene
        .env("SUGARMILL_VAR_PASSWORD", "")
        .file("secrets.yaml", &json!({ "password": SECRET }).to_string());
    scene.ends(0, "apply p.run --vars-file secrets.yaml");
    assert_eq!(stored(&scene), 3);
}

#[test]
fn a_secret_is_taken_from_no_command_line_and_has_some_length() {
    let scene = scene().env("SUGARMILL_VAR_PASSWORD", "");
    let said = scene.ends(3, "plan p.yaml --var password=hunter2hunter2");
    said.says(
        "`--var password=…` shows a secret to everybody who can see what runs on this machine",
    );
    said.says("set `SUGARMILL_VAR_PASSWORD`");
    assert!(!said.stderr.contains("hunter2"), "{said}");
    let said = scene.ends(3, "plan p.yaml");
    said.says("the variable `password` has no value");
    assert!(!said.stderr.contains("--var "), "{said}");
    let scene = scene.env("SUGARMILL_VAR_PASSWORD", "short");
    let said = scene.ends(3, "plan p.yaml");
    said.says("the secret `password` has fewer than 8 characters");
    scene.write("broken.yaml", "password: \"hunter2hunter2\nother: [");
    let said = scene.ends(3, "plan p.yaml --vars-file broken.yaml");
    said.says("`broken.yaml` cannot be read");
    assert!(!said.stderr.contains("hunter2"), "{said}");
}

/// A hook that keeps something else, refusals, and pages of a gateway.
#[test]
fn a_failure_does_not_tell_it() {
    for fault in [
        "edit:department:other,path=/Contacts,method=PUT,scope=entry",
        "label:invalid_parameter,path=/Contacts,method=PUT,scope=entry",
        "label:not_authorized,path=/Contacts,method=POST,scope=entry",
        "html:502,path=/bulk,times=2",
        "truncate,path=/bulk,times=1",
        "drop_after,path=/bulk,times=1",
    ] {
        let scene = scene();
        scene.ends(0, "plan p.yaml -o p.run");
        scene.server.fault(fault);
        let said = scene.mill("apply p.run -vv --report json=run.json --report text=run.txt");
        assert_kept(&scene, &said);
    }
}

#[test]
fn a_value_too_long_for_its_field_is_not_quoted() {
    let long = "0123456789".repeat(30);
    let scene = scene().env("SUGARMILL_VAR_PASSWORD", &long);
    let said = scene.mill("plan p.yaml -o p.run --format json");
    said.says("with the secret in it, it has 300 characters");
    let bytes = std::fs::read(scene.path("p.run")).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("0123456789"));
    assert!(!format!("{said}").contains("0123456789"));
}

#[test]
fn a_killed_run_holds_it_nowhere_and_goes_on_with_it() {
    let scene = scene();
    scene.ends(0, "plan p.yaml -o p.run");
    scene.server.fault("latency:60,path=/bulk");
    for more in [3, 5, 7] {
        let until = scene.server.log().len() + more;
        let mut apply = scene.start("apply p.run -vv");
        wait_until("too little is sent", || {
            scene.server.log().len() >= until || apply.try_wait().unwrap().is_some()
        });
        apply.kill().unwrap();
        let said = Said::of("apply", &apply.wait_with_output().unwrap());
        assert_kept(&scene, &said);
    }
    scene.server.behave();
    let said = scene.ends(0, "apply p.run -vv");
    assert_kept(&scene, &said);
    assert_eq!(stored(&scene), 3);
    assert_eq!(scene.server.count("SELECT count(*) FROM contacts"), 3);
}

/// What a record held before may be the very secret; to put it back the secret is needed again.
#[test]
fn an_undo_puts_a_secret_back() {
    let scene = Scene::new()
        .env("SUGARMILL_VAR_PASSWORD", SECRET)
        .file("p.yaml", PLAYBOOK)
        .file(
            "clear.yaml",
            r#"
version: 1
name: clear
vars: { password: { type: secret, required: true } }
steps:
  - id: found
    filter: Contacts
  - id: cleared
    for_each: "{{ steps.found.records }}"
    update: Contacts
    record: "{{ item.id }}"
    set: { department: none, title: "{{ vars.password }}" }
"#,
        );
    scene.ends(0, "run p.yaml -o p.run --yes");
    scene.ends(0, "run clear.yaml -o c.run --yes");
    assert_eq!(stored(&scene), 0);
    let scene = scene.env("SUGARMILL_VAR_PASSWORD", "");
    scene.ends(3, "undo c.run --yes");
    let scene = scene.env("SUGARMILL_VAR_PASSWORD", SECRET);
    let said = scene.ends(0, "undo c.run --yes -vv");
    assert_eq!(stored(&scene), 3, "{said}");
    assert_kept(&scene, &said);
    let said = scene.ends(0, "undo p.run --yes -vv --format json");
    assert_eq!(
        scene
            .server
            .count("SELECT count(*) FROM contacts WHERE deleted = 0"),
        0
    );
    assert_kept(&scene, &said);
}

#[test]
fn github_is_told_to_keep_it_out_of_its_log() {
    let scene = scene().env("GITHUB_ACTIONS", "true");
    let said = scene.ends(0, "plan p.yaml -o p.run --format json");
    said.json();
    let line = format!("::add-mask::{SECRET}");
    assert_eq!(said.stderr.matches(&line).count(), 1, "{said}");
    let said = scene.ends(0, "apply p.run");
    assert!(said.stderr.starts_with(&line), "{said}");
}

#[test]
fn a_secret_is_handed_over_to_an_included_playbook() {
    let scene = Scene::new()
        .env("SUGARMILL_VAR_PASSWORD", SECRET)
        .file(
            "outer.yaml",
            "version: 1\nname: outer\nvars: { password: { type: secret, required: true } }\nsteps:\n  - id: inner\n    include: inner.yaml\n    with: { key: \"{{ vars.password }}\" }\n",
        )
        .file(
            "inner.yaml",
            "version: 1\nname: inner\nvars: { key: { type: secret, required: true } }\nsteps:\n  - id: made\n    create: Contacts\n    key: one\n    set: { last_name: A, department: \"{{ vars.key }}\" }\n",
        );
    let said = scene.ends(0, "run outer.yaml -o o.run --yes -vv --format json");
    assert_kept(&scene, &said);
    let sql = format!("SELECT count(*) FROM contacts WHERE department = '{SECRET}'");
    assert_eq!(scene.server.count(&sql), 1);
}
