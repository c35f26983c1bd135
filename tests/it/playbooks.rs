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
            && let Some(heading) = playbook::rows::heading(file, &playbook.folder)
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
