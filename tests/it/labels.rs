//! Labels decide: the table, line by line, against a Sugar that answers as told. Each row is one write that meets
//! one fault; the columns say what became of it and how often it arrived.

use std::time::Duration;
use std::time::Instant;

use serde_json::json;

use crate::scene::Scene;

const ALWAYS: &str = "";
const ONCE: &str = ",times=1";

struct Row {
    fault: &'static str,
    often: &'static str,
    verb: &'static str,
    exit: i32,
    outcome: &'static str,
    label: Option<&'static str>,
    /// How often the write arrived at the instance.
    arrived: usize,
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // What Sugar refuses is not repeated.
    row("label:not_authorized",       ALWAYS, "update", 1, "failed",    Some("not_authorized"),     1),
    row("label:not_found",            ALWAYS, "update", 1, "failed",    Some("not_found"),          1),
    row("label:no_method",            ALWAYS, "update", 1, "failed",    Some("no_method"),          1),
    row("label:missing_parameter",    ALWAYS, "update", 1, "failed",    Some("missing_parameter"),  1),
    row("label:invalid_parameter",    ALWAYS, "update", 1, "failed",    Some("invalid_parameter"),  1),
    row("label:inactive_portal_user", ALWAYS, "update", 1, "failed",    Some("inactive_portal_user"), 1),
    row("label:search_runtime",       ALWAYS, "update", 1, "failed",    Some("search_runtime"),     1),
    row("label:no_method",            ALWAYS, "link",   1, "failed",    Some("no_method"),          1),
    row("label:not_authorized",       ALWAYS, "create", 1, "failed",    Some("not_authorized"),     1),
    row("label:missing_parameter",    ALWAYS, "create", 1, "failed",    Some("missing_parameter"),  1),
    // Gone is what was wanted.
    row("label:not_found",            ALWAYS, "delete", 0, "unchanged", None,                       1),
    row("label:not_found",            ALWAYS, "unlink", 0, "unchanged", None,                       1),
    row("label:not_authorized",       ALWAYS, "delete", 1, "failed",    Some("not_authorized"),     1),
    // The rule of drift: nothing moved, so it goes again, and not for ever.
    row("label:edit_conflict",        ONCE,   "update", 0, "ok",        None,                       2),
    row("label:edit_conflict",        ALWAYS, "update", 1, "failed",    Some("edit_conflict"),      3),
    // One entry cannot be made smaller.
    row("label:request_too_large",    ALWAYS, "update", 1, "failed",    Some("request_too_large"),  1),
    // What a moment can mend is repeated; `retry: { attempts: 3 }` bounds it.
    row("label:fatal_error",          ONCE,   "update", 0, "ok",        None,                       2),
    row("label:request_failure",      ONCE,   "update", 0, "ok",        None,                       2),
    row("label:bad_gateway",          ONCE,   "update", 0, "ok",        None,                       2),
    row("label:search_unavailable",   ONCE,   "update", 0, "ok",        None,                       2),
    row("label:maintenance",          ONCE,   "update", 0, "ok",        None,                       2),
    row("label:service_unavailable",  ONCE,   "update", 0, "ok",        None,                       2),
    row("status:429",                 ONCE,   "update", 0, "ok",        None,                       2),
    row("status:500",                 ONCE,   "update", 0, "ok",        None,                       2),
    row("status:507",                 ONCE,   "update", 0, "ok",        None,                       2),
    row("html:502",                   ONCE,   "update", 0, "ok",        None,                       2),
    row("label:fatal_error",          ALWAYS, "update", 1, "failed",    Some("fatal_error"),        3),
    row("label:fatal_error",          ALWAYS, "delete", 1, "failed",    Some("fatal_error"),        3),
    row("label:fatal_error",          ALWAYS, "link",   1, "failed",    Some("fatal_error"),        3),
    row("label:fatal_error",          ONCE,   "delete", 0, "ok",        None,                       2),
    row("label:fatal_error",          ONCE,   "link",   0, "ok",        None,                       2),
    row("label:fatal_error",          ONCE,   "unlink", 0, "ok",        None,                       2),
    row("html:502",                   ALWAYS, "update", 1, "failed",    Some("local:not_json"),     3),
    row("status:503",                 ALWAYS, "update", 1, "failed",    Some("local:http"),         3),
    // The answer is lost, the write may be done.
    row("drop_before",                ONCE,   "update", 0, "ok",        None,                       2),
    row("drop_after",                 ONCE,   "update", 0, "ok",        None,                       2),
    row("drop_after",                 ONCE,   "create", 0, "ok",        None,                       1),
    row("drop_after",                 ONCE,   "delete", 0, "ok",        None,                       2),
    row("drop_after",                 ONCE,   "link",   0, "ok",        None,                       2),
    row("drop_after",                 ONCE,   "unlink", 0, "ok",        None,                       2),
    row("latency:2500",               ONCE,   "update", 0, "ok",        None,                       1), // the first is not logged
    // Turned away at the door, a create is not done for certain.
    row("label:maintenance",          ONCE,   "create", 0, "ok",        None,                       2),
    row("status:429",                 ONCE,   "create", 0, "ok",        None,                       2),
    // A create may have been done, too. Where nobody knows yet whether ids are kept, it is never repeated by itself.
    row("label:fatal_error",          ONCE,   "create", 1, "unknown",   Some("local:network"),      1),
    // Nothing can be done from here; what was to be sent stays planned.
    row("label:incorrect_version",    ALWAYS, "update", 4, "planned",   None,                       1),
    row("label:client_outdated",      ALWAYS, "update", 4, "planned",   None,                       1),
    row("label:client_outdated",      ALWAYS, "create", 4, "planned",   None,                       1),
    // A label nobody knows is reported as it came; its status says whether a moment can mend it.
    row("label:no_credit:422",        ALWAYS, "update", 1, "failed",    Some("no_credit"),          1),
    row("label:hook_crashed:500",     ONCE,   "update", 0, "ok",        None,                       2),
    row("label:hook_crashed:500",     ALWAYS, "update", 1, "failed",    Some("hook_crashed"),       3),
];

