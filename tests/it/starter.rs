//! What `init` writes works as it stands, and `runs` lists what came of it.

use crate::scene::Scene;

#[test]
fn what_init_writes_can_be_run() {
    let scene = Scene::of(&["--demo", "small"]);
    scene.ends(0, "init");
    let seen = "modules, fields and values were not looked at";
    scene.ends(0, "check playbooks/first.yaml").says(seen);
    let against = scene.ends(0, "check playbooks/first.yaml --sandbox");
    assert!(!against.to_string().contains(seen), "{against}");
    scene.ends(0, "run playbooks/first.yaml --yes -o first.run");
    let again = scene.ends(
        0,
        "run playbooks/first.yaml --yes -o again.run --format json",
    );
    assert_eq!(again.json()["summary"]["ok"], 0, "{again}");

    // Its profiles read: the one that is missing is the password.
    let said = scene.ends(3, "plan playbooks/first.yaml --profile production");
    assert!(said.stderr.contains("PRODUCTION_PASSWORD"), "{said}");
}

#[test]
fn init_touches_nothing_that_is_there() {
    let scene = Scene::new().file(".gitignore", "mine\n");
    let said = scene.ends(0, "init .");
    assert!(said.stdout.contains("kept     ./.gitignore"), "{said}");
    let kept = std::fs::read_to_string(scene.path(".gitignore")).unwrap();
    assert_eq!(kept, "mine\n");
    scene.ends(0, "init below/here");
    assert!(scene.path("below/here/playbooks/first.yaml").is_file());
}

#[test]
fn runs_are_listed_with_what_is_none() {
    let scene = Scene::of(&["--demo", "small"]).file("broken.run", "not a database");
    scene.ends(0, "init");
    scene.ends(0, "plan playbooks/first.yaml -o first.run");
    let listed = scene.ends(0, "runs --format json").json();
    assert_eq!(listed["runs"][0]["file"], "first.run");
    assert_eq!(listed["runs"][0]["result"], "planned");
    assert_eq!(listed["runs"][0]["counts"]["planned"], 4);
    assert_eq!(listed["runs"][1]["file"], "broken.run");
    assert!(listed["runs"][1]["error"].is_string());
    let text = scene.ends(0, "runs .").stdout;
    assert!(text.contains("planned      ./first.run"), "{text}");
    let empty = scene.ends(0, "runs playbooks").stdout;
    assert!(empty.starts_with("no run files here"), "{empty}");
}

/// Which playbooks the starter's workflow plans in a pull request, as its shell finds them.
#[test]
fn the_workflow_that_init_writes_plans_what_changed() {
    let scene = Scene::of(&["--demo", "none"]);
    scene.ends(0, "init");
    let workflow = std::fs::read_to_string(scene.path(".github/workflows/sugarmill.yaml")).unwrap();
    let (_, script) = workflow.split_once("          changed=$(git").unwrap();
    let (script, _) = script.split_once("          status=0").unwrap();
    let shell = |script: &str| {
        let output = std::process::Command::new("bash")
            .args(["-e", "-c", script])
            .current_dir(scene.path(""))
            .env("BASE", "main")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    let git = "git -c user.name=a -c user.email=a@example.com -c commit.gpgsign=false";
    shell(&format!(
        "cp playbooks/first.yaml playbooks/second.yml
         git init -q -b main && git add -A && {git} commit -q -m begin
         git update-ref refs/remotes/origin/main main"
    ));
    for (change, planned) in [
        ("echo >> README.md", ""),
        ("echo >> playbooks/first.yaml", "playbooks/first.yaml"),
        ("echo >> playbooks/second.yml", "playbooks/second.yml"),
        (
            "echo >> playbooks/rows.csv",
            "playbooks/first.yaml playbooks/second.yml",
        ),
    ] {
        let found = shell(&format!(
            "git checkout -q --detach main; {change}; git add -A; {git} commit -q -m change
             changed=$(git{script}
             echo $changed"
        ));
        assert_eq!(found.trim(), planned, "{change}");
    }
    let ignored =
        shell("for end in '' -wal -shm .lock .partial; do git check-ignore x.run$end; done");
    assert_eq!(ignored.lines().count(), 5, "{ignored}");
}

/// The lines of the starter's workflow that plan and apply a playbook, as its shell would do them.
#[test]
fn the_workflow_that_init_writes_applies_what_it_planned() {
    let scene = Scene::of(&["--demo", "small"]);
    scene.ends(0, "init");
    let read = |name: &str| std::fs::read_to_string(scene.path(name)).unwrap();
    let profiles = read("sugarmill.toml")
        .replace("https://crm.example.com", &scene.server.url)
        .replace("\"integration\"", &format!("\"{}\"", scene.server.username))
        .replace("platform = \"sugarmill\"", "platform = \"base\"");
    scene.write("sugarmill.toml", &profiles);
    let workflow = read(".github/workflows/sugarmill.yaml");
    let (_, by_hand) = workflow.split_once("\n  plan:").unwrap();
    let (plan, apply) = by_hand.split_once("\n  apply:").unwrap();
    let script = |job: &str, begins: &[&str]| {
        let lines = job.lines().map(str::trim);
        let script: Vec<&str> = lines
            .filter(|line| begins.iter().any(|begin| line.starts_with(begin)))
            .collect();
        assert_eq!(script.len(), begins.len(), "{script:?}");
        script.join("\n")
    };
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_sugarmill"));
    let ends = |script: &str, confirm: &str, digest: &str| {
        let status = std::process::Command::new("bash")
            .args(["-e", "-c", script])
            .current_dir(scene.path(""))
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", binary.parent().unwrap().display()),
            )
            .env("PRODUCTION_PASSWORD", &scene.server.password)
            .env("PLAYBOOK", "playbooks/first.yaml")
            .env("PROFILE", "production")
            .env("CONFIRM", confirm)
            .env("DIGEST", digest)
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .status();
        status.unwrap().code()
    };
    let plan = script(plan, &["sugarmill plan"]);
    let apply = script(apply, &["if [ -n", "sugarmill apply"]);
    assert_eq!(ends(&plan, "", ""), Some(0));
    let report: serde_json::Value = serde_json::from_str(&read("plan.json")).unwrap();
    let digest = report["digest"].as_str().unwrap();
    let host = scene.server.url.trim_start_matches("http://");
    let host = host.split([':', '/']).next().unwrap();
    assert_eq!(
        ends(&apply, "", digest),
        Some(5),
        "production wants its host"
    );
    assert_eq!(ends(&apply, host, "0000"), Some(5), "another plan");
    assert_eq!(scene.server.writes(), 0);
    assert_eq!(ends(&apply, host, digest), Some(0));
    assert!(scene.server.writes() > 0);
    for secret in ["STAGING_PASSWORD", "PRODUCTION_PASSWORD"] {
        assert!(workflow.contains(&format!("{secret}: ${{{{ secrets.{secret} }}}}")));
    }
    assert!(workflow.contains("--report markdown=plan.md"));
}
