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

use crate::scene::Said;
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
    let headings = headings(&playbook);
    let (checked, mut problems) = check::check(playbook, sources, &headings);
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
    let scene = done_and_nothing_left(name, first_writes);
    let second = scene.ends(0, "show second.run --format json");
    assert_eq!(
        second.json()["summary"]["unchanged"],
        first_writes,
        "{second}"
    );
    scene
}

fn done_and_nothing_left(name: &str, first_writes: u64) -> Scene {
    let scene = Scene::of(&[]);
    let first = twice_in(&scene, name);
    assert_eq!(first.json()["summary"]["ok"], first_writes, "{first}");
    scene
}

/// A plan sends no write, the first run does, the second does not. Gives what the first said.
fn twice_in(scene: &Scene, name: &str) -> Said {
    let playbook = project_file(name).display().to_string();
    scene.ends(0, &format!("plan {playbook} -o plan.run"));
    assert_eq!(scene.server.writes(), 0, "a plan sends no write");
    let first = scene.ends(
        0,
        &format!("run {playbook} --yes --format json -o first.run"),
    );
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
    assert_eq!(second.json()["summary"]["ok"], 0, "{second}");
    first
}

#[test]
fn contacts_entered_twice_become_one() {
    let scene = done_and_nothing_left("playbooks/merge-duplicate-contacts.yaml", 7 + 10 + 10 + 10);
    let visitors = |rest: &str| {
        scene.server.count(&format!(
            "SELECT count(*) FROM contacts WHERE description = 'From the list of visitors.' AND deleted = 0 {rest}"
        ))
    };
    assert_eq!(visitors("AND lead_source = 'Other'"), 0, "the doubles");
    assert_eq!(visitors("AND title <> ''"), 7, "who was kept");
    let orphans =
        "SELECT count(*) FROM tasks t JOIN contacts c ON c.id = t.contact_id WHERE c.deleted = 1";
    assert_eq!(scene.server.count(orphans), 0);
    let moved = "SELECT count(*) FROM contacts_cases l JOIN contacts c ON c.id = l.contact_id \
                 JOIN cases s ON s.id = l.case_id WHERE l.deleted = 0 AND c.deleted = 0 \
                 AND s.name = 'Asked for a quote at the fair'";
    assert_eq!(scene.server.count(moved), 10);
}

#[test]
fn what_a_leaver_owns_goes_to_the_successors() {
    let scene = done_and_nothing_left("playbooks/hand-over-leaver.yaml", 87);
    let left = "SELECT (SELECT count(*) FROM accounts WHERE assigned_user_id = 'seed_max_id') \
                + (SELECT count(*) FROM contacts WHERE assigned_user_id = 'seed_max_id')";
    assert_eq!(scene.server.count(left), 0);
    let done = "SELECT count(*) FROM opportunities WHERE assigned_user_id = 'seed_max_id' \
                AND sales_stage NOT LIKE 'Closed%'";
    assert_eq!(scene.server.count(done), 0);
}

#[test]
fn nobody_is_their_own_successor() {
    let scene = Scene::of(&[]);
    let playbook = project_file("playbooks/hand-over-leaver.yaml");
    let line = format!("plan {} --var leaver=chris", playbook.display());
    scene.ends(1, &line).says("local:expect");
}

#[test]
fn old_values_of_a_list_become_new_ones() {
    let scene = done_and_nothing_left("playbooks/clean-up-lead-sources.yaml", 12);
    let old = "SELECT count(*) FROM leads WHERE lead_source IN ('Tradeshow', 'Internet', 'Inbound Call', 'Mailing')";
    assert_eq!(scene.server.count(old), 0);
}

#[test]
fn stale_opportunities_are_closed_with_a_note() {
    // The default of `before` moves with the calendar, the demo data do not.
    let scene = Scene::of(&[]).env("SUGARMILL_VAR_BEFORE", "2026-06-01");
    let stale = scene.server.count(
        "SELECT count(*) FROM opportunities WHERE date_closed < '2026-06-01' AND sales_stage NOT LIKE 'Closed%'",
    );
    assert!(stale > 10);
    twice_in(&scene, "playbooks/close-stale-opportunities.yaml");
    let noted = "SELECT count(*) FROM opportunities o JOIN notes n ON n.parent_id = o.id \
                 WHERE o.sales_stage = 'Closed Lost' AND o.probability = 0 AND n.name = 'Closed as lost'";
    assert_eq!(scene.server.count(noted), stale);
    let open = "SELECT count(*) FROM revenue_line_items l JOIN opportunities o ON o.id = l.opportunity_id \
                JOIN notes n ON n.parent_id = o.id WHERE l.sales_stage NOT LIKE 'Closed%'";
    assert_eq!(scene.server.count(open), 0);
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