#[rustfmt::skip]
const fn row(
    fault: &'static str, often: &'static str, verb: &'static str, exit: i32, outcome: &'static str,
    label: Option<&'static str>, arrived: usize,
) -> Row {
    Row { fault, often, verb, exit, outcome, label, arrived }
}

const SETTINGS: &str = "settings: { request_timeout: 2s }";

/// One write of the kind, to an account and a contact of its own.
fn playbook(verb: &str, mark: &str) -> String {
    let write = match verb {
        "create" => format!("create: Accounts, key: k, set: {{ name: New {mark} }}"),
        "update" => {
            "update: Accounts, record: '{{ steps.a.id }}', set: { industry: Retail }".into()
        }
        "delete" => "delete: Accounts, record: '{{ steps.a.id }}'".into(),
        verb => format!(
            "{verb}: Accounts, record: '{{{{ steps.a.id }}}}', through: contacts, to: '{{{{ steps.c.id }}}}'"
        ),
    };
    format!(
        "
version: 1
name: table-{mark}
identity: test
{SETTINGS}
limits: {{ max_deletes: 1 }}
steps:
  - {{ id: a, filter: Accounts, where: {{ name: 'Account {mark}' }}, expect: {{ count: 1 }} }}
  - {{ id: c, filter: Contacts, where: {{ last_name: 'Contact {mark}' }}, expect: {{ count: 1 }} }}
  - {{ id: w, retry: {{ attempts: 3, backoff: 0s }}, {write} }}
"
    )
}

/// Where a write of the kind arrives.
fn address(verb: &str) -> &'static str {
    match verb {
        "create" => "method=POST,path=/Accounts",
        "update" => "method=PUT,path=/Accounts",
        "delete" | "unlink" => "method=DELETE,path=/Accounts",
        _ => "method=POST,path=/link",
    }
}

fn ground(rows: usize) -> String {
    format!(
        "
version: 1
name: ground
identity: test
steps:
  - id: a
    for_each: '{{{{ range({rows}) }}}}'
    create: Accounts
    key: '{{{{ item }}}}'
    set: {{ name: 'Account {{{{ item }}}}' }}
  - id: c
    for_each: '{{{{ steps.a.items }}}}'
    create: Contacts
    key: '{{{{ item.source }}}}'
    set: {{ last_name: 'Contact {{{{ item.source }}}}' }}
  - id: l
    for_each: '{{{{ steps.c.items }}}}'
    when: '{{{{ item.source.source is odd }}}}'
    link: Accounts
    record: '{{{{ item.source.id }}}}'
    through: contacts
    to: '{{{{ item.id }}}}'
"
    )
}

