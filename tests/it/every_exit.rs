//! However a command ends: with `--format json` stdout is one document, and every report that was asked for is written.

use roxmltree::Document;
use rustix::process::Signal;
use serde_json::Value;

use crate::scene::Said;
use crate::scene::Scene;

const FORMATS: [(&str, &str); 6] = [
    ("text", "r.txt"),
    ("json", "r.json"),
    ("junit", "r.xml"),
    ("github", "r.gh"),
    ("ndjson", "r.ndjson"),
    ("csv", "r.csv"),
];

const STALE: &str = "of an earlier run";

const PLAYBOOK: &str = "version: 1
name: two
steps:
  - id: a
    for_each: [x, y]
    as: name
    create: Accounts
    key: \"{{ name }}\"
    set: { name: \"{{ name }}\" }
";

fn scene() -> Scene {
    let scene = Scene::new().file("p.yaml", PLAYBOOK);
    let limited = PLAYBOOK.replace("steps:", "limits: { max_changes: 1 }\nsteps:");
    scene.write("limited.yaml", &limited);
    scene.write("broken.yaml", "version: 1\nname: x\nsteps: [oh\n");
    scene.write("no.run", "this is no run file");
    scene
}

fn all_formats(line: &str) -> String {
    let reports = FORMATS.map(|(format, file)| format!(" --report {format}={file}"));
    format!("{line} --format json{}", reports.concat())
}

/// Runs the line with every format, and looks at what it left. Gives the JSON report.
#[track_caller]
fn ends(scene: &Scene, code: i32, line: &str) -> Value {
    let summary = scene.path("summary.md");
    let _ = std::fs::remove_file(&summary);
    for (_, file) in FORMATS {
        scene.write(file, STALE);
    }
    let said = scene.ends(code, &all_formats(line));
    kept(scene, &said)
}

#[track_caller]
fn kept(scene: &Scene, said: &Said) -> Value {
    let report = said.json();
    let read = |file: &str| std::fs::read_to_string(scene.path(file)).unwrap();
    for (_, file) in FORMATS {
        assert!(
            !read(file).contains(STALE),
            "{file} is written anew\n{said}"
        );
    }
    assert_eq!(
        serde_json::from_str::<Value>(&read("r.json")).unwrap(),
        report
    );
    assert_eq!(report["version"], 1, "{said}");
    let schema = jsonschema::validator_for(&sugarmill::report::schema()).unwrap();
    assert!(schema.is_valid(&report), "{said}");

    let junit = read("r.xml");
    let junit = Document::parse(&junit).unwrap();
    let bad = junit
        .descendants()
        .filter(|node| node.has_tag_name("error") || node.has_tag_name("failure"));
    assert_ne!(bad.count(), 0, "{said}");
    let lines = read("r.ndjson");
    for line in lines.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    assert!(read("r.csv").starts_with("step,key,module,"), "{said}");
    assert_ne!(read("r.txt"), "", "{said}");
    let summary = read("summary.md");
    assert!(summary.starts_with("<!-- sugarmill "), "{summary}");
    report
}

fn with_summary(scene: Scene) -> Scene {
    let path = scene.path("summary.md").display().to_string();
    scene.env("GITHUB_STEP_SUMMARY", &path)
}

#[test]
fn a_plan_that_a_limit_refuses() {
    let scene = with_summary(scene());
    let report = ends(&scene, 5, "plan limited.yaml -o p.run");
    assert_eq!(report["result"], "refused");
    assert_eq!(report["summary"]["planned"], 2);
    let text = std::fs::read_to_string(scene.path("r.gh")).unwrap();
    // Beside the limit, which is where one decides.
    let place = "::error file=limited.yaml,line=3,col=11,title=refused::2 changes are more";
    assert!(text.starts_with(place), "{text}");
}

/// Who keeps one comment for each playbook finds it by its first line, whatever became of the plan.
#[test]
fn every_end_of_a_plan_has_the_same_first_line() {
    let mut scene = Scene::new();
    let mut seen = Vec::new();
    for (code, text, more) in [
        (0, PLAYBOOK.to_owned(), ""),
        (
            5,
            PLAYBOOK.replace("steps:", "limits: { max_changes: 1 }\nsteps:"),
            "",
        ),
        (3, PLAYBOOK.replace("key:", "kee:"), ""),
        (3, PLAYBOOK.replace("steps:", "steps: ["), ""),
        (3, PLAYBOOK.to_owned(), " --vars-file none.yaml"),
        // An address at which nobody answers would be asked again and again, with pauses of chance.
        (4, PLAYBOOK.to_owned(), ""),
    ] {
        if code == 4 {
            scene = scene.env("SUGAR_PASSWORD", "wrong");
        }
        scene.write("p.yaml", &text);
        let line =
            format!("plan p.yaml -o p.run --report markdown=p.md --report junit=p.xml{more}");
        scene.ends(code, &line);
        let page = std::fs::read_to_string(scene.path("p.md")).unwrap();
        let junit = std::fs::read_to_string(scene.path("p.xml")).unwrap();
        let junit = Document::parse(&junit).unwrap();
        let suite = junit
            .descendants()
            .find(|node| node.has_tag_name("testsuite"));
        let suite = suite.and_then(|suite| suite.attribute("name")).unwrap();
        seen.push((page.lines().next().unwrap().to_owned(), suite.to_owned()));
    }
    let one = ("<!-- sugarmill two -->".to_owned(), "two".to_owned());
    assert!(seen.iter().all(|other| *other == one), "{seen:#?}");
}

#[test]
fn an_apply_that_the_digest_refuses() {
    let scene = with_summary(scene());
    scene.ends(0, "plan p.yaml -o p.run");
    let report = ends(&scene, 5, "apply p.run --expect-digest 00000000");
    assert_eq!(report["result"], "refused");
    assert_eq!(report["summary"]["planned"], 2, "the plan is still shown");
    let reason = report["diagnostics"][0]["message"].as_str().unwrap();
    assert!(
        reason.contains("not the plan that was expected"),
        "{reason}"
    );
    let report = ends(&scene, 5, "apply p.run --expect-digest 29140c");
    let reason = report["diagnostics"][0]["message"].as_str().unwrap();
    assert!(reason.contains("too short to tell this plan"), "{reason}");
    assert_eq!(scene.server.writes(), 0);
    scene.ends(0, "apply p.run");
}

#[test]
fn a_login_that_is_refused() {
    let scene = with_summary(scene());
    scene.ends(0, "plan p.yaml -o p.run");
    let scene = scene.env("SUGAR_PASSWORD", "wrong");
    let report = ends(&scene, 4, "apply p.run");
    assert_eq!(report["result"], "interrupted");
    assert_eq!(report["summary"]["planned"], 2);
    assert_eq!(report["diagnostics"][0]["code"], "denied");
    let report = ends(&scene, 4, "plan p.yaml -o other.run");
    assert_eq!(report["result"], "interrupted");
    assert_eq!(report["steps"], serde_json::json!([]));
    ends(&scene, 4, "run p.yaml --yes -o other.run");
}

#[test]
fn what_cannot_be_read() {
    let scene = with_summary(scene());
    for (code, line) in [
        (3, "plan broken.yaml"),
        (3, "plan missing.yaml"),
        (3, "run broken.yaml --yes"),
        (3, "apply no.run"),
        (3, "apply missing.run"),
        (3, "undo no.run --yes"),
        (5, "run p.yaml"),
    ] {
        let report = ends(&scene, code, line);
        assert_eq!(report["result"], "refused", "{line}");
        assert_ne!(report["diagnostics"], serde_json::json!([]), "{line}");
    }
}

#[test]
fn arguments_that_make_no_sense() {
    let scene = scene();
    for line in [
        "plan p.yaml --format json --report pdf=r.pdf",
        "plan p.yaml --format json --report json=nowhere/r.json",
        "plan p.yaml --format json --no-such-option",
        "plan --format=json",
        "show no.run --format json",
        "sandbox --port 0 --format json --fault bogus",
        "sandbox --port 0 --format json --fault metadata:Nope.x",
        "sandbox --port 0 --format json --cost nope",
        "sandbox --port 0 --format json --schema nowhere.json",
    ] {
        let document = scene.ends(3, line).json();
        assert_eq!(
            document["diagnostics"].as_array().unwrap().len(),
            1,
            "{line}"
        );
    }
    assert_eq!(scene.server.log().len(), 0, "nothing was asked of Sugar");
}

#[test]
fn an_interrupted_apply() {
    let scene = with_summary(scene());
    let rows: Vec<String> = (0..300).map(|row| format!("n{row}")).collect();
    let many = PLAYBOOK.replace("[x, y]", &format!("[{}]", rows.join(", ")));
    scene.write("p.yaml", &many);
    scene.ends(0, "plan p.yaml -o p.run");
    let slow = scene.server.counted("latency:60000,path=/bulk,method=POST");
    for (_, file) in FORMATS {
        scene.write(file, STALE);
    }
    let line = all_formats("apply p.run");
    let apply = scene.begin(&line);
    slow.wait();
    apply.signal(Signal::INT);
    let said = apply.end();
    assert_eq!(said.code, Some(130), "{said}");
    let report = kept(&scene, &said);
    assert_eq!(report["result"], "interrupted");
}

#[test]
fn a_report_that_cannot_be_written_leaves_one_document() {
    let scene = scene();
    // Longer than any file system takes, which is seen only when it is written.
    let name = "r".repeat(300);
    let line =
        format!("plan p.yaml -o p.run --format json --report csv={name} --report json=r.json");
    let said = scene.ends(3, &line);
    said.says("cannot write");
    let mut report = said.json();
    let written = std::fs::read_to_string(scene.path("r.json")).unwrap();
    let written: Value = serde_json::from_str(&written).unwrap();
    // What is written after the failure says it.
    let lost = report["diagnostics"].take();
    assert_eq!(lost.as_array().map(Vec::len), Some(1), "{said}");
    report["diagnostics"] = written["diagnostics"].clone();
    assert_eq!(written, report);
}
