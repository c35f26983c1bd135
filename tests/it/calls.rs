//! `call`: endpoints that no verb is for, against a Sugar in another process.

use serde_json::json;

use crate::scene::Scene;

fn playbook(limits: &str, steps: &str) -> String {
    format!("version: 1\nname: calls\nidentity: test\nlimits: {{ {limits} }}\nsteps:\n{steps}")
}

/// Requests and entries of bulks with this method and end of path.
fn asked(scene: &Scene, method: &str, path: &str) -> usize {
    let is_it = |line: &&serde_json::Value| {
        line["method"] == method && line["path"].as_str().unwrap().ends_with(path)
    };
    scene.server.log().iter().filter(is_it).count()
}

#[test]
fn what_a_get_finds_is_known_in_the_plan() {
    let steps = "
  - { id: columns, call: {}, method: GET, path: /metadata/Accounts/fields, select: $.fields.name.type }
  - id: users
    call: {}
    method: get
    path: Users
    query: { fields: user_name, order_by: user_name, filter: [{ user_name: { $in: [jim, sally] } }] }
  - { id: hash, call: {}, method: get, path: [metadata, _hash] }
  - { id: one, call: {}, method: get, path: '/Users/{{ steps.users.first.id }}' }
  - id: each
    for_each: '{{ steps.users.records }}'
    as: user
    key: '{{ user.user_name }}'
    call: {}
    method: get
    path: '/Users/{{ user.id }}'
    select: $.user_name
  - id: right
    assert:
      - steps.columns.selected == ['name']
      - steps.users.count == 2
      - steps.users.records | map(attribute='user_name') | list == ['jim', 'sally']
      - steps.hash.first._hash | length > 0
      - steps.one.first.user_name == 'jim'
      - steps.each.by_key.sally.user_name == 'sally'
      - steps.each.by_key.sally.selected == ['sally']
      - steps.each.selected == ['jim', 'sally']
";
    let scene = Scene::new().file("get.yaml", &playbook("", steps));
    let said = scene.ends(0, "plan get.yaml --format json");
    assert_eq!(said.json()["summary"]["planned"], 0, "{said}");
    assert_eq!(scene.server.writes(), 0);
}

#[test]
fn any_other_method_is_one_change_that_is_sent_as_it_is_written() {
    let steps = "
  - { id: note, create: Notes, key: n, set: { name: A note } }
  - { id: follow, call: {}, method: POST, path: '/Notes/{{ steps.note.id }}/subscribe' }
  - id: alike
    call: {}
    method: post
    path: /Notes/duplicateCheck
    body: { name: A note }
    select: $.records[*].name
    depends_on: [note]
  - id: mark
    for_each: '{{ steps.alike.records }}'
    update: Notes
    record: '{{ item.id }}'
    set: { description: 'like {{ steps.alike.selected | first }}' }
    max: 3
";
    let scene = Scene::new().file("post.yaml", &playbook("max_changes: 10", steps));
    let plan = scene.ends(0, "plan post.yaml --format json -o post.run");
    let follow = plan.operation("follow", "0");
    assert_eq!(
        (&follow["action"], &follow["reversible"]),
        (&json!("call"), &json!(false))
    );
    let id = plan.operation("note", "n")["record"].clone();
    let path = format!("/Notes/{}/subscribe", id.as_str().unwrap());
    assert_eq!(follow["after"], json!({ "method": "POST", "path": path }));
    assert_eq!(plan.step("mark")["outcome"], "deferred", "{plan}");
    assert_eq!(scene.server.writes(), 0, "a plan sends no call but a get");
    scene.ends(0, "show post.run").says("cannot be undone");

    let run = scene.ends(0, "apply post.run --format json");
    assert_eq!(run.json()["summary"]["ok"], 4, "{run}");
    assert_eq!(
        scene.server.text("SELECT description FROM notes"),
        "like A note"
    );
    let direct = |line: &&serde_json::Value| {
        line["path"] == "/Notes/duplicateCheck" && line["entry"].is_null()
    };
    assert_eq!(
        scene.server.log().iter().filter(direct).count(),
        1,
        "a request of its own, not an entry of a bulk"
    );
    let undo = scene.ends(1, "undo post.run --yes --format json -o back.run");
    assert_eq!(
        undo.operation("follow", "0")["label"],
        "local:irreversible",
        "{undo}"
    );
}

#[test]
fn a_call_whose_answer_is_lost_is_unknown_and_never_repeated_by_itself() {
    let steps = "
  - { id: note, create: Notes, key: n, set: { name: A note } }
  - id: again
    call: {}
    method: post
    path: /Notes
    body: { name: 'made by a call for {{ steps.note.id }}' }
";
    let scene = Scene::new().file("lost.yaml", &playbook("", steps));
    let made = || {
        scene
            .server
            .count("SELECT count(*) FROM notes WHERE name LIKE 'made by a call%'")
    };
    scene.ends(0, "plan lost.yaml -o lost.run");
    scene
        .server
        .fault("drop_after,method=POST,path=/Notes,times=1");
    let said = scene.ends(1, "apply lost.run --format json");
    let call = said.operation("again", "0");
    assert_eq!(call["outcome"], "unknown", "{said}");
    assert_eq!(made(), 1);
    scene
        .ends(1, "apply lost.run")
        .says("apply lost.run --retry-unknown");
    assert_eq!(made(), 1, "asking again repeats nothing");
    scene.ends(0, "apply lost.run --retry-unknown");
    assert_eq!(made(), 2, "somebody said that it was not done");
}