/// Scenes that work through the table side by side.
const SCENES: usize = 6;

#[test]
fn the_table() {
    let rows: Vec<&Row> = TABLE.iter().collect();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = rows.chunks(rows.len().div_ceil(SCENES));
        let parts: Vec<_> = parts.map(|part| scope.spawn(|| tried(part))).collect();
        let wrong = parts.into_iter().flat_map(|part| part.join().unwrap());
        wrong.collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Tries rows one by one, and tells what came otherwise.
fn tried(rows: &[&Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    // Two accounts with a contact for each row; the contact of the second is linked, for what unlinks.
    let scene = Scene::new().file("ground.yaml", &ground(rows.len() * 2));
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    for (number, row) in rows.iter().enumerate() {
        let mark = match row.verb {
            "unlink" => number * 2 + 1,
            _ => number * 2,
        };
        let mark = mark.to_string();
        let run = format!("{mark}.run");
        scene.write("row.yaml", &playbook(row.verb, &mark));
        scene.ends(0, &format!("plan row.yaml -o {run}"));
        let before = arrived(&scene, row.verb);
        let Row { fault, often, .. } = row;
        let address = address(row.verb);
        scene
            .server
            .fault(&format!("{fault},scope=entry,{address}{often}"));
        let said = scene.mill(&format!("apply {run} --format json"));
        scene.server.behave();
        let operation = &said.step("w")["operations"][0];
        let text = |name: &str| operation[name].as_str().map(str::to_owned);
        let arrived = arrived(&scene, row.verb) - before;
        let found = (said.code, text("outcome"), text("label"), arrived);
        let label = row.label.map(str::to_owned);
        let wanted = (
            Some(row.exit),
            Some(row.outcome.to_owned()),
            label,
            row.arrived,
        );
        if found != wanted {
            wrong.push(format!(
                "{} {fault}{often}: {found:?}, not {wanted:?}: {} {}",
                row.verb, operation["message"], said.stderr
            ));
        }
    }
    wrong
}

/// How many writes of the kind arrived so far.
fn arrived(scene: &Scene, verb: &str) -> usize {
    let log = scene.server.log();
    let entries = log.iter().filter(|line| !line["entry"].is_null());
    let of_kind = |method: &str, path: &str| {
        let path_ends = match verb {
            "create" => path.ends_with("/Accounts"),
            "link" | "unlink" => path.contains("/link"),
            _ => path.contains("/Accounts/") && !path.contains("/link"),
        };
        let by = match verb {
            "create" | "link" => "POST",
            "update" => "PUT",
            _ => "DELETE",
        };
        method == by && path_ends && !path.ends_with("/filter")
    };
    entries
        .filter(|line| {
            of_kind(
                line["method"].as_str().unwrap(),
                line["path"].as_str().unwrap(),
            )
        })
        .count()
}

/// Many creates in several batches at once.
fn many(more: &str) -> String {
    format!(
        "
version: 1
name: many
identity: test
settings: {{ batch_size: 5, concurrency: 4, request_timeout: 5s{more} }}
steps:
  - id: a
    for_each: '{{{{ range(60) }}}}'
    create: Accounts
    key: '{{{{ item }}}}'
    retry: {{ backoff: 0s }}
    set: {{ name: 'Account {{{{ item }}}}' }}
"
    )
}

fn planned(more: &str) -> Scene {
    let scene = Scene::new().file("p.yaml", &many(more));
    scene.ends(0, "plan p.yaml -o p.run");
    scene
}

fn requests(scene: &Scene, path: &str) -> usize {
    let log = scene.server.log();
    let wanted = |line: &&serde_json::Value| {
        line["entry"].is_null() && line["path"].as_str().unwrap().ends_with(path)
    };
    log.iter().filter(wanted).count()
}

#[track_caller]
fn all_there(scene: &Scene) {
    assert_eq!(scene.server.count("SELECT count(*) FROM accounts"), 60);
    let names = "SELECT count(DISTINCT name) FROM accounts";
    assert_eq!(scene.server.count(names), 60);
}

#[test]
fn one_refresh_serves_all_batches_that_wait() {
    let scene = planned("");
    let before = requests(&scene, "/oauth2/token");
    scene.server.fault("expire,path=/bulk,skip=3,times=1");
    scene.ends(0, "apply p.run");
    all_there(&scene);
    assert_eq!(
        requests(&scene, "/oauth2/token") - before,
        2,
        "a login and a refresh"
    );
}

#[test]
fn a_session_that_was_ended_is_begun_again_once() {
    let scene = planned("");
    let before = requests(&scene, "/oauth2/token");
    scene.server.fault("logout,path=/bulk,skip=3,times=1");
    scene.ends(0, "apply p.run");
    all_there(&scene);
    assert!(requests(&scene, "/oauth2/token") - before <= 3);
}

#[test]
fn a_refused_login_stops_and_fails_nothing() {
    let scene = planned("");
    scene.server.fault("logout,path=/bulk,skip=3,times=1");
    scene
        .server
        .fault("label:need_login,path=/oauth2/token,skip=1");
    let said = scene.ends(4, "apply p.run --format json");
    assert_eq!(said.json()["summary"]["failed"], 0, "{said}");
    said.says("refused the login");
    scene.server.behave();
    scene.ends(0, "apply p.run");
    all_there(&scene);
}

/// Whatever ends first: sessions that are lost too often, or the tries of a batch, which others may use up by renewing the
/// session beside it.
#[test]
fn a_login_that_is_refused_inside_a_batch_stops_and_fails_nothing() {
    for retry in ["backoff: 0s", "attempts: 1"] {
        let playbook = many("").replace("backoff: 0s", retry);
        let scene = Scene::new().file("p.yaml", &playbook);
        scene.ends(0, "plan p.yaml -o p.run");
        let always = "label:need_login,scope=entry,method=POST,path=/Accounts,skip=9";
        scene.server.fault(always);
        let said = scene.mill("apply p.run --format json");
        assert_eq!(said.code, Some(4), "{said}");
        assert_eq!(said.json()["summary"]["failed"], 0, "{said}");
        scene.server.behave();
        scene.ends(0, "apply p.run");
        all_there(&scene);
    }
}

#[test]
fn a_fight_for_the_session_is_given_up() {
    let scene = planned("");
    scene.server.fault("logout,path=/bulk,skip=2");
    let said = scene.ends(4, "apply p.run --format json");
    said.says("another login uses user `admin` and platform `base`");
    assert_eq!(said.json()["summary"]["failed"], 0, "{said}");
    scene.server.behave();
    scene.ends(0, "apply p.run");
    all_there(&scene);
}

#[test]
fn an_outage_is_waited_for_and_fails_nothing() {
    let scene = planned("");
    let pings = requests(&scene, "/ping");
    scene.server.fault("status:503,path=/,skip=6,times=8");
    let said = scene.ends(0, "apply p.run --format json");
    assert_eq!(said.json()["summary"]["ok"], 60);
    assert!(
        requests(&scene, "/ping") > pings,
        "a ping shows when it is back"
    );
    all_there(&scene);
}

#[test]
fn an_outage_that_does_not_end_ends_the_run_and_fails_nothing() {
    let scene = planned(", max_outage: 2s");
    scene.server.fault("html:503,path=/,skip=6");
    let began = Instant::now();
    let said = scene.ends(4, "apply p.run --format json");
    assert!(began.elapsed() > Duration::from_secs(2));
    let report = said.json();
    assert_eq!(report["summary"]["failed"], 0, "{said}");
    assert_eq!(report["result"], "interrupted");
    scene.server.behave();
    scene.ends(0, "apply p.run");
    all_there(&scene);
}

#[test]
fn retry_after_is_obeyed() {
    let scene = planned("");
    // The very first write: it is not known yet whether ids are kept, and the refusal says that nothing was done.
    scene.server.fault("status:429:2,path=/bulk,times=1");
    let began = Instant::now();
    scene.ends(0, "apply p.run");
    assert!(began.elapsed() > Duration::from_secs(2));
    all_there(&scene);
}

#[test]
fn broken_json_is_no_answer() {
    let scene = planned("");
    scene.server.fault("truncate,path=/bulk,skip=3,times=2");
    scene.ends(0, "apply p.run");
    all_there(&scene);
}

const HOOKED: &str = "
version: 1
name: hooked
identity: test
steps:
  - { id: a, filter: Accounts, fields: [name] }
  - { id: u, update: Accounts, record: '{{ steps.a.id }}', set: { industry: Retail, website: https://example.com } }
";

/// An account, and a hook that has its own idea of it.
fn hooked(does: &str) -> Scene {
    let scene = Scene::new().file("p.yaml", HOOKED);
    let account = json!({ "name": "Acme", "industry": "Banking" });
    scene.server.somebody("POST", "/Accounts", &account);
    scene.ends(0, "plan p.yaml -o p.run");
    scene.server.hook(&format!(
        "CREATE TRIGGER hook AFTER UPDATE ON accounts WHEN new.industry = 'Retail' \
         BEGIN UPDATE accounts SET {does} WHERE id = new.id; END"
    ));
    scene
}

fn industry(scene: &Scene) -> String {
    scene.server.text("SELECT industry FROM accounts")
}

#[test]
fn what_is_answered_and_not_stored_fails_is_not_repeated_and_is_taken_back() {
    let scene = hooked("industry = 'Other'");
    let said = scene.ends(1, "apply p.run --format json");
    let operation = said.operation("u", "0");
    assert_eq!(operation["label"], "local:not_stored");
    assert_eq!(
        operation["message"],
        "`industry` was sent as \"Retail\" and is \"Other\"; a logic hook or a formula may have changed it"
    );
    let writes = scene.server.writes();
    scene.ends(1, "apply p.run --retry-failed");
    assert_eq!(
        scene.server.writes(),
        writes,
        "it was written once, and that is done"
    );
    scene.ends(0, "undo p.run --yes");
    assert_eq!(industry(&scene), "Banking");
    assert_eq!(
        scene
            .server
            .text("SELECT coalesce(website, '') FROM accounts"),
        ""
    );
}

#[test]
fn a_refusal_that_is_ignored_is_a_skip_and_the_run_goes_on() {
    let scene = Scene::new().file(
        "p.yaml",
        "
version: 1
name: ignoring
identity: test
steps:
  - id: refused
    create: Accounts
    key: one
    set: { name: One }
    on_error: { not_authorized: ignore }
  - { id: after, create: Contacts, key: two, set: { last_name: Two } }
",
    );
    scene.ends(0, "plan p.yaml -o p.run");
    scene
        .server
        .fault("label:not_authorized,scope=entry,method=POST,path=/Accounts");
    let said = scene.ends(0, "apply p.run --format json");
    let operation = said.operation("refused", "one");
    assert_eq!(operation["outcome"], "skipped", "{said}");
    assert_eq!(operation["label"], "not_authorized", "{said}");
    assert_eq!(said.operation("after", "two")["outcome"], "ok", "{said}");
}

/// That nobody minds does not undo it.
#[test]
fn what_is_not_stored_and_ignored_is_taken_back_as_well() {
    let scene = hooked("industry = 'Other'");
    let ignoring = HOOKED.replace(
        "update:",
        "on_error: { 'local:not_stored': ignore }, update:",
    );
    scene.write("p.yaml", &ignoring);
    scene.ends(0, "plan p.yaml -o q.run");
    let said = scene.ends(0, "apply q.run --format json");
    assert_eq!(said.operation("u", "0")["outcome"], "skipped");
    assert_eq!(industry(&scene), "Other");
    scene.ends(0, "undo q.run --yes");
    assert_eq!(industry(&scene), "Banking");
}

#[test]
fn what_changes_besides_is_told() {
    let scene = hooked("description = 'seen by a hook', rating = 'A'");
    let said = scene.ends(0, "apply p.run --format json");
    assert_eq!(
        said.operation("u", "0")["side_effects"],
        json!({
            "description": { "before": "", "after": "seen by a hook" },
            "rating": { "before": "", "after": "A" },
        })
    );
    let short = scene.ends(0, "show p.run");
    short.says("the instance changed besides: description (1), rating (1)");
    let long = scene.ends(0, "show p.run --operations all");
    long.says("besides: description (empty) → \"seen by a hook\", rating (empty) → \"A\"");
}

#[test]
fn what_nobody_can_tell_is_asked_again_once_and_then_unknown() {
    // Two creates that look alike, and an instance of which nobody knows yet whether it keeps ids: which is which?
    let steps = "
version: 1
name: twins
identity: test
settings: { request_timeout: 2s, concurrency: 1 }
limits: { max_failures: 5 }
steps:
  - { id: twins, for_each: [x, y], create: Accounts, key: '{{ item }}', set: { name: Twin } }
  - { id: after, create: Contacts, key: k, set: { last_name: Doe, account_id: '{{ steps.twins.by_key.y.id }}' } }
";
    let scene = Scene::of(&["--demo", "none", "--ignore-ids"]).file("p.yaml", steps);
    scene.ends(0, "plan p.yaml -o p.run");
    scene
        .server
        .fault("drop_after,scope=entry,method=POST,path=/Accounts,skip=1,times=1");
    let began = Instant::now();
    let said = scene.ends(1, "apply p.run --format json");
    let took = began.elapsed();
    assert!(
        took > Duration::from_secs(2),
        "it waits until nothing can be under way: {took:?}"
    );
    assert!(took < Duration::from_secs(6), "and once: {took:?}");
    assert_eq!(said.operation("twins", "y")["outcome"], "unknown", "{said}");
    assert_eq!(said.operation("after", "k")["label"], "local:dependency");
    let writes = scene.server.writes();
    scene.ends(1, "apply p.run");
    assert_eq!(
        scene.server.writes(),
        writes,
        "what is unknown is never repeated by itself"
    );
    scene.ends(0, "apply p.run --retry-unknown --retry-failed");
    assert_eq!(scene.server.count("SELECT count(*) FROM contacts"), 1);
}

#[test]
fn a_row_that_failed_while_planning_is_not_made_a_record_by_a_retry() {
    let steps = "
version: 1
name: rows
identity: test
limits: { max_failures: 5 }
steps:
  - id: rows
    for_each: { csv: rows.csv }
    create: Accounts
    key: \"{{ item.code | default('none') }}\"
    set: { name: \"{{ item.name | default('nameless') }}\" }
  - id: staff
    for_each: '{{ steps.rows.items }}'
    create: Contacts
    key: '{{ item.id }}'
    set: { last_name: Doe, account_id: '{{ item.id }}' }
";
    let scene = Scene::new()
        .file("p.yaml", steps)
        .file("rows.csv", "code,name,city\n1,One,Rome\n2,Two\n");
    let plan = scene.ends(0, "plan p.yaml -o p.run --format json");
    assert_eq!(plan.json()["summary"]["failed"], 1, "{plan}");
    assert_eq!(plan.json()["result"], "planned", "it can be applied");
    let said = scene.ends(1, "apply p.run");
    assert!(
        !said.to_string().contains("--retry-failed"),
        "nothing offers in vain: {said}"
    );
    let writes = scene.server.writes();
    scene.ends(1, "apply p.run --retry-failed");
    assert_eq!(scene.server.writes(), writes, "no plan showed more");
    assert_eq!(scene.server.lines("SELECT name FROM accounts"), ["One"]);
}

#[test]
fn an_expectation_that_a_write_does_not_meet_fails_the_run_and_says_of_what() {
    let steps = "
version: 1
name: expect
identity: test
steps:
  - id: made
    for_each: { csv: rows.csv }
    create: Notes
    key: '{{ item.code }}'
    set: { name: 'note {{ item.code }}' }
    expect: \"steps.made.name == 'note a'\"
";
    let scene = Scene::new()
        .file("p.yaml", steps)
        .file("rows.csv", "code\na\nb\n");
    scene.ends(0, "plan p.yaml -o p.run");
    for _ in 0..2 {
        let said = scene.ends(1, "apply p.run --format json");
        let report = said.json();
        assert_eq!(report["result"], "failed", "{said}");
        assert_eq!(report["summary"]["labels"]["local:expect"], 1, "{said}");
        assert_eq!(said.step("made")["outcome"], "failed", "{said}");
        let found = &report["diagnostics"][0];
        assert_eq!(
            found["message"],
            "`made[b]`: `steps.made.name == 'note a'` does not hold: `name` is `note b`",
            "{said}"
        );
        assert_eq!(found["line"], 3, "{said}");
    }
}
