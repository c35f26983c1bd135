//! Killed at any moment, a run goes on where it was, and nothing is there twice.

use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;

use crate::scene::Scene;
use crate::scene::wait_until;
use crate::weather::assert_arrived;
use crate::weather::playbook;

const ROWS: usize = 30;

/// A plan over a Sugar that takes a while for each request.
fn slow(flags: &[&str]) -> Scene {
    let flags = [&["--demo", "none"], flags].concat();
    let scene = Scene::of(&flags).file("p.yaml", &playbook(ROWS, ""));
    scene.ends(0, "plan p.yaml -o p.run");
    scene.server.fault("latency:40,path=/bulk");
    scene
}

/// Kills applies of one plan after they have sent so many requests, one kill each, then lets one finish.
fn killed_after(flags: &[&str], requests: &[usize]) {
    let scene = slow(flags);
    for more in requests {
        let until = scene.server.log().len() + more;
        let mut apply = scene.start("apply p.run");
        wait_until("too little is sent", || {
            scene.server.log().len() >= until || apply.try_wait().unwrap().is_some()
        });
        apply.kill().unwrap();
        apply.wait().unwrap();
    }
    scene.server.behave();
    let mut said = scene.mill("apply p.run --format json");
    // Of a create that carries no id and was killed before it left, nobody can tell that it did not arrive.
    let ignores_ids = flags.contains(&"--ignore-ids");
    if ignores_ids && said.json()["summary"]["unknown"] != 0 {
        said = scene.ends(0, "apply p.run --retry-unknown --format json");
    }
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.json()["summary"]["unknown"], 0);
    assert_arrived(&scene, i64::try_from(ROWS).unwrap());
    assert_eq!(scene.files(), ["p.run", "p.yaml"], "one file at the end");
}

#[test]
fn a_run_that_is_killed_early_goes_on() {
    killed_after(&[], &[6, 9, 11, 14]);
}

#[test]
fn a_run_that_is_killed_late_goes_on() {
    killed_after(&[], &[25, 17, 21, 30]);
}

#[test]
fn a_run_that_is_killed_on_an_instance_with_ids_of_its_own_goes_on() {
    killed_after(&["--ignore-ids"], &[40, 23]);
}

#[test]
fn an_interrupted_run_says_how_to_go_on_and_does() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let scene = slow(&[]);
        let apply = scene.begin("apply p.run");
        let until = scene.server.log().len() + 20;
        wait_until("too little is sent", || scene.server.log().len() >= until);
        apply.signal(signal);
        let said = apply.end();
        assert_eq!(said.code, Some(code), "{said}");
        said.says("sugarmill apply p.run");
        assert_eq!(scene.files(), ["p.run", "p.yaml"]);
        scene.server.behave();
        scene.ends(0, "apply p.run");
        assert_arrived(&scene, i64::try_from(ROWS).unwrap());
    }
}

/// What is wrong with the instance is said also where somebody stopped the run just before it showed.
#[test]
fn an_interrupt_hides_no_error() {
    let scene = slow(&[]);
    scene.server.behave();
    let slow = scene.server.counted("latency:2000,path=/bulk,method=POST");
    scene
        .server
        .fault("label:client_outdated,path=/bulk,method=POST");
    let apply = scene.begin("apply p.run");
    slow.wait();
    apply.signal(Signal::INT);
    let said = apply.end();
    said.says("stopping");
    assert_eq!(said.code, Some(4), "{said}");
    said.says("client_outdated");
}

#[test]
fn an_interrupt_does_not_wait_for_an_instance_that_hangs() {
    let scene = slow(&[]);
    scene.server.behave();
    let slow = scene.server.counted("latency:60000,path=/bulk,method=POST");
    let apply = scene.begin("apply p.run");
    slow.wait();
    let began = Instant::now();
    apply.signal(Signal::INT);
    let said = apply.end();
    assert_eq!(said.code, Some(130), "{said}");
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "a CI system would have killed it"
    );
}
