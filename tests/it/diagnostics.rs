//! Broken playbooks, each with what a reader sees. A new case is a new file in `tests/diagnostics/cases`; its name says
//! the mistake.

use std::path::Path;

use sugarmill::diag::Colour;
use sugarmill::diag::Sources;
use sugarmill::diag::Style;
use sugarmill::diag::draw;
use sugarmill::playbook;

const STYLE: Style = Style {
    width: 80,
    colour: Colour::None,
};

#[test]
fn every_mistake_is_explained() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../diagnostics/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../diagnostics/cases", "*.yaml", |path| {
            insta::assert_snapshot!("seen", seen(path));
        });
    });
}

/// What a reader sees, the file named as if they stood beside it.
fn seen(path: &Path) -> String {
    let mut sources = Sources::default();
    let bytes = std::fs::read(path).expect("the case was listed a moment ago");
    let text = match playbook::yaml::decode(bytes) {
        Ok(text) => text,
        Err(problems) => return draw(&problems, &sources, STYLE),
    };
    let source = sources.add("playbook.yaml", text);
    match playbook::parse(source, Path::new("."), &sources) {
        Ok(_) => panic!("{} has no mistake", path.display()),
        Err(problems) => draw(&problems, &sources, STYLE),
    }
}
