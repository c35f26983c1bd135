//! The playbooks that come with the project: each is right in the eyes of the stock modules.

use std::path::Path;

use secrecy::SecretString;
use sugarmill::check;
use sugarmill::client::Connection;
use sugarmill::client::Credentials;
use sugarmill::client::PlainHttp;
use sugarmill::client::Reader;
use sugarmill::client::Site;
use sugarmill::client::Wanted;
use sugarmill::client::fetch_metadata;
use sugarmill::diag::Colour;
use sugarmill::diag::Problems;
use sugarmill::diag::Sources;
use sugarmill::diag::Style;
use sugarmill::diag::draw;
use sugarmill::metadata::Metadata;
use sugarmill::playbook;
use sugarmill::playbook::ForEach;
use sugarmill::playbook::Playbook;
use sugarmill::sandbox;

use crate::scene::Scene;
use crate::scene::project_file;

const STYLE: Style = Style {
    width: 100,
    colour: Colour::None,
};

#[tokio::test]
async fn every_playbook_suits_the_stock_modules() {
    let metadata = stock().await;
    insta::glob!("../../playbooks", "*.yaml", |path| {
        let mut sources = Sources::default();
        let problems = judged(path, &mut sources, &metadata);
        assert!(
            problems.is_empty(),
            "{}\n{}",
            path.display(),
            draw(&problems, &sources, STYLE)
        );
    });
}

fn judged(path: &Path, sources: &mut Sources, metadata: &Metadata) -> Problems {
    let playbook = match playbook::load(path, sources) {
        Ok(playbook) => playbook,
        Err(problems) => return problems,
    };
    let (checked, mut problems) = check::check(&playbook, sources, &headings(&playbook));
    if let Some(checked) = checked {
        problems.append(check::against(&checked, metadata));
    }
    problems
}

fn headings(playbook: &Playbook) -> check::Headings {
    let mut headings = check::Headings::new();
    for step in &playbook.steps {
        let file = step.for_each.as_ref().map(|items| &items.value);
        if let Some(ForEach::File(file)) = file
            && let Some(heading) = playbook::rows::heading(file, &playbook.reach)
                .expect("the data files come with the playbook")
        {
            headings.insert(step.id.value.clone(), heading);
        }
    }
    headings
}

/// What a sandbox says of itself.
async fn stock() -> Metadata {
    let config = sandbox::Config {
        demo: sandbox::Demo::None,
        ..sandbox::Config::default()
    };
    let running = sandbox::start(config).await.expect("loopback has a port");
    let site = Site::parse(running.url(), PlainHttp::LoopbackOnly).expect("the address is one");
    let credentials = Credentials::Password {
        username: running.username().to_owned(),
        password: SecretString::from(running.password()),
    };
    let (reader, _) = Reader::connect(Connection::new(site, credentials))
        .await
        .expect("the sandbox lets its administrator in");
    let reading = fetch_metadata(&reader, Wanted::Everything)
        .await
        .expect("the sandbox describes itself");
    running.stop().await;
    reading.metadata
}

/// The first run changes something, the second finds that all is done.
fn twice(name: &str, first_writes: u64) -> Scene {
    let scene = Scene::of(&[]);
    let playbook = project_file(name).display().to_string();
    let first = scene.ends(
        0,
        &format!("run {playbook} --yes --format json -o first.run"),
    );
    assert_eq!(first.json()["summary"]["ok"], first_writes, "{first}");
    let writes = scene.server.writes();
    let second = scene.ends(
        0,
        &format!("run {playbook} --yes --format json -o second.run"),
    );
    assert_eq!(
        scene.server.writes(),
        writes,
        "the second run sends no write"
    );
    assert_eq!(
        second.json()["summary"]["unchanged"],
        first_writes,
        "{second}"
    );
    scene
}

#[test]
fn partners_are_brought_up_to_date_and_stay_so() {
    let scene = twice("playbooks/update-partners.yaml", 8 + 6);
    let phones = "SELECT phone_office FROM accounts WHERE website LIKE '%brueckner%' OR website LIKE '%bianchi%' \
                  ORDER BY 1";
    assert_eq!(
        scene.server.lines(phones),
        ["+390255501234", "+49891234567"]
    );
    let below = "SELECT count(*) FROM contacts c JOIN accounts_contacts l ON l.contact_id = c.id JOIN accounts a \
                 ON a.id = l.account_id WHERE a.account_type = 'Partner' AND c.lead_source = 'Partner' \
                 AND a.website LIKE '%.example.com' AND l.deleted = 0";
    assert!(scene.server.count(below) >= 6);
}

#[test]
fn an_audience_is_gathered_once() {
    let scene = Scene::of(&[]);
    let people = scene.server.count(
        "SELECT count(*) FROM contacts WHERE deleted = 0 AND do_not_call = 0 \
         AND lead_source IN ('Conference', 'Trade Show')",
    );
    assert!(people > 0);
    let tagged = u64::try_from(people).unwrap();
    let scene = twice(
        "playbooks/tag-campaign-audience.yaml",
        1 + 1 + tagged + 1 + 1,
    );
    let linked = "SELECT count(*) FROM prospect_lists_prospects WHERE deleted = 0 AND prospect_list_id IN \
                  (SELECT id FROM prospect_lists WHERE name = 'Autumn roadshow: audience')";
    assert_eq!(scene.server.count(linked), people);
}