#[test]
fn a_call_that_never_arrived_is_sent_again() {
    let steps = "
  - { id: make, call: {}, method: post, path: /Notes, body: { name: Once }, retry: { backoff: 1s } }
";
    let scene = Scene::new().file("never.yaml", &playbook("", steps));
    scene.ends(0, "plan never.yaml -o never.run");
    scene
        .server
        .fault("status:503,method=POST,path=/Notes,times=1");
    scene.ends(0, "apply never.run");
    assert_eq!(scene.server.count("SELECT count(*) FROM notes"), 1);
}

#[test]
fn a_refused_call_has_the_label_as_it_came() {
    let steps = "
  - { id: odd, call: {}, method: patch, path: /no/such/endpoint/at/all }
";
    let scene = Scene::new().file("odd.yaml", &playbook("", steps));
    let said = scene.ends(1, "run odd.yaml --yes --format json");
    let odd = said.operation("odd", "0");
    assert_eq!(
        (&odd["label"], &odd["status"]),
        (&json!("no_method"), &json!(404))
    );
    assert_eq!(asked(&scene, "PATCH", "/no/such/endpoint/at/all"), 1);
    // A conflict is a refusal as well: it was not done.
    scene
        .server
        .fault("label:edit_conflict,method=PATCH,path=/no/such");
    let said = scene.ends(1, "run odd.yaml --yes --format json -o again.run");
    let odd = said.operation("odd", "0");
    assert_eq!(
        (&odd["outcome"], &odd["label"]),
        (&json!("failed"), &json!("edit_conflict"))
    );
}

#[test]
fn calls_are_bound_by_their_limit() {
    let steps = "
  - id: make
    for_each: [a, b, c]
    call: {}
    method: post
    path: /Notes
    body: { name: '{{ item }}' }
";
    let scene = Scene::new()
        .file("two.yaml", &playbook("max_calls: 2", steps))
        .file("change.yaml", &playbook("max_changes: 2", steps));
    scene
        .ends(5, "plan two.yaml")
        .says("3 calls are more than `max_calls: 2` allows, by 1");
    scene
        .ends(5, "plan change.yaml")
        .says("3 changes are more than `max_changes: 2` allows");
}

#[test]
fn what_sweeps_needs_leave_however_its_path_comes_about() {
    let hidden = "
  - { id: mass, for_each: [MassUpdate], call: {}, method: put, path: '/Notes/{{ item }}', body: { a: 1 } }
";
    let scene = Scene::new().file("hidden.yaml", &playbook("", hidden));
    let said = scene.ends(3, "plan hidden.yaml --format json");
    let mass = said.operation("mass", "0");
    assert_eq!(mass["label"], "local:invalid_value");
    let message = mass["message"].as_str().unwrap();
    assert!(message.contains("`max_calls`"), "{message}");

    let allowed = "
  - { id: notes, for_each: [a, b], create: Notes, key: '{{ item }}', set: { name: '{{ item }}' } }
  - id: mass
    call: {}
    method: put
    path: /Notes/MassUpdate
    body: { massupdate_params: { uid: '{{ steps.notes.ids }}', description: swept } }
";
    scene.write("mass.yaml", &playbook("max_calls: 1", allowed));
    scene.ends(0, "run mass.yaml --yes");
    let swept = "SELECT count(*) FROM notes WHERE description = 'swept'";
    assert_eq!(scene.server.count(swept), 2);
}

#[test]
fn a_path_that_a_template_makes_is_judged_when_it_is_known() {
    let steps = "
  - id: odd
    for_each: { csv: paths.csv }
    call: {}
    method: delete
    path: '/Notes/{{ item.id }}'
    on_error: continue
  - id: parts
    for_each: ['50% a/b', '..', '']
    call: {}
    method: get
    path: [Notes, '{{ item }}']
    on_error: continue
";
    let scene = Scene::new()
        .file(
            "paths.csv",
            "id,why\n,nothing\n../Users/1,out\n1?a=b,query\nx/../..,out\n",
        )
        .file("odd.yaml", &playbook("max_failures: 10", steps));
    let said = scene.ends(0, "plan odd.yaml --format json -o odd.run");
    for (key, words) in [
        ("0", "an empty part"),
        ("1", "`..` in it"),
        ("2", "a query in it"),
        ("3", "`..` in it"),
    ] {
        let odd = said.operation("odd", key);
        assert_eq!(odd["label"], "local:invalid_value", "{said}");
        assert!(odd["message"].as_str().unwrap().contains(words), "{odd}");
        assert!(odd["row"]["line"].is_number(), "{odd}");
    }
    // A slash inside a part does not make two of it: there is no such note, and that is all.
    assert_eq!(said.operation("parts", "0")["label"], "not_found");
    assert_eq!(said.operation("parts", "1")["label"], "local:invalid_value");
    assert_eq!(said.operation("parts", "2")["label"], "local:invalid_value");
    assert_eq!(scene.server.writes(), 0);
}

#[test]
fn personal_data_in_a_body_is_hidden_in_reports() {
    let steps = "
  - id: lead
    call: {}
    method: post
    path: /Leads/duplicateCheck
    body: { email1: doe@example.com, phone_mobile: '+49 170 1234567', status: New }
  - { id: known, filter: Leads, where: { status: Dead } }
";
    let scene = Scene::new().file("lead.yaml", &playbook("", steps));
    let hidden = scene.ends(0, "plan lead.yaml --format json -o lead.run");
    for personal in ["doe@example.com", "1234567"] {
        assert!(!hidden.stdout.contains(personal), "{hidden}");
    }
    let body = &hidden.operation("lead", "0")["after"]["body"];
    assert_eq!(body["status"], "New");
    scene
        .ends(0, "show lead.run --show-pii")
        .says("doe@example.com");
}
