//! Playbooks that the metadata contradicts, each with what a reader sees. A new case is a new file in
//! `tests/against/cases`; the instance is described by `tests/against/metadata.json` and `dropdowns.json`.

use std::path::Path;

use sugarmill::diag::Colour;
use sugarmill::diag::Sources;
use sugarmill::diag::Style;
use sugarmill::diag::draw;
use sugarmill::metadata;
use sugarmill::metadata::Metadata;

use crate::diagnostics::mistakes;

const STYLE: Style = Style {
    width: 80,
    colour: Colour::None,
};

#[test]
fn every_contradiction_is_explained() {
    let metadata = instance();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../against/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../against/cases", "*.yaml", |path| {
            insta::assert_snapshot!("seen", seen(path, &metadata));
        });
    });
}

fn instance() -> Metadata {
    let body = json(include_str!("../against/metadata.json"));
    let mut metadata = metadata::read(&body).metadata;
    let lists = json(include_str!("../against/dropdowns.json"));
    for (field, list) in lists.as_object().expect("the file is a map") {
        let (module, field) = field.split_once('.').expect("a key is `Module.field`");
        let list = metadata::read_dropdown(list).expect("each list is a map");
        metadata.set_dropdown(module, field, list);
    }
    metadata
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("the file is JSON")
}

/// What a reader sees, the file named as if they stood beside it.
fn seen(path: &Path, metadata: &Metadata) -> String {
    let mut sources = Sources::default();
    let problems = mistakes(path, &mut sources, Some(metadata));
    assert!(!problems.is_empty(), "{} has no mistake", path.display());
    let name = path.display().to_string();
    draw(&problems, &sources, STYLE).replace(&name, "playbook.yaml")
}
