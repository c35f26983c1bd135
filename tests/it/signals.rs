//! Signals: where one comes while a command is under way, nothing new is sent, and programs get their document all the
//! same.

use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;

use crate::scene::Scene;
use crate::scene::wait_until;

const READS: &str = "
version: 1
name: reads
steps:
  - { id: all, list: Accounts }
  - { id: mark, for_each: '{{ steps.all.records }}', update: Accounts, record: '{{ item.id }}', set: { name: x } }
";

#[test]
fn nothing_is_asked_for_a_plan_that_nobody_wants_any_more() {
    let scene = Scene::new().file("p.yaml", READS);
    let slow = scene.server.counted("latency:60000");
    for line in [
        "plan p.yaml -o p.run --format json",
        "run p.yaml -o p.run --yes --format json",
    ] {
        let asked = slow.strikes();
        let waiting = scene.begin(line);
        slow.wait_beyond(asked);
        waiting.signal(Signal::TERM);
        let begun = Instant::now();
        let said = waiting.end();
        assert!(begun.elapsed() < Duration::from_secs(5), "{said}");
        assert_eq!(said.code, Some(143), "{said}");
        assert_eq!(said.json()["result"], "interrupted");
        said.says("nothing was sent; give the same command again");
        assert_eq!(slow.strikes(), asked + 1, "{said}");
    }
    assert_eq!(scene.files(), ["p.yaml"]);
}

#[test]
fn whoever_is_stopped_at_once_still_gives_a_document() {
    let scene = Scene::new().file("p.yaml", READS);
    let slow = scene.server.counted("latency:60000,path=/Accounts");
    let mut waiting = scene.begin("plan p.yaml -o p.run --format json");
    slow.wait();
    // Two that come at once are one to the process.
    wait_until("it does not end", || {
        waiting.signal(Signal::TERM);
        waiting.is_over()
    });
    let said = waiting.end();
    assert_eq!(said.code, Some(143), "{said}");
    assert_eq!(said.json()["result"], "interrupted");
}

#[test]
fn a_check_that_is_broken_off_says_so() {
    let scene = Scene::new()
        .file("p.yaml", READS)
        .env("SUGARMILL_PROFILE", "slow");
    let toml = format!("[profiles.slow]\nurl = \"{}\"\n", scene.server.url);
    let scene = scene.file("sugarmill.toml", &toml);
    let slow = scene.server.counted("latency:60000");
    for (line, list) in [
        ("check p.yaml --profile slow --format json", "/diagnostics"),
        (
            "check p.yaml --profile slow --format sarif",
            "/runs/0/results",
        ),
    ] {
        let asked = slow.strikes();
        let waiting = scene.begin(line);
        slow.wait_beyond(asked);
        waiting.signal(Signal::INT);
        let said = waiting.end();
        assert_eq!(said.code, Some(130), "{said}");
        let found = said.json().pointer(list).cloned().unwrap();
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{said}");
    }
}

#[test]
fn an_examination_ends_when_it_is_told_to() {
    let scene = Scene::new();
    let slow = scene.server.counted("latency:60000");
    let waiting = scene.begin("doctor --write-test Accounts --yes --format json");
    slow.wait();
    waiting.signal(Signal::INT);
    let begun = Instant::now();
    let said = waiting.end();
    assert!(begun.elapsed() < Duration::from_secs(5), "{said}");
    assert_eq!(said.code, Some(130), "{said}");
    assert_eq!(said.json()["diagnostics"][0]["message"], "interrupted");
    assert_eq!(scene.server.writes(), 0);
}

#[test]
fn what_a_test_of_writing_made_is_taken_away_before_it_ends() {
    let scene = Scene::new();
    scene.server.fault("latency:600,path=/Accounts,scope=entry");
    scene.server.fault("latency:600,path=/bulk");
    let waiting = scene.begin("doctor --write-test Accounts --yes");
    let there = || {
        scene
            .server
            .count("SELECT count(*) FROM accounts WHERE deleted = 0")
    };
    wait_until("nothing is made", || there() > 0);
    waiting.signal(Signal::TERM);
    let said = waiting.end();
    assert_eq!(said.code, Some(143), "{said}");
    said.says("interrupted");
    said.says("what was created is deleted");
    // To its end it would have sent five.
    assert!(scene.server.writes() <= 3, "{said}");
}
